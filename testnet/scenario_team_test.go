package testnet

import (
	"strings"

	"comity/ledger/notice"
)

// team has XA form a joint team of those whose cases belong together. XD comes
// late and reads nothing earlier until its author shares it again; XC leaves and
// reads nothing later. The ledger shows that there is a circle of XA, and no
// more: neither its name nor anybody's membership is in a file of any bureau.
func (s *scenario) team() {
	s.t.Helper()
	const name = "Lantern-Tide"
	s.do("XA", "circle", "new", name, "--members", "XB,XC")
	s.says("XC", []string{name + "  circle of XA", "not in it XD"}, "circle", "show", name)
	s.refused("XD", "no such circle, or you are not in it", "circle", "show", name)
	to := notice.Readers{"XB", notice.CirclePrefix + name}
	early := compoundCase(s.t, "XB", "Dorothea", to)
	early.Reference = "XB-EARLY"
	s.send(early)
	s.settle()
	for _, code := range []string{"XA", "XB", "XC"} {
		s.says(code, []string{"Dorothea", "circle " + name + " (of XA, "}, "notice", "show", early.Reference)
	}
	s.do("XC", "notice", "hit", early.Reference, "--match", "passport PXB0099B", "--text", "seen at a border")
	s.settle()
	s.says("XB", []string{"PROVISIONAL"}, "notice", "show", early.Reference)
	s.refused("XD", "there is no notice", "notice", "show", early.Reference)

	// A draft of one officer changes nothing: XD is in once a supervisor signed too.
	var draft struct{ ID, State string }
	s.ask(&draft, "XA", "circle", "add", name, "XD")
	s.settle()
	s.refused("XD", "no such circle, or you are not in it", "circle", "show", name)
	s.says("XA", []string{"joins     XD"}, "approve", draft.ID, "--officer", "sup-1", "--yes")
	s.settle()
	s.says("XD", []string{"epoch     2"}, "circle", "show", name)
	s.refused("XD", "there is no notice", "notice", "show", early.Reference)
	s.do("XB", "notice", "grant", early.Reference, "--to", "circle:"+name, "--part", "card")
	s.settle()
	s.says("XD", []string{"Dorothea"}, "notice", "show", early.Reference)

	s.do("XA", "circle", "remove", name, "XC", "--second", "sup-1")
	s.settle()
	late := compoundCase(s.t, "XD", "Emmanuelle", notice.Readers{"XD", notice.CirclePrefix + name})
	late.Reference = "XD-LATE"
	s.send(late)
	s.settle()
	for _, code := range []string{"XA", "XB", "XD"} {
		s.says(code, []string{"Emmanuelle"}, "notice", "show", late.Reference)
	}
	s.refused("XC", "there is no notice", "notice", "show", late.Reference)
	s.says("XC", []string{"Dorothea"}, "notice", "show", early.Reference)
	s.says("XC", []string{"LEFT: the present epoch is not for XC"}, "circle", "show", name)
	for _, code := range s.Bureaus() {
		if found := plaintext(s.t, s.homes[code].Dir(), []string{name, "Emmanuelle"}); len(found) > 0 {
			s.t.Errorf("%s has in plain text: %s", code, strings.Join(found, ", "))
		}
	}
	s.says("XC", []string{"authentic"}, "audit")
}
