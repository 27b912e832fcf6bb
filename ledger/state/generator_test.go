package state_test

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// generator makes random commands on top of the state they lead to.
type generator struct {
	*world
	rng         *rand.Rand
	authors     []*randomAuthor
	waiting     []*randomAuthor // not enrolled
	spares      int
	notices     []ledger.ID
	circles     []ledger.ID
	ended       []ledger.ID // withdrawn notices, and replies
	purges      []ledger.ID
	origin      map[ledger.ID]*ledgertest.Bureau
	past        []ledger.Item
	cosigs      []*ledger.Cosignature
	refused     map[state.Code]int
	known       int
	byRegistrar int         // enrolments and rotations
	held        []ledger.ID // suspended
	lived       map[ledger.Class]int
	statuses    map[state.Status]int // after an act on a life
	finals      map[uint64]bool
	made        map[ledger.ID]*randomAuthor    // statements of the command under way
	bureaus     map[string]*ledgertest.Bureau  // members, and who was one
	coming      map[keys.ID]*randomAuthor      // root keys that were proposed
	nodes       map[keys.ID]*ledgertest.Bureau // nodes that were proposed, by their cosigning keys
	changes     map[ledger.Change]int
}

// randomAuthor follows the chain of a key only as far as the ledger took it.
type randomAuthor struct {
	bureau *ledgertest.Bureau
	signer *keys.Signer
	author *ledgertest.Author // of roots and of who may be enrolled: proves and demands possession
	roles  ledger.Roles
	root   bool
	node   bool
	seq    uint64
	prev   ledger.ID
}

func newGenerator(t *testing.T, n int, rng *rand.Rand) *generator {
	g := &generator{world: worldOf(t, ledgertest.NewGenesisFrom(t, n, ledger.Charter{Format: 2, Quota: ledger.Quota{Entries: 40, Bytes: ledger.MinQuotaBytes}})), rng: rng, origin: make(map[ledger.ID]*ledgertest.Bureau),
		refused: make(map[state.Code]int), finals: make(map[uint64]bool), lived: make(map[ledger.Class]int), statuses: make(map[state.Status]int)}
	g.bureaus, g.coming = make(map[string]*ledgertest.Bureau), make(map[keys.ID]*randomAuthor)
	g.nodes, g.changes = make(map[keys.ID]*ledgertest.Bureau), make(map[ledger.Change]int)
	for _, b := range g.Bureaus {
		g.bureaus[b.Code] = b
		g.authors = append(g.authors, &randomAuthor{bureau: b, signer: b.Root.Signer, author: b.Root, root: true})
		g.authors = append(g.authors, &randomAuthor{bureau: b, signer: b.Witness.Signer(), node: true})
		for range 8 {
			g.waiting = append(g.waiting, g.spare())
		}
	}
	return g
}

// spare returns an author whom any bureau may enrol.
func (g *generator) spare() *randomAuthor {
	g.spares++
	a := g.NewAuthor(fmt.Sprintf("spare %d", g.spares))
	return &randomAuthor{bureau: g.Bureaus[0], signer: a.Signer, author: a}
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// command returns the next random command.
func (g *generator) command() *ledger.Command {
	g.made = make(map[ledger.ID]*randomAuthor)
	g.now = uint64(int64(g.now) + int64(g.rng.IntN(3000)) - 500) // clocks of leaders differ
	if g.rng.IntN(150) == 0 {
		g.now += uint64(pick(g.rng, []int{10, 30, 100, 100, 200, 2000})) * 86_400_000 // and years pass
	}
	if p := g.pending(); p != nil && g.rng.IntN(3) == 0 {
		var list []*ledger.Cosignature
		for range 1 + g.rng.IntN(3) {
			list = append(list, g.cosignature(p))
		}
		return &ledger.Command{Cosignatures: list}
	}
	if g.head().Size > 2 && g.rng.IntN(25) == 0 {
		return &ledger.Command{Evidence: g.evidence()}
	}
	b := &ledger.Batch{Time: g.now}
	for range 1 + g.rng.IntN(4) {
		b.Items = append(b.Items, g.item())
	}
	return &ledger.Command{Batch: b}
}

func (g *generator) cosignature(p *state.Collected) *ledger.Cosignature {
	of := *p
	switch g.rng.IntN(12) {
	case 0:
		of.Root[3] ^= 1
	case 1:
		of.Size += 1 + uint64(g.rng.IntN(3))
	case 2:
		if len(g.cosigs) > 0 {
			return pick(g.rng, g.cosigs)
		}
	case 3:
		if f := g.final(); f != nil {
			of = *f
		}
	}
	s := g.cosign(g.rng.IntN(len(g.Bureaus)), &of)
	if g.rng.IntN(12) == 0 {
		s.Ed25519[1] ^= 1
	}
	g.cosigs = append(g.cosigs, s)
	return s
}

// evidence is against anybody, and after a while a true one, against XD only:
// the others are a quorum without it.
func (g *generator) evidence() *ledger.Cosignature {
	h := g.head()
	of := state.Collected{Size: h.Size, Root: h.Root}
	by := g.rng.IntN(len(g.Bureaus))
	switch g.rng.IntN(4) {
	case 0:
		of.Size++
	case 1:
		if len(g.finals) > 4 {
			by, of.Size = 3, 1+uint64(g.rng.IntN(int(h.Size)))
			of.Root[0] ^= 1
		}
	}
	s := g.cosign(by, &of)
	if g.rng.IntN(9) == 0 {
		s.MLDSA[1] ^= 1
	}
	return s
}

func (g *generator) item() ledger.Item {
	if len(g.past) > 0 && g.rng.IntN(16) == 0 {
		return pick(g.rng, g.past)
	}
	a, govern := pick(g.rng, g.authors), func(*ledger.Statement) {}
	if g.rng.IntN(12) == 0 {
		a, govern = g.government()
	}
	s := ledger.Statement{Ledger: g.Genesis.Ledger, Author: a.signer.ID(), Seq: a.seq, Prev: a.prev, SeenRoot: ledger.EmptyRoot, Created: g.now / 1000}
	var body []byte
	var others []*keys.Signer
	govern(&s)
	switch {
	case s.Class != 0:
	case a.root, a.roles&ledger.RoleRegistrar != 0 && g.rng.IntN(6) == 0:
		g.keyAct(a, &s)
	case a.node && g.rng.IntN(20) > 0:
		s.Class, s.Target = ledger.ClassPurgeAck, ledger.ID{9}
		if len(g.purges) > 0 {
			s.Target = pick(g.rng, g.purges)
		}
	default:
		body = g.officerAct(a, &s)
		if o := g.second(a); o != nil {
			others = append(others, o.signer)
		}
	}
	g.disturb(&s)
	e, err := ledger.SignStatement(&s, a.signer, others...)
	if err != nil {
		g.t.Fatalf("%s: %v", s.Class, err)
	}
	it := ledger.Item{Entry: e, Body: body}
	if g.rng.IntN(25) == 0 {
		return forge(g.t, it, g.rng.IntN(len(e.Signatures)))
	}
	g.made[e.ID] = a
	return it
}

// second returns who signs with a: nobody, a colleague, anybody.
func (g *generator) second(a *randomAuthor) *randomAuthor {
	if g.rng.IntN(3) > 0 {
		return nil
	}
	o := pick(g.rng, g.authors)
	for range 9 {
		if o.bureau != a.bureau || o.root || o.node {
			o = pick(g.rng, g.authors)
		}
	}
	if g.rng.IntN(30) == 0 {
		o = pick(g.rng, g.waiting)
	}
	if o == a {
		return nil
	}
	return o
}

// keyAct fills a statement of a root or a registrar: it enrols, replaces or
// revokes some key.
func (g *generator) keyAct(a *randomAuthor, s *ledger.Statement) {
	b := a.bureau
	if i := 4 + g.rng.IntN(100); i < len(g.authors) && g.rng.IntN(2) == 0 {
		g.endAct(a, g.authors[i], s)
		return
	}
	var it ledger.Item
	switch g.rng.IntN(6) {
	case 0:
		id, err := keys.IdentityFromSeed([32]byte{byte(g.rng.IntN(64))})
		if err != nil {
			g.t.Fatal(err)
		}
		if old := g.sealing(b); old != nil && *old != keys.SealingID(id.Recipient()) && g.rng.IntN(2) == 0 {
			e := ledger.Enrol{Purpose: ledger.PurposeSeal, Label: "seal-card", Compartment: 1, Key: id.Recipient().Bytes()}
			it = a.author.RotateTo(g.t, *old, e)
			break
		}
		it = b.EnrolSealing(g.t, 1, id.Recipient())
	case 1:
		it = b.EnrolAccess(g.t, keys.ID{byte(g.rng.IntN(64))}, "laptop-1", ledger.RoleDesk)
	default:
		of := pick(g.rng, g.waiting)
		by := a.author
		if g.rng.IntN(9) == 0 {
			by = pick(g.rng, g.Bureaus).Root // a proof for another root
		}
		roles := ledger.Roles(1 + g.rng.IntN(127))
		if g.rng.IntN(4) > 0 {
			roles |= ledger.RoleInvestigator | ledger.RoleSupervisor
		}
		it = by.Enrol(g.t, of.author, "desk-1", roles)
	}
	s.Class, s.Public = it.Entry.Statement.Class, it.Entry.Statement.Public
}

// endAct fills a statement that ends a key: it revokes it, or puts another in its
// place.
func (g *generator) endAct(a, of *randomAuthor, s *ledger.Statement) {
	id := of.signer.ID()
	if g.rng.IntN(2) > 0 {
		by, to, roles := a.author, pick(g.rng, g.waiting), of.roles
		switch g.rng.IntN(20) {
		case 0:
			by = pick(g.rng, g.Bureaus).Root
		case 1:
			roles ^= ledger.RoleDesk
		case 2:
			to = pick(g.rng, g.authors)
		}
		if to.author != nil && to.signer.ID() != id && roles != 0 {
			s.Class, s.Public = ledger.ClassRotate, by.Rotate(g.t, id, to.author, "desk-1", roles).Entry.Statement.Public
			return
		}
	}
	r := ledger.Revoke{Key: id, SuspectFrom: pick(g.rng, []uint64{ledger.NotSuspect, 0, uint64(g.rng.IntN(300))})}
	s.Class, s.Public = ledger.ClassRevoke, r.Marshal()
}

// sealing returns the current key for cards of a bureau, nil when it has none.
func (g *generator) sealing(b *ledgertest.Bureau) *keys.ID {
	r, err := state.ReadSealing(g.view, b.Code, seal.Card)
	if err != nil {
		g.t.Fatal(err)
	}
	if r == nil {
		return nil
	}
	id := keys.SealingID(r)
	return &id
}

// officerAct fills a statement of an officer and returns its body.
func (g *generator) officerAct(a *randomAuthor, s *ledger.Statement) []byte {
	body := make([]byte, 1+g.rng.IntN(60))
	body[0] = byte(g.rng.IntN(256))
	s.Class = pick(g.rng, []ledger.Class{ledger.ClassPublish, ledger.ClassPublish, ledger.ClassAmend, ledger.ClassWithdraw, ledger.ClassGrant, ledger.ClassReply,
		ledger.ClassPurge})
	if s.Class == ledger.ClassPurge {
		s.Public = (&ledger.Purge{Reason: ledger.Reason(1 + g.rng.IntN(3))}).Marshal()
		s.Target = g.target(a, g.notices)
		if g.rng.IntN(5) > 0 {
			s.Target = g.target(a, g.ended)
		}
		return nil
	}
	if g.rng.IntN(20) == 0 || a.bureau.Code == "XD" && g.rng.IntN(10) == 0 {
		return g.circleAct(a, s, body)
	}
	if g.rng.IntN(3) == 0 && len(g.notices) > 0 {
		return g.lifeAct(a, s, body)
	}
	if s.Class != ledger.ClassPublish && s.Class != ledger.ClassReply {
		s.Target = g.target(a, g.notices)
	}
	if s.Class == ledger.ClassPublish || s.Class == ledger.ClassAmend {
		s.Public = (&ledger.Publish{Kind: pick(g.rng, []ledger.Kind{ledger.KindBlue, ledger.KindBlue, ledger.KindYellow, ledger.KindRed, ledger.KindUndisclosed}),
			ReviewBy: g.day(), SizeClass: uint8(bits.Len(uint(len(body) - 1))), Attachments: g.attachments()}).Marshal()
	}
	if s.Class == ledger.ClassWithdraw {
		return nil
	}
	if s.Class == ledger.ClassGrant && g.rng.IntN(3) == 0 {
		s.Public = ledger.VictimGrant
		body = victimGrant()
	}
	s.BodyHash, s.BodyLen = sha256.Sum256(body), uint32(len(body))
	return body
}

// attachments returns a list of few addresses, so that some are named twice: by
// one notice, by two, or with another size.
func (g *generator) attachments() (list []ledger.Attachment) {
	if g.rng.IntN(6) > 0 {
		return nil
	}
	for i := range 40 {
		if g.rng.IntN(12) == 0 && len(list) < ledger.MaxAttachments {
			list = append(list, ledger.Attachment{Address: ledger.Hash{byte(i), 1}, Size: uint64(seal.SealedSize(int64(5000 * g.rng.IntN(2) * (i % 2))))})
		}
	}
	return list
}

// lifeAct fills a statement on the life of a notice. The target is one of the last
// few, so that bureaus decide on the same ones.
func (g *generator) lifeAct(a *randomAuthor, s *ledger.Statement, body []byte) []byte {
	s.Target = g.notices[max(0, len(g.notices)-1-g.rng.IntN(3))]
	by := ledger.Authority(1 + g.rng.IntN(3))
	if g.origin[s.Target] == a.bureau && g.rng.IntN(9) > 0 {
		by = ledger.ByOrigin
	}
	s.Class = pick(g.rng, []ledger.Class{ledger.ClassSuspend, ledger.ClassExtend, ledger.ClassReview, ledger.ClassReview, ledger.ClassReview})
	if len(g.held) > 0 && g.rng.IntN(3) == 0 {
		s.Target = g.held[max(0, len(g.held)-1-g.rng.IntN(3))]
	}
	n, err := state.ReadNotice(g.view, s.Target)
	if err != nil || n == nil {
		g.t.Fatal(n, err)
	}
	if n.Held != 0 && g.rng.IntN(3) > 0 {
		s.Class = ledger.ClassLift
		for i := range ledger.Authority(4) {
			if n.Held.By(i) && g.rng.IntN(5) > 0 {
				by = i
			}
		}
	}
	switch s.Class {
	case ledger.ClassSuspend:
		s.Public = (&ledger.Suspend{By: by}).Marshal()
	case ledger.ClassLift:
		s.Public = (&ledger.Lift{By: by, Outcome: pick(g.rng, []ledger.Outcome{1, 1, 1, 2})}).Marshal()
	case ledger.ClassExtend:
		s.Target = g.target(a, g.notices)
		s.Public = (&ledger.Extend{ReviewBy: max(1, g.day())}).Marshal()
	case ledger.ClassReview:
		r := ledger.Review{Decision: ledger.Decision(1 + g.rng.IntN(3)), Version: s.Target}
		if g.rng.IntN(6) > 0 {
			r.Version = n.Version
		} else if g.rng.IntN(2) > 0 {
			r.Version = ledger.ID{5}
		}
		s.Public = r.Marshal()
	}
	if s.Class != ledger.ClassExtend && g.rng.IntN(2) == 0 {
		return nil
	}
	s.BodyHash, s.BodyLen = sha256.Sum256(body), uint32(len(body))
	return body
}

// circleAct fills a statement on a circle. XD founds one whenever it may, so that
// it comes to have as many as a bureau may have.
func (g *generator) circleAct(a *randomAuthor, s *ledger.Statement, body []byte) []byte {
	s.Class, s.Public = ledger.ClassCircle, nil
	if h := g.head(); h.Size > 0 && g.now%50 > 0 { // or a bureau may have left since
		s.SeenSize, s.SeenRoot = h.Size, h.Root
	}
	s.BodyHash, s.BodyLen = sha256.Sum256(body), uint32(len(body))
	if g.rng.IntN(3) == 0 || a.bureau.Code == "XD" && g.rng.IntN(60) > 0 {
		return body
	}
	s.Target = g.target(a, g.circles)
	c := ledger.Circle{After: ledger.ID{6}}
	known, err := state.ReadCircle(g.view, s.Target)
	if err != nil {
		g.t.Fatal(err)
	}
	if known != nil && g.rng.IntN(8) > 0 {
		c.After = known.Last
	}
	s.Public = c.Marshal()
	if g.rng.IntN(4) == 0 {
		s.BodyHash, s.BodyLen = ledger.Hash{}, 0
		return nil
	}
	return body
}

// day returns a day of review: mostly one to come, or none.
func (g *generator) day() uint32 {
	today := int(g.now / 86_400_000)
	return pick(g.rng, []uint32{0, 30_000, uint32(today + g.rng.IntN(300)), uint32(today + g.rng.IntN(2000)), uint32(today + g.rng.IntN(2000)), uint32(today - g.rng.IntN(5))})
}

// victimGrant returns a re-share of a victim's part, as far as anybody sees.
func victimGrant() []byte {
	return append([]byte{1, 0, 1, 3}, make([]byte, 1168)...)
}

// target returns mostly one of the list that is of the author's bureau.
func (g *generator) target(a *randomAuthor, list []ledger.ID) ledger.ID {
	if len(list) == 0 || g.rng.IntN(20) == 0 {
		return ledger.ID{9}
	}
	id := pick(g.rng, list)
	for range 9 {
		if g.origin[id] != a.bureau {
			id = pick(g.rng, list)
		}
	}
	return id
}

// disturb makes some statements wrong.
func (g *generator) disturb(s *ledger.Statement) {
	switch g.rng.IntN(30) {
	case 0:
		s.Seq, s.Prev = s.Seq+1, ledger.ID{7}
	case 1:
		s.Ledger[0] ^= 1
	case 2:
		s.SeenSize, s.SeenRoot = 1+uint64(g.rng.IntN(200)), ledger.Hash{8}
	case 3, 4, 5, 6:
		if size := g.head().Size; size > 0 {
			s.SeenSize, s.SeenRoot = size, g.head().Root
		}
	}
}

// learn follows what the ledger took.
func (g *generator) learn(c *ledger.Command, results []state.Result) {
	if f := g.final(); f != nil {
		g.finals[f.Size] = true
	}
	for i, r := range results {
		if r.Refusal != nil {
			g.refused[r.Refusal.Code]++
			continue
		}
		if r.Known {
			g.known++
		}
		if c.Batch == nil || r.Known {
			continue
		}
		it := c.Batch.Items[i]
		e := it.Entry
		g.past = append(g.past, it)
		if a := g.made[e.ID]; a != nil {
			a.seq, a.prev = e.Statement.Seq+1, e.ID
		}
		switch e.Statement.Class {
		case ledger.ClassPublish:
			g.notices = append(g.notices, e.ID)
			g.origin[e.ID] = g.made[e.ID].bureau
		case ledger.ClassCircle:
			if e.Statement.Target == (ledger.ID{}) {
				g.circles = append(g.circles, e.ID)
				g.origin[e.ID] = g.made[e.ID].bureau
			}
		case ledger.ClassReply:
			g.ended = append(g.ended, e.ID)
			g.origin[e.ID] = g.made[e.ID].bureau
		case ledger.ClassReview, ledger.ClassSuspend, ledger.ClassLift, ledger.ClassExtend:
			g.lived[e.Statement.Class]++
			n, err := state.ReadNotice(g.view, e.Statement.Target)
			if err != nil {
				g.t.Fatal(err)
			}
			g.statuses[n.At(g.head().Time)]++
			if n.Held != 0 && !n.At(g.head().Time).Ended() && !slices.Contains(g.held, e.Statement.Target) {
				g.held = append(g.held, e.Statement.Target)
			}
		case ledger.ClassWithdraw:
			g.ended = append(g.ended, e.Statement.Target)
		case ledger.ClassPurge:
			g.purges = append(g.purges, e.ID)
		case ledger.ClassEpoch:
			g.governed(e.Statement)
		case ledger.ClassRevoke:
			g.lived[e.Statement.Class]++
			g.revoked(e.Statement)
		case ledger.ClassEnrol, ledger.ClassRotate:
			g.lived[e.Statement.Class]++
			g.enrolled(e)
		}
	}
}

// enrolled lets an enrolled author write.
func (g *generator) enrolled(e *ledger.Entry) {
	en, by := e.Statement.Admits(), g.made[e.ID]
	if !by.root && by.roles&ledger.RoleRegistrar != 0 {
		g.byRegistrar++
	}
	for i, a := range g.waiting {
		if a.signer.ID() == en.KeyID() {
			a.bureau, a.roles = by.bureau, en.Roles
			g.authors = append(g.authors, a)
			g.waiting[i] = g.spare()
		}
	}
}

// revoked replaces most of the authors whose key has ended.
func (g *generator) revoked(s *ledger.Statement) {
	r, err := ledger.ParseRevoke(s.Public)
	if err != nil {
		g.t.Fatal(err)
	}
	g.authors = slices.DeleteFunc(g.authors, func(a *randomAuthor) bool { return a.signer.ID() == r.Key && g.rng.IntN(4) > 0 })
}

// lacks says what keeps the log from being a good mixture.
func (g *generator) lacks(commands int) (out []string) {
	lack := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if int(g.head().Size) < commands*2/5 || len(g.finals) < commands/100 || g.known == 0 {
		lack("the log holds %d entries, %d FINAL checkpoints, %d known", g.head().Size, len(g.finals), g.known)
	}
	if commands <= 1000 {
		return out
	}
	for c := ledger.ChangeAdmit; c <= ledger.ChangeFormat; c++ {
		if g.changes[c] == 0 {
			lack("no proposal to %s was carried out", c)
		}
	}
	for _, s := range []state.Status{state.StatusActive, state.StatusSubmitted, state.StatusReturned, state.StatusRefused, state.StatusSuspended, state.StatusCancelled} {
		if g.statuses[s] == 0 {
			lack("no notice became %s", s)
		}
	}
	if g.byRegistrar == 0 || g.lived[ledger.ClassRotate] == 0 {
		lack("%d enrolments by registrars, %d rotations", g.byRegistrar, g.lived[ledger.ClassRotate])
	}
	for _, c := range []state.Code{state.OtherLedger, state.UnknownKey, state.RevokedKey, state.BadSignature, state.BadSequence, state.BadSeen, state.NotAllowed,
		state.FourEyes, state.NoTarget, state.Ended, state.NotEnded, state.NotNow, state.BadTerm, state.Superseded, state.TooEarly, state.Repeated, state.Quota, state.KeyInUse, state.BadProof, state.Fork, state.Stale, state.Faulty, state.NoFork} {
		if g.refused[c] == 0 {
			lack("nothing was refused as %s", c)
		}
	}
	return out
}

// check sees that the log is a good mixture.
func (g *generator) check(commands int) {
	g.t.Helper()
	g.t.Logf("%s, changes %v", members(g.membership().Latest()), g.changes)
	g.t.Logf("%d by registrars, %d entries, %d FINAL checkpoints, %d known, refused %v, lives %v %v", g.byRegistrar, g.head().Size, len(g.finals), g.known, g.refused, g.lived, g.statuses)
	for _, what := range g.lacks(commands) {
		g.t.Error(what)
	}
}
