package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
)

// TestStatementRules takes each class through every combination of body,
// target and clear fields: one of the eight or so is right.
func TestStatementRules(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	publish := (&ledger.Publish{Kind: ledger.KindBlue, SizeClass: 3}).Marshal()
	enrol := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleDesk).Entry.Statement.Public
	revoke := (&ledger.Revoke{Key: keys.ID{1}}).Marshal()
	publics := map[string][]byte{"empty": nil, "publish": publish, "enrol": enrol, "revoke": revoke, "one": {1}, "victim": {3}, "lift": {1, 2}, "extend": {0, 0, 1, 0}, "review": append([]byte{1}, make([]byte, 31)...), "garbage": {0}, "id": make([]byte, 32), "zero": make([]byte, 32), "propose": {2, 'X', 'B'}}
	publics["id"][31] = 1
	publics["review"] = append(publics["review"], 1)
	type rule struct {
		body, target bool
		public       string
	}
	rules := map[ledger.Class]rule{
		ledger.ClassPublish: {true, false, "publish"}, ledger.ClassAmend: {true, true, "publish"}, ledger.ClassWithdraw: {false, true, "empty"},
		ledger.ClassGrant: {true, true, "empty"}, ledger.ClassReply: {true, false, "empty"},
		ledger.ClassPurge: {false, true, "one"}, ledger.ClassPurgeAck: {false, true, "empty"},
		ledger.ClassEnrol: {false, false, "enrol"}, ledger.ClassRevoke: {false, false, "revoke"},
		ledger.ClassPropose: {false, false, "propose"}, ledger.ClassVote: {false, true, "one"},
		ledger.ClassEpoch: {false, true, "extend"}, // 256 is the number of an epoch too
	}
	for class := range 256 {
		for name, public := range publics {
			for _, body := range []bool{false, true} {
				for _, target := range []bool{false, true} {
					s := ledger.Statement{Class: ledger.Class(class), SeenRoot: ledger.EmptyRoot, Public: public}
					if body {
						s.BodyHash, s.BodyLen = ledger.Hash{1}, 8
					}
					if target {
						s.Target = ledger.ID{1}
					}
					r, known := rules[s.Class]
					want := known && r == rule{body, target, name} || also(s.Class, body, target, name)
					if _, err := ledger.ParseStatement(s.Marshal()); (err == nil) != want {
						t.Errorf("%s, body %v, target %v, public %s: got error %v, want accepted %v", s.Class, body, target, name, err, want)
					}
				}
			}
		}
	}
}

// also has what a class may be beside its row of rules.
func also(c ledger.Class, body, target bool, public string) bool {
	if !target {
		return c == ledger.ClassCircle && body && public == "empty"
	}
	switch c {
	case ledger.ClassGrant:
		return body && public == "victim"
	case ledger.ClassPurge: // 3 is a reason too
		return !body && public == "victim"
	case ledger.ClassSuspend: // and an authority
		return public == "one" || public == "victim"
	case ledger.ClassLift:
		return public == "lift"
	case ledger.ClassExtend:
		return body && public == "extend"
	case ledger.ClassReview:
		return public == "review"
	case ledger.ClassCircle:
		return public == "id"
	}
	return false
}

func TestStatementBounds(t *testing.T) {
	good := ledger.Statement{Class: ledger.ClassReply, SeenRoot: ledger.EmptyRoot, BodyHash: ledger.Hash{1}, BodyLen: 1}
	for _, tt := range []struct {
		name   string
		change func(s *ledger.Statement)
		want   bool
	}{
		{"as it is", func(*ledger.Statement) {}, true},
		{"largest body", func(s *ledger.Statement) { s.BodyLen = ledger.MaxBody }, true},
		{"body too large", func(s *ledger.Statement) { s.BodyLen = ledger.MaxBody + 1 }, false},
		{"length overflows 31 bits", func(s *ledger.Statement) { s.BodyLen = 1 << 31 }, false},
		{"length without hash", func(s *ledger.Statement) { s.BodyHash = ledger.Hash{} }, false},
		{"hash without length", func(s *ledger.Statement) { s.BodyLen = 0 }, false},
		{"seq without prev", func(s *ledger.Statement) { s.Seq = 1 }, false},
		{"prev without seq", func(s *ledger.Statement) { s.Prev = ledger.ID{1} }, false},
		{"highest seq", func(s *ledger.Statement) { s.Seq, s.Prev = ^uint64(0), ledger.ID{1} }, true},
		{"seen without root", func(s *ledger.Statement) { s.SeenSize = 1 }, false},
		{"root without seen", func(s *ledger.Statement) { s.SeenRoot = ledger.Hash{1} }, false},
		{"largest seen", func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = ledger.TestingMaxSize, ledger.Hash{1} }, true},
		{"seen too large", func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = ledger.TestingMaxSize+1, ledger.Hash{1} }, false},
		{"seen negative as int64", func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = 1<<63, ledger.Hash{1} }, false},
		{"last second", func(s *ledger.Statement) { s.Created = ledger.MaxTime }, true},
		{"year 10000", func(s *ledger.Statement) { s.Created = ledger.MaxTime + 1 }, false},
	} {
		s := good
		tt.change(&s)
		if _, err := ledger.ParseStatement(s.Marshal()); (err == nil) != tt.want {
			t.Errorf("%s: got error %v, want accepted %v", tt.name, err, tt.want)
		}
	}
}

func TestSizeClassIsTheBodys(t *testing.T) {
	for _, tt := range []struct {
		size  uint32
		class uint8
	}{{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {1 << 17, 17}, {1<<17 + 1, 18}, {ledger.MaxBody, 18}} {
		for class := range uint8(20) {
			s := ledger.Statement{Class: ledger.ClassPublish, SeenRoot: ledger.EmptyRoot, BodyHash: ledger.Hash{1}, BodyLen: tt.size,
				Public: (&ledger.Publish{SizeClass: class}).Marshal()}
			if _, err := ledger.ParseStatement(s.Marshal()); (err == nil) != (class == tt.class) {
				t.Errorf("%d bytes, class %d: got error %v, want class %d", tt.size, class, err, tt.class)
			}
		}
	}
}

func TestEnrolKeyID(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	access := ledger.Enrol{Purpose: ledger.PurposeAccess, Key: make([]byte, 32)}
	access.Key[0] = 7
	for _, tt := range []struct {
		e    ledger.Enrol
		want keys.ID
	}{
		{ledger.Enrol{Purpose: ledger.PurposeSign, Key: xa.Officer.Signer.Public()}, xa.Officer.Signer.ID()},
		{ledger.Enrol{Purpose: ledger.PurposeSeal, Key: xa.Sealing[1].Recipient().Bytes()}, xa.Sealing[1].Recipient().ID()},
		{access, keys.ID{7}},
		{ledger.Enrol{Purpose: ledger.PurposeAccess, Key: []byte{7}}, keys.ID{7}}, // no parser lets it through; no panic
		{ledger.Enrol{Purpose: ledger.PurposeSeal, Key: []byte{7}}, keys.ID{}},
		{ledger.Enrol{}, keys.ID{}},
	} {
		if got := tt.e.KeyID(); got != tt.want {
			t.Errorf("%s key %x: got %s, want %s", tt.e.Purpose, tt.e.Key, got, tt.want)
		}
	}
}

func TestEnrolProof(t *testing.T) {
	c := ledgertest.NewGenesis(t, 2)
	xa, xb := c.Bureaus[0], c.Bureaus[1]
	e, err := ledger.ParseEnrol(xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleDesk).Entry.Statement.Public)
	if err != nil {
		t.Fatal(err)
	}
	root := xa.Root.Signer.ID()
	if !e.CheckProof(c.Genesis.Ledger, root) {
		t.Error("the proof is not good")
	}
	if e.CheckProof(ledger.Hash{1}, root) {
		t.Error("the proof is good in another ledger")
	}
	if e.CheckProof(c.Genesis.Ledger, xb.Root.Signer.ID()) {
		t.Error("the proof is good for another bureau's root")
	}
	for i := range e.Proof {
		changed := *e
		changed.Proof = flip(e.Proof, i, 1)
		if changed.CheckProof(c.Genesis.Ledger, root) {
			t.Errorf("byte %d of the proof flipped: still good", i)
		}
	}
}

func TestNames(t *testing.T) {
	for k := range ledger.Kind(20) {
		got, err := ledger.ParseKind(k.String())
		if known := k <= ledger.KindTally; known != (err == nil) || known && got != k {
			t.Errorf("kind %d, %q: got %d, error %v", k, k, got, err)
		}
	}
	for u := range ledger.Urgency(6) {
		got, err := ledger.ParseUrgency(u.String())
		if known := u <= ledger.U3; known != (err == nil) || known && got != u {
			t.Errorf("urgency %d, %q: got %d, error %v", u, u, got, err)
		}
	}
	for c := range ledger.Classification(6) {
		got, err := ledger.ParseClassification(c.String())
		if known := c <= ledger.Secret; known != (err == nil) || known && got != c {
			t.Errorf("classification %d, %q: got %d, error %v", c, c, got, err)
		}
	}
	if got := ledger.Class(0).String() + " " + ledger.Class(20).String() + " " + ledger.ClassRecover.String(); got != "class(0) class(20) recover" {
		t.Errorf("classes: got %q", got)
	}
	if _, err := ledger.ParseKind(""); err == nil {
		t.Error("a kind without a name")
	}
}

// TestMarshalPanics: what would be unreadable is not written.
func TestMarshalPanics(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	it := xa.Officer.Reply(t, []byte("body"))
	for name, marshal := range map[string]func(){
		"statement":        func() { (&ledger.Statement{Public: make([]byte, ledger.MaxPublic+1)}).Marshal() },
		"charter":          func() { (&ledger.Charter{Members: make([]ledger.Member, 1)}).Marshal() },
		"empty command":    func() { (&ledger.Command{}).Marshal() },
		"empty batch":      func() { (&ledger.Command{Batch: &ledger.Batch{}}).Marshal() },
		"257 items":        func() { (&ledger.Command{Batch: &ledger.Batch{Items: make([]ledger.Item, 257)}}).Marshal() },
		"65,537 items":     func() { (&ledger.Command{Batch: &ledger.Batch{Items: make([]ledger.Item, 65_537)}}).Marshal() },
		"31 cosignatures":  func() { (&ledger.Command{Cosignatures: make([]*ledger.Cosignature, 31)}).Marshal() },
		"257 cosignatures": func() { (&ledger.Command{Cosignatures: make([]*ledger.Cosignature, 257)}).Marshal() },
		"257 enrolments": func() {
			(&ledger.Exhibit{Item: it, Receipt: &ledger.Receipt{}, Enrols: make([]ledger.Enrolment, 257)}).Marshal()
		},
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(r.(string), "ledger: ") {
					t.Errorf("%s: got panic %v, want one of package ledger", name, r)
				}
			}()
			marshal()
		}()
	}
}

func TestLargestCommandParses(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	body := make([]byte, ledger.MaxBody)
	var b ledger.Batch
	size := 0
	for size < ledger.MaxBatchBytes { // as the batcher fills it
		it := xa.Officer.Reply(t, body)
		b.Items, size = append(b.Items, it), size+it.Size()
	}
	data := (&ledger.Command{Batch: &b}).Marshal()
	if c, err := ledger.ParseCommand(data); err != nil || len(c.Batch.Items) != len(b.Items) {
		t.Errorf("command of %d bytes, %d items: error %v", len(data), len(b.Items), err)
	}
	if _, err := ledger.ParseCommand(make([]byte, ledger.MaxCommand+1)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("command of %d bytes: got error %v", ledger.MaxCommand+1, err)
	}
}
