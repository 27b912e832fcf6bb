// Command comity is a secure case-sharing ledger for international police
// cooperation: a bureau's node, and the commands with which its officers
// submit, verify and find case notices.
package main

import (
	"os"

	"comity/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
