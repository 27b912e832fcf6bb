package home

import (
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

func TestEnrolments(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	g, err := Found([]*Home{h}, terms, nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := h.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	root := signer.ID()
	r := &Registrar{home: h, genesis: g, signer: signer}
	t.Setenv("SSH_AUTH_SOCK", "")
	if err := h.AddOfficer(OfficerSpec{Label: "agent-1", Roles: ledger.RoleDesk, Public: g.Charter.Members[0].Root}, nil); err != nil {
		t.Fatal(err)
	}
	if away := h.Away(); len(away) != 1 || away[0] != "agent-1" {
		t.Errorf("away %q", away)
	}
	acts, err := h.enrolments(r, nil, nil)
	if err != nil || len(acts) != 2*2+3 {
		t.Fatalf("got %d, %v", len(acts), err)
	}
	seen := make(map[keys.ID]bool)
	sealing := make(map[seal.Compartment]bool)
	for _, act := range acts {
		got, err := ledger.ParseEnrol(act.Marshal())
		if err != nil || !got.CheckProof(g.Ledger, root) || seen[got.KeyID()] {
			t.Errorf("%s key of %s: %v", act.Purpose, act.Label, err)
			continue
		}
		seen[got.KeyID()] = true
		if got.Purpose == ledger.PurposeSeal {
			sealing[got.Compartment] = true
		}
	}
	if len(sealing) != 3 {
		t.Errorf("sealing keys for %v", sealing)
	}
}

func TestResolve(t *testing.T) {
	a, b := create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102")
	g, err := Found([]*Home{a, b}, terms, nil)
	if err != nil {
		t.Fatal(err)
	}
	own, other := g.Charter.Members[0].Node, g.Charter.Members[1].Node
	for _, tt := range []struct {
		node, address string
		id            keys.ID
	}{
		{"", own.Address, own.TLS},
		{"XB", other.Address, other.TLS},
		{other.Address, other.Address, other.TLS},
		{"tunnel.example:9000", "tunnel.example:9000", own.TLS},
	} {
		a.config.Node = tt.node
		got, err := a.resolve(g)
		if err != nil || got.Address != tt.address || got.Node != tt.id {
			t.Errorf("%q: got %+v, %v", tt.node, got, err)
		}
	}
	a.config.Node = "XZ"
	if _, err := a.resolve(g); err == nil {
		t.Error("a node of no member was found")
	}
}
