package cli

import (
	"fmt"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
)

// showView prints what was opened of a notice: the card as an officer must read
// it, protection first and then one instruction; then the case; then the victim.
func (s *session) showView(v *notice.View) {
	if v.Unreviewed() {
		s.say("  UNREVIEWED: nobody but its origin has judged it")
	}
	if v.Card != nil {
		s.showCard(v)
	}
	if v.Tally != nil {
		s.say("TALLY")
		s.say("  %s, %s, hour %d: %s", v.Tally.Operation, v.Tally.Sector, v.Tally.Hour, v.Tally.Summary())
	}
	if v.Body != nil {
		s.showBody(v.Body)
		s.showFiles(v, "body")
	}
	if v.Victim != nil {
		s.showVictim(v.Victim)
		s.showFiles(v, "victim")
	}
}

// showOnceReviewed prints the instruction that those who judge a notice decide
// on: the card has a weaker one until then.
func (s *session) showOnceReviewed(v *notice.View) {
	if v.Header.Kind == ledger.KindUndisclosed {
		return // nobody reviews a diffusion
	}
	reviewed := *v
	if reviewed.Reviewed = true; reviewed.Action() != "" {
		s.say("  once reviewers of other bureaus approve it: %s", reviewed.Action().Sentence())
	}
}

func (s *session) showCard(v *notice.View) {
	c := v.Card
	s.say("CARD")
	if c.Caveat != "" {
		s.text("  ! ", c.Caveat)
	}
	if c.NonPunishment {
		s.say("  ! Not to be punished for what they were made to do.")
	}
	s.say("  %s", v.Action().Sentence())
	if len(c.Dangers) > 0 {
		s.say("  danger    %s", joined(c.Dangers))
	}
	s.showIdentity(&c.Person)
	s.showLooks(&c.Looks)
	if len(c.Photo) > 0 {
		s.say("  photo     %s (with --json)", size(int64(len(c.Photo))))
	}
	s.showFiles(v, "card")
	s.say("  call      %s, %s%s", c.Desk.Name, c.Desk.Phone, speaks(c.Desk.Speaks))
}

func (s *session) showIdentity(id *notice.Identity) {
	for i, n := range id.Names {
		word := "name"
		if i > 0 || n.Use != "" {
			word = "also"
		}
		extra := ""
		if n.Use != "" {
			extra = " (" + string(n.Use) + ")"
		}
		if n.MRZ != "" {
			extra += "  " + n.MRZ
		}
		s.say("  %-9s %s%s", word, n.String(), extra)
	}
	if !id.Born.IsZero() || id.BirthPlace != "" || id.BirthCountry != "" {
		s.say("  born      %s", words(id.Born.String(), id.BirthPlace, id.BirthCountry))
	}
	if id.Sex != "" {
		s.say("  sex       %s", id.Sex)
	}
	if len(id.Nationalities) > 0 {
		s.say("  national  %s", strings.Join(id.Nationalities, ", "))
	}
	for _, d := range id.Documents {
		s.say("  document  %s", words(strings.ReplaceAll(string(d.Type), "_", " "), d.Number, d.Country, until(d.Expires), d.Status))
	}
}

func (s *session) showLooks(a *notice.Appearance) {
	var parts []string
	if a.HeightCM != 0 {
		parts = append(parts, fmt.Sprintf("%d cm", a.HeightCM))
	}
	if a.WeightKG != 0 {
		parts = append(parts, fmt.Sprintf("%d kg", a.WeightKG))
	}
	if len(a.Eyes) > 0 {
		parts = append(parts, strings.Join(a.Eyes, "/")+" eyes")
	}
	if len(a.Hair) > 0 {
		parts = append(parts, strings.Join(a.Hair, "/")+" hair")
	}
	if a.Marks != "" {
		parts = append(parts, a.Marks)
	}
	if len(parts) > 0 {
		s.say("  looks     %s", strings.Join(parts, ", "))
	}
	if len(a.Speaks) > 0 {
		s.say("  speaks    %s", strings.Join(a.Speaks, ", "))
	}
}

func (s *session) showBody(b *notice.Body) {
	s.say("CASE")
	if b.Status != "" || !b.Since.IsZero() {
		s.say("  person    %s", words(strings.ReplaceAll(string(b.Status), "_", " "), since(b.Since)))
	}
	s.text("  ", b.Facts)
	if b.Legal != "" {
		s.say("  legal     %s", b.Legal)
	}
	for _, w := range b.Warrants {
		s.say("  warrant   %s", words(w.Country, w.Authority, w.Reference, w.Date.String(), w.Offence))
		var terms []string
		if w.MaxPenalty > 0 {
			terms = append(terms, "up to "+plural(w.MaxPenalty, "month", "months"))
		}
		if w.SentenceLeft > 0 {
			terms = append(terms, plural(w.SentenceLeft, "month", "months")+" left of a sentence")
		}
		if len(terms) > 0 {
			s.say("            %s", strings.Join(terms, "; "))
		}
		if w.Charge != "" {
			s.text("  charge    ", w.Charge)
		}
		if w.Translation != "" {
			s.text("  in words  ", w.Translation)
		}
	}
	s.showSubject(b)
	for i := range b.Entities {
		e := &b.Entities[i]
		s.say("  %-9s %s", e.ID, entityText(e))
	}
	for _, l := range b.Links {
		s.say("  link      %s", words(l.From+" "+l.Relation.String()+" "+l.To, string(l.Grade), since(l.Since), l.Text))
	}
	if b.Grade != "" {
		s.say("  grade     %s", b.Grade)
	}
	if b.Handling.Code != "" || b.TLP != "" {
		s.say("  handling  %s", words(string(b.Handling.Code), b.Handling.Text, "TLP:"+string(b.TLP)))
	}
}

// showSubject prints what a case is about that is not about one person.
func (s *session) showSubject(b *notice.Body) {
	if b.Assessment != "" {
		s.text("  expected  ", b.Assessment)
	}
	for _, c := range b.Convictions {
		s.say("  convicted %s", words(c.Country, c.Date.String(), c.Offence, c.Court))
	}
	if t := b.Threat; t != nil {
		s.say("  threat    %s", t.What)
		s.say("  against   %s", words(t.Target, since(t.From), until(t.Until)))
		s.text("  advice    ", t.Advice)
	}
	if m := b.Method; m != nil {
		s.say("  method of %s", m.Offence)
		s.text("  how       ", m.How)
		for _, sign := range m.Signs {
			s.say("  sign      %s", sign)
		}
		for _, field := range []struct{ name, text string }{{"objects", strings.Join(m.Objects, "; ")}, {"hidden", m.Concealment}, {"counter", m.Counter}} {
			if field.text != "" {
				s.say("  %-9s %s", field.name, field.text)
			}
		}
	}
	if l := b.Listing; l != nil {
		s.say("  listed    %s", words("committee "+l.List, l.Reference, since(l.Listed), joined(l.Measures)))
	}
}

func (s *session) showVictim(v *notice.Victim) {
	s.say("VICTIM, for protection officers; called %s elsewhere", v.Pseudonym)
	s.showIdentity(&v.Identity)
	if v.Minor {
		s.say("  MINOR")
	}
	for _, g := range v.Guardians {
		safe := "NOT safe to contact"
		if g.Safe {
			safe = "safe to contact"
		}
		s.say("  guardian  %s", words(g.Name, g.Relation, g.Phone, safe))
	}
	for _, field := range []struct{ name, text string }{{"health", v.Health}, {"needs", v.Needs}, {"referral", v.Referral}} {
		if field.text != "" {
			s.say("  %-9s %s", field.name, field.text)
		}
	}
	if v.Consent.Given {
		s.say("  consent   %s", words("given by "+v.Consent.By, v.Consent.Scope, v.Consent.Date.String()))
	} else {
		s.say("  consent   not given: %s", v.Consent.Why)
	}
	if !v.Trafficking.IsZero() {
		found := &v.Trafficking
		by := ""
		if found.DecidedBy != "" {
			by = "decided by " + found.DecidedBy
		}
		for _, field := range []struct{ name, text string }{
			{"status", words(strings.ReplaceAll(string(found.Status), "_", " "), by)},
			{"control", joined(found.Methods)}, {"exploited", joined(found.Exploitation)},
		} {
			if field.text != "" {
				s.say("  %-9s %s", field.name, field.text)
			}
		}
	}
}

func since(d notice.Date) string {
	if d.IsZero() {
		return ""
	}
	return "since " + d.String()
}

func until(d notice.Date) string {
	if d.IsZero() {
		return ""
	}
	return "until " + d.String()
}

func speaks(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	return " (" + strings.Join(codes, ", ") + ")"
}

// words joins what is not empty with commas.
func words(list ...string) string {
	var out []string
	for _, w := range list {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

func joined[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = strings.ReplaceAll(string(w), "_", " ")
	}
	return strings.Join(out, ", ")
}
