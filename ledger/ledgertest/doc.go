// Package ledgertest makes consortia for tests: bureaus with keys, a charter
// signed by all of them, and the statements their officers write. Everything in
// it is synthetic, and the signing keys are the same in every run, so no test
// data of it is ever to be used outside tests.
//
//	c := ledgertest.NewGenesis(t, 5)
//	m := state.New(c.Genesis)
//	xa := c.Bureaus[0]
//	batch := append(xa.Enrolments(t), xa.Officer.Publish(t, ledger.KindBlue, body))
//
// Authors count their own statements: each call makes the next one of its
// author, in the order in which the ledger must accept them. Use one consortium
// per test. A consortium may not be used by two goroutines at once.
package ledgertest
