// Package wire is what nodes and their clients say to one another over HTTP:
// paths, messages, the stream of records, and the closed list of error codes.
// It does no I/O. Start reading at paths.go.
package wire
