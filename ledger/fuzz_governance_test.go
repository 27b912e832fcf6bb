package ledger_test

import (
	"testing"

	"comity/ledger"
)

func FuzzParsePropose(f *testing.F) {
	e := &ledger.Epoch{}
	fuzzFields(f, "propose", func(data []byte) (*ledger.Propose, error) {
		p, err := ledger.ParsePropose(data)
		if err == nil {
			p.CheckProof(ledger.Hash{}, e)
			e.After(p, 1)
		}
		return p, err
	})
}

func FuzzParseVote(f *testing.F) { fuzzFields(f, "vote", ledger.ParseVote) }

func FuzzParseEnact(f *testing.F) { fuzzFields(f, "epoch", ledger.ParseEnact) }

func FuzzParseCertificate(f *testing.F) {
	fuzzFields(f, "certificate", ledger.ParseCertificate)
}
