// Package server is the desk as a process of its own: it holds a bureau's
// reading keys, follows a node, and answers the bureau's officers over mutual
// TLS. It has no key that signs, so nothing is written in anybody's name here:
// officers compose, seal and sign on their own machines.
//
// Who asks is known by the access key that the bureau's root enrolled in the
// ledger, looked up afresh for each request in what the desk has verified so far;
// sessions of a key that was revoked are closed as soon as the desk has read the
// revocation. What a caller may do stands in one table, routes, and which parts
// of a notice in another, [desk.PartsOf]; what neither names is denied.
//
//	role          status  check  list, search, links, watch, show  of it          read log
//	investigator  yes     yes    yes                               card, body     no
//	desk          yes     yes    yes                               card           no
//	protection    yes     yes    yes                               card, victim   no
//	supervisor    yes     yes    yes                               card, body     its head
//	operator      yes     no     no                                nothing        no
//	auditor       yes     no     no                                nothing        yes
//
// A search by an officer looks only at the parts that the officer may read. An
// answer that holds more than cards leaves only once it is in the read log,
// package readlog: handlers ask a [desk.Reader], which sees to both. Every decision
// is logged, with the caller and without a word of the question or the answer.
//
// A bureau may run several desks, each with the keys of some compartments: see
// [Config.Identities].
//
// Start reading at routes in roles.go, then serve in http.go.
package server
