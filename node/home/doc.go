// Package home is a bureau's folder: its configuration, its copy of the charter
// and its keys.
//
//	DIR/                    0700; every file in it 0600
//	  comity.toml           configuration; no secret in it
//	  charter               the ledger's genesis, once it is installed
//	  XA.member             describes the bureau to the other founders, signed by its root
//	  keys/
//	    root, root.pub      enrols and revokes the bureau's keys; root itself is to be kept offline
//	    node-tls.pem        the node's connections
//	    node-witness.pem    the node's cosignatures
//	    operator-tls.pem    the operator's connections to nodes
//	    card.age, card.pub  opens what is sealed to the bureau: one key for
//	    body.age, body.pub  each compartment, as age identities
//	    victim.age, victim.pub
//	    card-1c27a4f0.age   one that was replaced, and opens what was sealed to it; with .pub
//	  officers/LABEL/
//	    roles               words, such as "investigator supervisor"
//	    sign, sign.pub      signs statements; OpenSSH
//	    tls.pem             the officer's connections to nodes
//	    next-sign, next-tls folders of keys that are about to take their place
//	  node/                 what the node keeps
//	  desk/                 the desk's replica
//	  drafts/               what waits for a second officer, sealed
//	  recovered-3           which recovery to epoch 3 the root signed here: no other
//	  revoked               why keys were revoked, for this bureau alone
//
// Signing keys and sealing keys may be encrypted with a passphrase; the keys
// that a node or a connection uses are not, because a restart needs no person.
// Nothing in the folder names its own place, so that it can be moved.
//
// A home is made whole or not at all, and an existing one is never written
// over. The files of keys that are not needed on a machine may be moved away: a
// node reads only node-tls.pem and node-witness.pem, and never a reading key.
// No private key is read that others may read; package keys refuses it.
//
// An officer without the file sign has the private half in an ssh-agent: agent.go. A
// key takes the place of another in steps that may be interrupted: slot.go.
//
// A ledger is founded in one way, by founders at home or by [Found] for an
// exercise: found.go says how.
//
// Start reading at home.go, then create.go, found.go and enrol.go.
package home
