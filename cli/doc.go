// Package cli is the command line of comity, and the only package that prints
// and exits. Each verb has a file of its own; it asks the packages below it for
// a result and puts that result into words. It decides nothing itself: a
// verdict is what package ledger returned, a refusal is the ledger's reason.
//
// The rules that hold for every verb are in one place each:
//
//	app.go       the verbs and the flags that all of them have
//	args.go      flags may stand anywhere; what is not a flag is refused, never ignored
//	exit.go      which error gives which exit code, and the hint that goes with it
//	print.go     results to stdout, as a table or, with --json, as one document
//	wrap.go      on a terminal, lines break between words; in a pipe they stay whole
//	help.go      help of 80 columns, with the flags that all verbs take
//	safe.go      foreign text cannot drive a terminal
//	prompt.go    passphrases come from a terminal or a file, never from argv or the environment
//	ask.go       other answers come from a terminal or a pipe
//	output.go    a file is whole or not there
//	session.go   home, officer, node and replica of the bureau
//
// Start reading at app.go.
package cli
