package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"comity/ledger/audit"
	"comity/testnet"
)

// demoAudited is what an audit of a demo's ledger came to, for programs.
type demoAudited struct {
	From     string   `json:"from"` // bureau whose node gave the bundle
	Verdict  string   `json:"verdict"`
	Entries  uint64   `json:"entries"`
	Checks   int      `json:"checks"`
	Failed   int      `json:"failed"` // of the checks
	Findings []string `json:"findings"`
	Seconds  float64  `json:"seconds"`
}

// audit has the ledger audited as an auditor would: from the bundle that a node
// hands out, with nothing but the ledger id. A bad verdict is an error.
func (p *demoPrinter) audit(ctx context.Context, d *testnet.Demo, from string) error {
	began := time.Now()
	cl, err := d.Operator(from)
	if err != nil {
		return err
	}
	s := &session{terminal: p.terminal, genesis: d.Genesis(), client: cl}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	made := make(chan struct{})
	go func() { // ends when the reading end is closed, if not before
		defer close(made)
		_, err := s.bundle(ctx, w, ^uint64(0), true, func(uint64, uint64) {})
		w.CloseWithError(err)
	}()
	report, err := audit.Run(ctx, r, audit.Trust{Ledger: &s.genesis.Ledger}, audit.Options{})
	cancel()
	r.Close()
	<-made
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	a := &audited{Report: report}
	e := demoAudited{From: from, Verdict: a.verdictName(), Entries: report.Entries, Checks: len(report.Checks), Findings: []string{}, Seconds: time.Since(began).Seconds()}
	for _, c := range report.Checks {
		if answer(c) != "yes" {
			e.Failed++
		}
	}
	for _, f := range report.Findings {
		e.Findings = append(e.Findings, f.What)
	}
	p.audited(e)
	if report.Verdict != audit.Authentic && report.Verdict != audit.Remarked {
		return hint(fmt.Errorf("the audit failed: %s", a.headline()), "comity audit says what is wrong")
	}
	return nil
}

// audited prints what an audit came to.
func (p *demoPrinter) audited(e demoAudited) {
	if p.asJSON {
		p.object("audited", e)
		return
	}
	p.clear()
	text := fmt.Sprintf("audit of a bundle of %s: %s of %s answered yes", e.From, count(e.Checks-e.Failed), plural(e.Checks, "question", "questions"))
	if n := len(e.Findings); n > 0 {
		text += ", " + plural(n, "finding", "findings")
	}
	p.line("                "+visible(text), duration(e.Seconds))
}
