package cli

import (
	"errors"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/node/desk"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

// purposeFlag is that of commands that hand out what was opened of a notice.
func purposeFlag() cli.Flag {
	return &cli.StringFlag{Name: "purpose", Usage: "why you read it, for the read log: `TEXT` of one line (default: for the case itself)"}
}

// casePurpose is the purpose of who names none: the case itself, by its id. Its
// author's reference is sealed, and the log holds nothing that is.
func casePurpose(id ledger.ID) string { return "case " + id.String()[:12] }

// recordRead writes into the read log of this home who is about to be shown
// what the keys here open of each case, beyond its card. What cannot be recorded
// must not be shown.
func (s *session) recordRead(how readlog.How, purpose string, cases ...*desk.Case) (err error) {
	if s.remote != nil {
		return nil // the desk has recorded it
	}
	var reads []readlog.Read
	for _, k := range cases {
		parts := k.Parts()
		if parts&^readlog.PartsOf(seal.Card) == 0 {
			continue
		}
		r := readlog.Read{Officer: s.access.ID(), Label: s.label, How: how, Parts: parts, Notice: k.ID,
			Entry: k.Versions[len(k.Versions)-1].Index, Purpose: purpose}
		if purpose == "" {
			r.Purpose = casePurpose(k.ID)
		}
		reads = append(reads, r)
	}
	if len(reads) == 0 {
		return nil
	}
	if err := readlog.CheckPurpose(reads[0].Purpose); err != nil {
		return usagef("--purpose: %s", err)
	}
	l, err := readlog.Open(s.home.ReadLog(), readlog.Origin{Ledger: s.genesis.Ledger, Bureau: s.home.Bureau()}, time.Now())
	if err != nil {
		return hint(err, "nothing is shown that cannot be recorded; see: comity readlog verify")
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for len(reads) > 0 {
		n := min(len(reads), readlog.MaxReads)
		if _, err := l.Append(time.Now(), reads[:n]...); err != nil {
			return hint(err, "nothing is shown that cannot be recorded; see: comity readlog verify")
		}
		reads = reads[n:]
	}
	return nil
}
