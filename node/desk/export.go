package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/index"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
)

// ErrNoConsent is returned where a bureau has no consent of the origin that
// covers what it wants to export.
var ErrNoConsent = errors.New("the origin has not consented")

// ConsentTo returns the consent on which a bureau may export the current version,
// nil where it needs none: the origin itself, and what its handling lets out.
// asOf is as for [Case.Thread]. A consent that was given while the text was
// handled otherwise is none: the origin agreed to something else.
func (c *Case) ConsentTo(bureau string, e *notice.Export, asOf uint64) (*notice.ConsentLine, error) {
	if bureau == c.Bureau || !e.NeedsTwo() {
		return nil, nil
	}
	v := c.View
	if v == nil || e.Has(seal.Body) && v.Body == nil && v.Tally == nil {
		return nil, errors.New("nothing of it is open here")
	}
	why := c.keptBack(e, v)
	if why == "" {
		return nil, nil
	}
	list := c.Thread(asOf).ConsentFor(bureau, e.Format)
	for _, line := range list {
		if c.handledAlike(line.Answer.Index, v) {
			return line, nil
		}
	}
	if len(list) > 0 {
		return nil, fmt.Errorf("%w to an export of this version: since it consented, %s changed how the text may be used: %s", ErrNoConsent, c.Bureau, why)
	}
	return nil, fmt.Errorf("%w to an export: %s, and %s is not its origin %s", ErrNoConsent, why, bureau, c.Bureau)
}

// keptBack says why an export needs the consent of the origin, "" if it does not.
// What says how the victim's part may be used is the body.
func (c *Case) keptBack(e *notice.Export, v *notice.View) string {
	switch {
	case v.Body != nil:
		return v.Body.KeptBack()
	case e.Has(seal.Victim):
		return "the body, which says how it may be used, is not open"
	}
	return "" // a tally
}

// handledAlike reports whether the version that was current at an index is open
// here, and says of its use what v says.
func (c *Case) handledAlike(at uint64, v *notice.View) bool {
	for i := len(c.Versions) - 1; i >= 0; i-- {
		if c.Versions[i].Index > at {
			continue
		}
		then := c.Versions[i].View
		return then != nil && then.Body != nil && v.Body != nil && then.Body.Handling == v.Body.Handling && then.Body.TLP == v.Body.TLP
	}
	return false
}

// Alarms of an export: it counts, and breaks a rule. Whoever wrote the file did
// not use a desk that keeps the rules.
const (
	alarmSecond  = "WITHOUT A SECOND OFFICER"
	alarmVictim  = "THE VICTIM'S PART, BY NO PROTECTION OFFICER"
	alarmConsent = "WITHOUT THE CONSENT OF THE ORIGIN"
	alarmVersion = "OF A TEXT THAT IS NO VERSION OF THIS NOTICE"
)

// alarm says which rules an announced export breaks, "" if none.
func (c *Case) alarm(r *Reply, line *notice.ExportLine) string {
	var list []string
	e := r.Export
	if e.NeedsTwo() && r.Second == "" {
		list = append(list, alarmSecond)
	}
	if e.Has(seal.Victim) && r.Roles&ledger.RoleProtection == 0 {
		list = append(list, alarmVictim)
	}
	at := slices.IndexFunc(c.Versions, func(v Version) bool { return v.ID.String() == e.Version && v.Index < r.Index })
	switch {
	case at < 0:
		list = append(list, alarmVersion)
	case r.Bureau == c.Bureau || !e.NeedsTwo() || c.Versions[at].View == nil:
		// Its own text, a card, or nothing to judge it by.
	case c.keptBack(e, c.Versions[at].View) != "" && (line.Grant == nil || !c.handledAlike(line.Grant.Index, c.Versions[at].View)):
		list = append(list, alarmConsent)
	}
	return strings.Join(list, ", ")
}

// Second returns the label of a supervisor other than the author who signed an
// entry, "" if there is none. That further signers are of the author's bureau is
// the ledger's rule.
func (d *Desk) Second(e *ledger.Entry) (string, error) {
	for _, sig := range e.Signatures[1:] {
		k, err := state.ReadKey(d.store, sig.Key)
		if err != nil {
			return "", fmt.Errorf("read key %s: %w", sig.Key.Short(), err)
		}
		if k != nil && k.Use == state.UseSign && k.Roles&ledger.RoleSupervisor != 0 {
			return k.Label, nil
		}
	}
	return "", nil
}

// ErrSignerRevoked is returned for what must not be acted on, because a key that
// signed it was revoked since, or its bureau doubts what it signed.
var ErrSignerRevoked = errors.New("a key that signed it was revoked since")

// InForce returns [ErrSignerRevoked] for an announced export whose author's key was
// revoked since, or the keys of all supervisors who signed it too.
func (d *Desk) InForce(r *Reply) error {
	_, e, err := d.store.Entry(r.Index)
	if err != nil {
		return fmt.Errorf("read entry %d: %w", r.Index, err)
	}
	seconds, valid := 0, 0
	for i, sig := range e.Signatures {
		k, err := state.ReadKey(d.store, sig.Key)
		switch {
		case err != nil:
			return fmt.Errorf("read key %s: %w", sig.Key.Short(), err)
		case i == 0 && (k == nil || k.Distrusted()):
			return fmt.Errorf("%w: its author's", ErrSignerRevoked)
		case i == 0 || k == nil || k.Use != state.UseSign || k.Roles&ledger.RoleSupervisor == 0:
			continue
		}
		if seconds++; !k.Distrusted() {
			valid++
		}
	}
	if seconds > 0 && valid == 0 {
		return fmt.Errorf("%w: the supervisor's, %s", ErrSignerRevoked, r.Second)
	}
	return nil
}

// OpenReplyDraft returns what the keys of this desk open of a draft that is an
// answer, nil if nothing. One that would be void, whatever it answers, is refused.
func (d *Desk) OpenReplyDraft(it ledger.Item) (*notice.Reply, error) {
	parts, o, err := d.openItem(it)
	if err != nil {
		return nil, fmt.Errorf("open draft: %w", err)
	}
	r, err := notice.OpenReply(o, parts)
	if err != nil {
		return nil, fmt.Errorf("open draft: %w", err)
	}
	if r != nil {
		created := time.Unix(int64(it.Entry.Statement.Created), 0).UTC()
		if err := errors.Join(r.Validate(created), d.onlyReaders(it, func(seal.Compartment) notice.Readers { return r.Readers })); err != nil {
			return nil, fmt.Errorf("open draft: %w", err)
		}
	}
	return r, nil
}

// Disclose makes the exhibit of an entry with the content keys of these parts of
// its body: of a version of a notice, given the case, or of an answer. What it
// returns opens those parts for everybody.
func (d *Desk) Disclose(ctx context.Context, c *client.Client, k *Case, entry uint64, parts ...seal.Compartment) (*ledger.Disclosure, error) {
	out, err := d.disclose(ctx, c, k, entry, parts)
	if err != nil {
		return nil, fmt.Errorf("disclose entry %d: %w", entry, err)
	}
	return out, nil
}

func (d *Desk) disclose(ctx context.Context, c *client.Client, k *Case, entry uint64, parts []seal.Compartment) (*ledger.Disclosure, error) {
	x, err := d.Exhibit(ctx, c, entry)
	if err != nil {
		return nil, err
	}
	_, body, err := d.sealed(entry)
	if err != nil {
		return nil, err
	}
	ids := d.opener.keys()
	opened, err := d.openParts(x.Item.Entry, body, ids)
	if err != nil {
		return nil, err
	}
	granted, err := d.granted(k, body, x.Item.Entry, ids)
	if err != nil {
		return nil, err
	}
	opened = append(opened, granted...)
	out := &ledger.Disclosure{Exhibit: x}
	for _, p := range parts {
		at := slices.IndexFunc(opened, func(o seal.Opened) bool { return o.Compartment == p })
		if at < 0 {
			return nil, fmt.Errorf("its %s is not open here", p)
		}
		out.Keys = append(out.Keys, ledger.DisclosedKey{Compartment: p, Key: opened[at].Disclose()})
	}
	_, err = out.Open() // what does not verify is not returned
	return out, err
}

// granted opens what later grants open of a body of the case.
func (d *Desk) granted(k *Case, body *seal.Sealed, e *ledger.Entry, ids identities) (list []seal.Opened, err error) {
	var known *index.Notice
	if err := d.withIndex(func(ix *index.Index) error { known, err = ix.Notice(k.Index); return err }); err != nil || known == nil {
		return nil, err
	}
	about, err := d.docket(k.Index, known.Events)
	if err != nil {
		return nil, err
	}
	for _, i := range about.grants {
		by, grants, err := d.signed(i)
		if err != nil {
			continue // a purged grant opens nothing more
		}
		if more, err := d.openGranted(e, body, by, grants, ids); err == nil {
			list = append(list, more...)
		}
	}
	return list, nil
}
