# PowerShell completion of comity
Register-ArgumentCompleter -Native -CommandName comity -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -ne '' -and -not $wordToComplete.StartsWith('-')) {
        $words = @($words | Select-Object -SkipLast 1)
    }
    & comity @words --generate-bash-completion 2>$null | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
