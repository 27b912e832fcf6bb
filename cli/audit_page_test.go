package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/audit"
)

func at(i uint64) *uint64 { return &i }

// lanternTide is a report as an auditor gets it after an exercise.
func lanternTide() *audited {
	r := &audit.Report{
		Verdict: audit.Remarked, Ledger: ledger.Hash{0x6d, 0x7c, 31: 1}, Name: "Lantern Tide", Exercise: true,
		Digest: ledger.Hash{0xa9, 0x4a, 31: 2}, Bytes: 812_345,
		Entries: 1284, Since: 0, Head: ledger.Checkpoint{Origin: "comity/6d7c000000000000", Size: 1284, Root: ledger.Hash{0xd9, 0x0b, 31: 3}},
		Cosigners: []string{"XA", "XB", "XC", "XD"}, Quorum: 4, Members: 5,
		Earliest: time.Date(2027, 3, 10, 9, 0, 0, 0, time.UTC), Latest: time.Date(2027, 3, 14, 9, 59, 0, 0, time.UTC),
		Checks: []audit.Check{
			{Question: "Is it the ledger that you named, founded by every bureau of its charter?", Checked: 5},
			{Question: "Was each entry signed by a key that its bureau had enrolled, and not revoked, at that place?", Checked: 1284},
			{Question: "Was each author allowed, at that place, to do what the entry does?", Checked: 1284},
			{Question: "Is the sequence complete, 0 to 1,283, with no entry changed, moved, added or removed?", Checked: 1284},
			{Question: "Do each officer's own statements follow each other without a gap?", Checked: 1284},
			{Question: "Is every head in the file signed by enough bureaus (4 of 5), and one of this same history?", Checked: 160},
			{Question: "Does it extend the heads that you kept from earlier audits?", Checked: 1},
			{Question: "Was every key enrolled and revoked by the root of its own bureau?", Checked: 36},
			{Question: "Is each sealed text in the file the one that was signed?"},
		},
		Findings: []audit.Finding{
			{Entry: at(1263), What: "Not acknowledged for 26 h", Why: "XE sealed a notice to XB; the charter asks for an answer in 24 h."},
			{Entry: at(877), What: "Review date passed", Why: "XC's notice was due for review on 2 March; its keys still exist."},
		},
		NotChecked: []string{
			"The content of 41 entries: you hold no key to them. Their author, time, size, readers and signature were checked.",
			"Whether what a bureau wrote is true. A signature proves who said it, not that it is so.",
			"Anything after entry 1,283, the last head that a quorum signed.",
			"Clocks: times are each bureau's own. Order is proven; clock time is not.",
		},
		Epochs: []audit.Change{{Number: 1, Entry: 310, What: "XE joined"}, {Number: 2, Entry: 322, What: "XE became a voter"},
			{Number: 3, Entry: 1001, What: "after the quorum of nodes was lost, a quorum of the roots went on from here: XA got a new node, XB got a new node, XF was removed; what had been entry 1,001 and above was cut", Recovered: true}},
		Bureaus: []audit.Count{{Code: "XA", Name: "Aldermoor", Entries: 318}, {Code: "XB", Name: "Brackwater", Entries: 241}, {Code: "XC", Name: "Corvane", Entries: 266}, {Code: "XD", Name: "Dunmarsh", Entries: 289}, {Code: "XE", Name: "Estmere", Entries: 170}},
		Kinds: []audit.Count{{Name: "Acknowledgement", Entries: 497}, {Name: "Inspection tally", Entries: 412}, {Name: "Intercepted at checkpoint", Entries: 131},
			{Name: "Method of operation", Entries: 74}, {Name: "Missing person", Entries: 61}, {Name: "Wanted person", Entries: 57}, {Name: "Person located", Entries: 38}, {Name: "Governance", Entries: 14}},
		Keys: []audit.RootKey{{Bureau: "XA", Name: "Aldermoor", Fingerprint: ledger.ID{0x7f}, Trust: "in the charter that you gave"}, {Bureau: "XB", Name: "Brackwater", Fingerprint: ledger.ID{0xc0}, Trust: "in the charter that you gave"},
			{Bureau: "XC", Name: "Corvane", Fingerprint: ledger.ID{0x41}, Trust: "in the charter that you gave"}, {Bureau: "XD", Name: "Dunmarsh", Fingerprint: ledger.ID{0xb6}, Trust: "in the charter that you gave"}, {Bureau: "XE", Name: "Estmere", Fingerprint: ledger.ID{0x09}, Trust: "in the charter that you gave"}},
		Anchor: &audit.Anchor{Size: 902, Root: ledger.Hash{1, 2, 3}, At: time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)},
	}
	return &audited{Report: r, file: "lantern-tide.cbundle", trusted: "it is the one of your earlier audits, in auditor.anchors", at: time.Date(2027, 3, 14, 10, 2, 0, 0, time.UTC),
		command: []string{"comity", "audit", "lantern-tide.cbundle", "--anchors", "auditor.anchors", "--since", "902", "--report", "report.html"}}
}

// forgedReport has every failure that fits, of a bureau with a hostile name.
func forgedReport() *audited {
	a := lanternTide()
	a.Verdict, a.file = audit.Forged, "a'b <x>.cbundle"
	a.Name = "<script>alert(1)</script>\u202eediT\u202c \"Lantern\" & \x1b[2J"
	a.Checks[1].Failed = 130
	for i := range audit.MaxFailures {
		a.Failures = append(a.Failures, audit.Failure{Entry: at(uint64(877 + i)), Bureau: "XC",
			What: "the text was changed after signing (digest 91c0aa3355de40b8 in the file, 5be20f4871ecd952 signed)", Do: "Do not act on it. Ask XC for it again and keep this file as evidence."})
	}
	a.Failures[0] = audit.Failure{What: "the head is of another history\u2066 <b>"}
	for i := range a.Bureaus {
		a.Bureaus[i].Name, a.Keys[i].Name = fmt.Sprintf("محمد \u202e<img src=x onerror=alert(%d)>%0200d", i, i), "名\u200b</td>\u2028"
	}
	return a
}

// unknownReport is right in itself.
func unknownReport() *audited {
	a := lanternTide()
	a.Verdict, a.Findings, a.Anchor, a.trusted = audit.CannotTell, nil, nil, ""
	a.settle = []string{"comity", "audit", "lantern-tide.cbundle", "--ledger", "6d7c000000000000000000000000000000000000000000000000000000000001"}
	return a
}

// samples are reports with each of the verdicts.
func samples() map[string]*audited {
	plain := lanternTide()
	plain.Verdict, plain.Findings, plain.Exercise, plain.explain = audit.Authentic, nil, false, true
	return map[string]*audited{"authentic": plain, "remarked": lanternTide(), "forged": forgedReport(), "unknown": unknownReport()}
}

// TestPageSamples writes the samples to a folder, for a person to look at.
func TestPageSamples(t *testing.T) {
	dir := os.Getenv("COMITY_TEST_SAMPLES")
	if dir == "" {
		t.Skip("COMITY_TEST_SAMPLES names no folder")
	}
	for name, a := range samples() {
		data, err := a.page()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".html"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
