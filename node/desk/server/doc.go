// Package server is the desk as a process of its own: it holds a bureau's
// reading keys, follows a node, and answers the bureau's officers over mutual
// TLS. It has no key that signs, so nothing is written in anybody's name here:
// officers compose, seal and sign on their own machines.
//
// Who asks is known by the access key that the bureau's root enrolled in the
// ledger, looked up afresh for each request in what the desk has verified so far;
// sessions of a key that was revoked are closed as soon as the desk has read the
// revocation. What a caller may do stands in one table, routes, and which parts
// of a notice in another, partsOf; what neither names is denied.
//
//	role          status  list, search, show   of it          read log
//	investigator  yes     yes                  card, body     no
//	desk          yes     yes                  card           no
//	protection    yes     yes                  card, victim   no
//	supervisor    yes     yes                  card, body     its head
//	operator      yes     no                   nothing        no
//	auditor       yes     no                   nothing        yes
//
// A search by an officer looks only at the parts that the officer may read. An
// answer that holds more than cards leaves only once it is in the read log,
// package readlog. Every decision is logged, with the caller and without a word
// of the question or the answer.
//
// A bureau may run several desks, each with the keys of some compartments: see
// [Config.Identities].
//
// Start reading at routes in roles.go, then serve in http.go.
package server
