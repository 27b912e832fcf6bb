// Package query is the language in which officers look for notices, and what of
// a notice can be looked for.
//
//	name~"Aung Min" dob:1995..1999 (country:XC,XD OR phone:+99955507731) -kind:red
//
// The grammar:
//
//	query = and { "OR" and }
//	and   = not { ["AND"] not }
//	not   = [ "NOT" | "-" ] term
//	term  = "(" query ")" | field op value { modifier } | value
//	op    = ":" | "~" | "=" | "!=" | ">" | ">=" | "<" | "<="
//	value = word | "phrase" | word"*" | a".."b | a".." | ".."b | a","b
//
// A bare value is text:value. In quotes, \" and \\ stand for a quote and a
// backslash. [Fields] lists every field, what it means and which operators it
// takes; a field that is not there is an error that names the nearest one, never
// an empty result. [Parse] bounds everything: bytes, terms, values, depth.
//
// [RecordOf] makes of an opened notice the [Record] of what can be looked for.
// [Query.Match] says whether a record matches, how well from 0 to 1, and why in
// words. It is the meaning of the language: an index that answers faster is
// right if and only if it finds what Match finds.
//
// The parser is written by hand, in place of a grammar for
// github.com/alecthomas/participle: what a character means depends on the field
// before it (a dot in an e-mail address and in a range, a dash in a date and
// before a term), which a lexer of fixed tokens cannot tell apart; positions and
// sentences of errors are ours to choose; depth is bounded where it recurses;
// and it is shorter than the structures that a grammar would fill.
//
// The package opens no file and reads no clock: the time as of which "today"
// and an age are meant comes with the query.
//
// golang.org/x/text/unicode/norm (the Go project; BSD) decomposes letters, for
// which we would need the tables of Unicode.
//
// Start reading at fields.go, then parse.go and match.go.
package query
