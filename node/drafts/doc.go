// Package drafts keeps the statements of a bureau that wait for a second
// officer: signed by their author, sealed for their readers, not sent. A
// [Folder] is one folder with a file for each, which only its owner may use.
//
// A file holds what a node would hold: a signed statement, a sealed body, sealed
// notes. There is no plaintext in it, and no private key; whoever steals one
// learns what the header of a notice says. Nothing in it is believed either:
// package desk verifies a draft before it shows it.
//
// A file can be carried to another machine of the bureau ([Draft.Marshal],
// [Parse]), where a supervisor's key is. It cannot be sent to the ledger without
// that second signature, if the ledger asks for one: it decides, not this
// package.
//
// What one command made to be approved together is a row, see [Rows]: it is sent in
// order, signed again together, and carried in one file.
//
// Start reading at draft.go.
package drafts
