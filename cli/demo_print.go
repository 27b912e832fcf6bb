package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"comity/testnet"

	"github.com/rivo/uniseg"
)

// demoPrinter puts what happens in a demo into lines, or with --json into one
// JSON object a line.
type demoPrinter struct {
	*terminal
	dir    string
	verb   string // how comity is started here
	option string // " --dir FOLDER" where it is not the usual one

	nodes     int    // of the consortium
	word, sgr string // a word to colour in the next line

	begun bool
	live  bool      // a person is looking: show progress
	shown bool      // a progress line is on the screen
	last  time.Time // when it was shown
}

// demoWidth is where times at the right end.
const demoWidth = 79

const (
	exercise  = "synthetic data; five bureaus on this machine; nothing leaves it."
	neverHere = "Never put a real case here: one machine holds all five bureaus' keys, unlocked."
)

// begin prints, before all else, what this is.
func (p *demoPrinter) begin() {
	if p.begun {
		return
	}
	p.begun = true
	p.clear()
	if p.asJSON {
		p.object("exercise", map[string]string{"text": exercise, "dir": p.dir})
		return
	}
	fmt.Fprintf(p.stdout, "%s  %s\n\n", p.paint(yellow, "EXERCISE"), exercise)
}

// event prints what has happened. It is called for one event at a time.
func (p *demoPrinter) event(e testnet.DemoEvent) {
	if progress, ok := e.(testnet.DemoProgress); ok {
		p.progressed(progress)
		return
	}
	p.begin()
	if p.asJSON {
		p.object(e.Event(), e)
		return
	}
	p.clear()
	switch e := e.(type) {
	case testnet.DemoKeys:
		p.step(1, "Keys", fmt.Sprintf("%s, %s", plural(e.Bureaus, "bureau", "bureaus"), plural(e.Officers, "officer", "officers")), e.Seconds)
	case testnet.DemoConsortium:
		p.consortium(e)
	case testnet.DemoOperation:
		p.step(3, "Operation", fmt.Sprintf("%s: %d hours, played at up to %.3g hours a second", e.Name, e.Hours, e.HoursPerSecond), 0)
		if e.Before > 0 {
			p.more("goes on; %s there already", plural(e.Before, "notice is", "notices are"))
		}
	case testnet.DemoTally:
		p.scene(e.DemoMoment, e.Bureau, "TALLY", fmt.Sprintf("%s at %s", plural(e.Inspections, "inspection", "inspections"), plural(e.Hotspots, "hotspot", "hotspots")), "for "+strings.Join(e.Readers, " "))
	case testnet.DemoCase:
		p.child(e)
	case testnet.DemoSealed:
		p.under(fmt.Sprintf("%s open and find nothing; kind %s", strings.Join(e.Bureaus, " "), e.Kind))
	case testnet.DemoInbox:
		p.scene(e.DemoMoment, e.For, "INBOX", fmt.Sprintf("%s  %s: number %d of %s", e.Reference, e.Task, e.Place, count(e.Tasks)), "")
	case testnet.DemoScan:
		p.scene(e.DemoMoment, e.Bureau, "CHECK", fmt.Sprintf("passport scan: hit on %s", e.Reference), duration(e.Seconds))
		p.under(fmt.Sprintf("by %s, as of entry %s", e.Why, count(e.AsOf)))
		p.under(e.Sentence)
	case testnet.DemoAnswer:
		text := e.Text
		if text == "" {
			text = later(e.After)
		}
		if e.Allowed > 0 {
			text += fmt.Sprintf("; %.0f were allowed", e.Allowed)
		}
		p.scene(e.DemoMoment, e.Bureau, strings.ToUpper(e.Act), e.Reference+"  "+text, "")
	case testnet.DemoPurged:
		p.scene(e.DemoMoment, e.Bureau, "PURGE", fmt.Sprintf("%s  signed by %s", e.Reference, plural(e.Signers, "officer", "officers")), "")
		p.under(fmt.Sprintf("%d of %d nodes destroyed its texts within %s", len(e.Nodes), p.nodes, duration(e.Seconds)))
		p.under(gone(e))
	case testnet.DemoStopped:
		p.aside(e.DemoMoment, fmt.Sprintf("we stop %s, the leader. %s leads after %s", e.Bureau, e.Leader, duration(e.Seconds)), "")
	case testnet.DemoReturned:
		p.aside(e.DemoMoment, fmt.Sprintf("%s returns and catches up: %s in %s", e.Bureau, plural(e.Entries, "entry", "entries"), duration(e.Seconds)), "")
	case testnet.DemoPlayed:
		p.aside(e.DemoMoment, fmt.Sprintf("%s approved by %s each; %s", plural(e.Reviewed, "notice", "notices"), plural(e.Reviewers, "other bureau", "other bureaus"), waits(e.Waiting)), "")
		p.aside(e.DemoMoment, fmt.Sprintf("%s: %s at %s", plural(e.Tallies, "tally", "tallies"), plural(e.Inspections, "inspection", "inspections"), plural(e.Hotspots, "hotspot", "hotspots")), duration(e.Seconds))
	case testnet.DemoChecked:
		p.checked(e)
	}
}

func (p *demoPrinter) consortium(e testnet.DemoConsortium) {
	p.nodes = len(e.Nodes)
	first, last := e.Nodes[0], e.Nodes[p.nodes-1]
	_, port, _ := net.SplitHostPort(last.Address)
	p.step(2, "Consortium", fmt.Sprintf("%s %s %s ... %s %s :%s", first.Bureau, first.Name, first.Address, last.Bureau, last.Name, port), e.Seconds)
	enrolled := ""
	if e.Enrolled > 0 {
		enrolled = fmt.Sprintf("; %s enrolled", plural(e.Enrolled, "key", "keys"))
	}
	p.more("charter signed by %d of %d%s; %s leads", e.Signed, p.nodes, enrolled, e.Leader)
	if e.Played {
		p.step(3, "Operation", fmt.Sprintf("resumed with %s; nothing is played twice", plural(e.Entries, "entry", "entries")), 0)
	}
}

func (p *demoPrinter) child(e testnet.DemoCase) {
	who := "a person"
	if e.Minor {
		who = "a minor"
	}
	p.scene(e.DemoMoment, e.Bureau, strings.ToUpper(e.Colour), e.Reference+"  "+who, "for "+strings.Join(e.Readers, " "))
	p.under(fmt.Sprintf("signed by %s, FINAL after %s", plural(e.Signers, "officer", "officers"), duration(e.Seconds)))
}

// gone says what is left of what was purged.
func gone(e testnet.DemoPurged) string {
	if e.Given+e.Opened+e.Hits+e.Found > 0 {
		return fmt.Sprintf("it is still given by %d, opened by %d, hit %d and found %d times", e.Given, e.Opened, e.Hits, e.Found)
	}
	return "no key opens it, no check hits it; proof holds"
}

func waits(n int) string {
	switch n {
	case 0:
		return "none waits"
	case 1:
		return "1 waits"
	}
	return count(n) + " wait"
}

// checked prints what was found, and nothing that was not.
func (p *demoPrinter) checked(e testnet.DemoChecked) {
	verdict, sgr := "OK", green
	if len(e.Problems) > 0 {
		verdict, sgr = "FAILED", red
	}
	p.paintNext(verdict, sgr)
	purged := ""
	if e.Purged > 0 {
		purged = fmt.Sprintf(", %s purged", count(e.Purged))
	}
	p.step(4, "Check", fmt.Sprintf("%s: %s, %s good%s", verdict, plural(e.Entries, "entry", "entries"), plural(e.Signatures, "signature", "signatures"), purged), e.Seconds)
	for _, text := range e.Problems {
		p.more("%s", text)
	}
	p.more("%s at their place at %d of %d nodes", plural(e.Acknowledged, "acknowledged statement", "acknowledged statements"), len(e.Placed), p.nodes)
	p.more("%d of %d bureaus hold head %s", len(e.Agree), p.nodes, e.Root.Short())
	p.more("cosigned by %s; %d needed", orNone(e.Cosigners), e.Needed)
}

// next says how to go on. child is the id of the notice on the child.
func (p *demoPrinter) next(once bool, child string) {
	if child == "" {
		child = "LT-0301" // played by a version that purged nothing
	}
	commands := [][2]string{
		{"demo use XA" + p.option, "be an officer of Aldermoor"},
		{fmt.Sprintf("notice show %.12s", child), "what is left of the child's case"},
		{"audit --explain", "what the audit asked, and did not ask"},
		{"status", "how Aldermoor's node is doing"},
		{"demo use XC" + p.option, "be one of Corvane: all of it is sealed"},
	}
	if p.asJSON {
		var list []string
		for _, c := range commands {
			list = append(list, p.verb+" "+c[0])
		}
		if !once {
			p.object("running", map[string]any{"next": list})
		}
		return
	}
	p.clear()
	p.say("")
	if once {
		p.say("%s keeps it running; %s removes it.", p.again(""), p.again("--clean"))
		p.say("%s", neverHere)
		return
	}
	width := 0
	for _, c := range commands {
		width = max(width, len(c[0]))
	}
	where := ""
	if p.verb == "go run ." {
		where = ", in this folder"
	}
	p.say("Still running. In a second terminal%s:", where)
	for _, c := range commands {
		p.say("   %s %-*s  %s", p.verb, width, c[0], c[1])
	}
	p.say("Ctrl-C stops it; %s resumes; %s removes it.", p.again(""), p.again("--clean"))
	p.say("%s", neverHere)
}

// step prints the first line of a numbered step.
func (p *demoPrinter) step(n int, name, text string, seconds float64) {
	right := ""
	if seconds > 0 {
		right = duration(seconds)
	}
	p.line(fmt.Sprintf("%d  %-12s %s", n, name, visible(text)), right)
}

// more prints a further line of a step.
func (p *demoPrinter) more(format string, args ...any) { p.say("                "+format, args...) }

// scene prints an act of a bureau.
func (p *demoPrinter) scene(m testnet.DemoMoment, who, act, text, right string) {
	switch act {
	case "YELLOW":
		p.paintNext(act, yellow)
	case "OUTCOME":
		p.paintNext(act, green)
	}
	p.line(fmt.Sprintf("   day %d %s  %-2s  %-8s  %s", m.Day, m.Clock, visible(who), visible(act), visible(text)), right)
}

// aside prints what no bureau did.
func (p *demoPrinter) aside(m testnet.DemoMoment, text, right string) {
	p.line(fmt.Sprintf("   day %d %s  --  %s", m.Day, m.Clock, visible(text)), right)
}

// under prints what belongs to the act above, on as many lines as it needs.
func (p *demoPrinter) under(text string) {
	const indent = 30
	line := ""
	for _, word := range strings.Fields(visible(text)) {
		if line != "" && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > demoWidth-indent {
			p.line(strings.Repeat(" ", indent)+line, "")
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	p.line(strings.Repeat(" ", indent)+line, "")
}

// paintNext colours a word of ours in the next line.
func (p *demoPrinter) paintNext(word, sgr string) { p.word, p.sgr = word, sgr }

// line prints a line with something at its right end.
func (p *demoPrinter) line(left, right string) {
	if right != "" {
		left += strings.Repeat(" ", max(1, demoWidth-uniseg.StringWidth(left)-uniseg.StringWidth(right))) + visible(right)
	}
	if p.word != "" {
		left = strings.Replace(left, p.word, p.paint(p.sgr, p.word), 1)
		p.word = ""
	}
	fmt.Fprintln(p.stdout, left)
}

// wait shows what is being waited for, if a person is looking.
func (p *demoPrinter) wait(what string) {
	if p.live {
		p.clear()
		fmt.Fprintf(p.stderr, "   %s ...", what)
		p.shown = true
	}
}

// progressed shows how far the play is, if a person is looking.
func (p *demoPrinter) progressed(e testnet.DemoProgress) {
	const width = 40
	if !p.live || time.Since(p.last) < 40*time.Millisecond {
		return
	}
	p.clear()
	done := width * e.Sent / max(e.Of, 1)
	fmt.Fprintf(p.stderr, "   day %d %s  %s%s  %s of %s", e.Day, e.Clock, p.paint(green, strings.Repeat("━", done)), strings.Repeat("─", width-done), count(e.Sent), count(e.Of))
	p.shown, p.last = true, time.Now()
}

// clear takes the progress line off the screen.
func (p *demoPrinter) clear() {
	if p.shown {
		fmt.Fprint(p.stderr, "\r\x1b[2K")
		p.shown = false
	}
}

// object prints one JSON object on a line.
func (p *demoPrinter) object(event string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic("cli: demo event: " + err.Error())
	}
	rest := append([]byte{','}, data[1:]...)
	if string(data) == "{}" {
		rest = data[1:]
	}
	fmt.Fprintf(p.stdout, "{\"event\":%q%s\n", event, escapeJSON(rest))
}

// duration writes seconds as people read them.
func duration(seconds float64) string {
	if seconds < 0.095 {
		return fmt.Sprintf("%.0f ms", max(1, seconds*1000))
	}
	return fmt.Sprintf("%.1f s", seconds)
}

// later writes minutes between two acts.
func later(minutes float64) string {
	n := int(minutes + 0.5)
	if n >= 120 {
		return plural(n/60, "hour", "hours") + " later"
	}
	return plural(n, "minute", "minutes") + " later"
}
