package ledger_test

import (
	"bytes"
	"testing"

	"comity/ledger"
)

// fuzz feeds a parser with the vectors of its type. What parses must marshal
// back to the same bytes; parse returns nil for what it refuses.
func fuzz(f *testing.F, kind string, parse func(data []byte) ([]byte, error)) {
	seeds := 0
	for _, name := range vectorNames(f) {
		if v := readVector(f, name); v.kind == kind {
			f.Add(v.data)
			seeds++
		}
	}
	if seeds == 0 {
		f.Fatalf("no vectors of type %s", kind)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parse(bytes.Clone(data))
		if err == nil && !bytes.Equal(got, data) {
			t.Errorf("%x\nmarshals back as\n%x", data, got)
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	fuzz(f, "statement", func(data []byte) ([]byte, error) {
		s, err := ledger.ParseStatement(data)
		if err != nil {
			return nil, err
		}
		return s.Marshal(), nil
	})
}

func FuzzParseEntry(f *testing.F) {
	fuzz(f, "entry", func(data []byte) ([]byte, error) {
		e, err := ledger.ParseEntry(data)
		if err != nil {
			return nil, err
		}
		again, err := ledger.NewEntry(e.Signed(), e.Signatures)
		if err != nil {
			return nil, nil // NewEntry refuses what ParseEntry takes: the bytes differ
		}
		return again.Raw, nil
	})
}

func FuzzParsePublish(f *testing.F) {
	fuzz(f, "publish", func(data []byte) ([]byte, error) {
		p, err := ledger.ParsePublish(data)
		if err != nil {
			return nil, err
		}
		return p.Marshal(), nil
	})
}

func FuzzParseEnrol(f *testing.F) {
	fuzz(f, "enrol", func(data []byte) ([]byte, error) {
		e, err := ledger.ParseEnrol(data)
		if err != nil {
			return nil, err
		}
		e.KeyID()
		e.CheckProof(ledger.Hash{}, e.KeyID())
		return e.Marshal(), nil
	})
}

func FuzzParseRotate(f *testing.F) {
	fuzz(f, "rotate", func(data []byte) ([]byte, error) {
		r, err := ledger.ParseRotate(data)
		if err != nil {
			return nil, err
		}
		return r.Marshal(), nil
	})
}

func FuzzParseRevoke(f *testing.F) {
	fuzz(f, "revoke", func(data []byte) ([]byte, error) {
		r, err := ledger.ParseRevoke(data)
		if err != nil {
			return nil, err
		}
		return r.Marshal(), nil
	})
}

func FuzzParseCharter(f *testing.F) {
	fuzz(f, "charter", func(data []byte) ([]byte, error) {
		c, err := ledger.ParseCharter(data)
		if err != nil {
			return nil, err
		}
		g, err := ledger.NewGenesis(c)
		if err != nil || g.PolicyAt(0).Quorum < 1 {
			return nil, nil
		}
		return c.Marshal(), nil
	})
}

func FuzzParseGenesis(f *testing.F) {
	fuzz(f, "genesis", func(data []byte) ([]byte, error) {
		g, err := ledger.ParseGenesis(data)
		if err != nil {
			return nil, err
		}
		return g.Marshal(), nil
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	fuzz(f, "checkpoint", func(data []byte) ([]byte, error) {
		c, err := ledger.ParseCheckpoint(string(data))
		if err != nil {
			return nil, err
		}
		return []byte(c.String()), nil
	})
}

func FuzzParseCosignature(f *testing.F) {
	g, err := ledger.ParseGenesis(readVector(f, "genesis-four").data)
	if err != nil {
		f.Fatal(err)
	}
	p := g.PolicyAt(0)
	fuzz(f, "cosignature", func(data []byte) ([]byte, error) {
		s, err := ledger.ParseCosignature(data)
		if err != nil {
			return nil, err
		}
		if w, ok := p.Witness[s.Node]; ok {
			s.Verify(w, p.Origin)
		}
		return s.Marshal(), nil
	})
}

func FuzzParseReceipt(f *testing.F) {
	fuzz(f, "receipt", func(data []byte) ([]byte, error) {
		r, err := ledger.ParseReceipt(data)
		if err != nil {
			return nil, err
		}
		return r.Marshal(), nil
	})
}

func FuzzParseCommand(f *testing.F) {
	fuzz(f, "command", func(data []byte) ([]byte, error) {
		c, err := ledger.ParseCommand(data)
		if err != nil {
			return nil, err
		}
		return c.Marshal(), nil
	})
}

func FuzzParseItem(f *testing.F) {
	fuzz(f, "item", func(data []byte) ([]byte, error) {
		it, err := ledger.ParseItem(data)
		if err != nil {
			return nil, err
		}
		return it.Marshal(), nil
	})
}

func FuzzParseExhibit(f *testing.F) {
	g, err := ledger.ParseGenesis(readVector(f, "genesis-one").data)
	if err != nil {
		f.Fatal(err)
	}
	fuzz(f, "exhibit", func(data []byte) ([]byte, error) {
		x, err := ledger.ParseExhibit(data)
		if err != nil {
			return nil, err
		}
		x.Verify(g) // must not panic
		return x.Marshal(), nil
	})
}

func FuzzParseDisclosures(f *testing.F) {
	fuzz(f, "disclosures", func(data []byte) ([]byte, error) {
		list, err := ledger.ParseDisclosures(data)
		if err != nil {
			return nil, err
		}
		for i := range list {
			list[i].Open() // must not panic
		}
		return ledger.MarshalDisclosures(list), nil
	})
}

func FuzzParseEvidence(f *testing.F) {
	g, err := ledger.ParseGenesis(readVector(f, "genesis-four").data)
	if err != nil {
		f.Fatal(err)
	}
	fuzz(f, "evidence", func(data []byte) ([]byte, error) {
		e, err := ledger.ParseEvidence(data)
		if err != nil {
			return nil, err
		}
		e.Verify(g) // must not panic
		return e.Marshal(), nil
	})
}

func FuzzParseRecoveryEvidence(f *testing.F) {
	g, err := ledger.ParseGenesis(readVector(f, "genesis-recovered").data)
	if err != nil {
		f.Fatal(err)
	}
	fuzz(f, "recovery", func(data []byte) ([]byte, error) {
		e, err := ledger.ParseRecoveryEvidence(data)
		if err != nil {
			return nil, err
		}
		e.Verify(g) // must not panic
		return e.Marshal(), nil
	})
}

// FuzzPolicyOpen has no inverse: it must not panic, and what it accepts must
// have a quorum.
func FuzzPolicyOpen(f *testing.F) {
	g, err := ledger.ParseGenesis(readVector(f, "genesis-four").data)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range vectorNames(f) {
		if v := readVector(f, name); v.kind == "note" {
			f.Add(v.data)
		}
	}
	p := g.PolicyAt(0)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, bureaus, err := p.Open(data)
		if err == nil && (len(bureaus) < p.Quorum || c.Origin != p.Origin) {
			t.Errorf("%q: accepted with %v, origin %q", data, bureaus, c.Origin)
		}
	})
}
