package cli

import (
	"fmt"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

// preview shows what the log and each bureau will see of a notice. It is made
// from the very parts that are sealed, read back as their readers read them.
func (s *session) preview(n *notice.Notice, author keys.ID) error {
	o := notice.Origin{Ledger: keys.ID(s.genesis.Ledger), Author: author, Bureau: s.home.Bureau()}
	parts, err := n.Parts(o)
	if err != nil {
		return err
	}
	circles, err := s.desk.Seeing(notice.CirclesOf(n.Readers, n.Victim))
	if err != nil {
		return err
	}
	header := n.Publish()
	s.say("PREVIEW of %s: nothing is sent yet", n.Reference)
	s.tellUnreviewable(n)
	s.say("  in clear  %s notice of %s, %s, urgency %s, review by %s", headerKind(header), s.bureau(o.Bureau), header.Classification, header.Urgency,
		time.Unix(int64(header.ReviewBy)*24*60*60, 0).UTC().Format(time.DateOnly))
	for i := range circles {
		s.say("  to        %s", circleText(&circles[i]))
	}
	type group struct {
		bureaus []string
		opened  []seal.Opened
	}
	var groups []*group
	byParts := make(map[string]*group)
	for i := range s.genesis.Members() {
		code := s.genesis.Members()[i].Code
		var names []string
		var opened []seal.Opened
		for _, p := range parts {
			if p.Readers.Bureaus(circles).Has(code) || code == o.Bureau {
				names = append(names, p.Compartment.String())
				opened = append(opened, seal.Opened{Compartment: p.Compartment, Plaintext: p.Plaintext})
			}
		}
		key := strings.Join(names, ", ")
		s.say("  %-9s %s", code, orNothing(key))
		if len(opened) == 0 {
			continue
		}
		if byParts[key] == nil {
			byParts[key] = &group{opened: opened}
			groups = append(groups, byParts[key])
		}
		byParts[key].bureaus = append(byParts[key].bureaus, code)
	}
	s.say("  of each bureau the desk's key opens the card, the investigators' the body, the protection officers' the victim part")
	for _, g := range groups {
		v, err := notice.OpenParts(o, header, g.opened)
		if err != nil {
			return fmt.Errorf("preview: %w", err)
		}
		s.say("AS %s READS IT", strings.Join(g.bureaus, ", "))
		s.showView(v)
		s.showOnceReviewed(v)
	}
	return nil
}

func headerKind(p ledger.Publish) string {
	if p.Kind == ledger.KindUndisclosed {
		return "an undisclosed"
	}
	return "a " + p.Kind.String()
}

func orNothing(parts string) string {
	if parts == "" {
		return "nothing: it sees the line above and the size, and no name, kind of part or reader"
	}
	return parts
}
