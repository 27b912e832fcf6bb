package cli

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "look for what is wrong with this bureau's node, and say what to do",
		Description: "Looks at the settings, the keys' files, the disk, the clocks, the own node and the way to every\n" +
			"other one, from this machine. The exit code is 4 when something wants a person.\n\n" +
			"Example: comity doctor",
		Action: t.doctor,
	}
}

// diagnosis is one thing that was looked at.
type diagnosis struct {
	What  string `json:"what"` // one word
	Good  bool   `json:"good"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

func good(what, format string, args ...any) diagnosis {
	return diagnosis{What: what, Good: true, Found: fmt.Sprintf(format, args...)}
}

func bad(what, do, format string, args ...any) diagnosis {
	return diagnosis{What: what, Do: do, Found: fmt.Sprintf(format, args...)}
}

// nodeAnswer is what one bureau's node said, and when.
type nodeAnswer struct {
	member *ledger.Member
	status *wire.Status
	err    error
	off    time.Duration // its clock, against the one here
	unsure time.Duration // as much as the answer took
}

const (
	doctorPatience = 5 * time.Second
	clockTolerance = time.Second // less than anything that a node refuses
	diskLow        = 1 << 30     // bytes
	keyOld         = 2 * 365 * 24 * time.Hour
	diskSoon       = 30 // days
)

func (t *terminal) doctor(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.examine(c.Context)
	if err != nil {
		return err
	}
	wrong := 0
	for _, d := range list {
		if !d.Good {
			wrong++
		}
	}
	if t.asJSON {
		err = t.document(list)
	} else {
		s.tellDiagnoses(list, wrong)
	}
	if err == nil && wrong > 0 {
		err = errFindings
	}
	return err
}

func (s *session) tellDiagnoses(list []diagnosis, wrong int) {
	for _, d := range list {
		word := s.paint(green, "ok  ")
		if !d.Good {
			word = s.paint(red, "LOOK")
		}
		s.put(word + "  " + visible(fmt.Sprintf("%-9s %s", d.What, d.Found)))
		if d.Do != "" {
			s.put("                " + visible("do: "+d.Do))
		}
	}
	if wrong == 0 {
		s.say("Nothing is wrong with the node of %s, as far as this machine sees.", s.bureau(s.home.Bureau()))
	} else {
		s.say("%s to look at.", plural(uint64(wrong), "thing", "things"))
	}
}

// examine looks at everything, the nearest first.
func (s *session) examine(ctx context.Context) (list []diagnosis, err error) {
	found, err := configFindings(s.home)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		list = append(list, bad("settings", "comity config print shows what counts and where it comes from", "%s", f))
	}
	if len(found) == 0 {
		list = append(list, good("settings", "good, and as the charter says"))
	}
	keys, err := s.examineKeys()
	if err != nil {
		return nil, err
	}
	answers := s.askAll(ctx)
	list = append(append(list, keys...), s.examineRoot()...)
	list = append(list, s.examineClock(answers))
	for _, a := range answers {
		if a.member.Code == s.home.Bureau() {
			list = append(list, s.examineOwn(a, answers)...)
		}
	}
	for _, a := range answers {
		if a.member.Code != s.home.Bureau() {
			list = append(list, s.examinePeer(a))
		}
	}
	return list, nil
}

// examineKeys looks at who may read the files of keys, and at their age. Nothing
// ends because a key is old.
func (s *session) examineKeys() (list []diagnosis, err error) {
	oldest, open := time.Now(), []string{}
	for _, folder := range []string{"keys", "officers"} {
		err := filepath.WalkDir(filepath.Join(s.home.Dir(), folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".pub") {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				open = append(open, path)
			}
			if info.ModTime().Before(oldest) {
				oldest = info.ModTime()
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look at the keys: %w", err)
		}
	}
	for _, path := range open {
		list = append(list, bad("keys", "chmod 600 "+shellWord(path), "others on this machine can reach %s", path))
	}
	switch age := time.Since(oldest); {
	case age > keyOld:
		list = append(list, bad("keys", "plan to change it; it goes on working", "the oldest is of %s", oldest.UTC().Format(time.DateOnly)))
	case len(open) == 0:
		list = append(list, good("keys", "only their owner reaches them; the oldest is of %s", oldest.UTC().Format(time.DateOnly)))
	}
	return list, nil
}

// askAll asks every node at once, and does not wait for those that hang.
func (s *session) askAll(ctx context.Context) []nodeAnswer {
	members := s.genesis.Members()
	out := make([]nodeAnswer, len(members))
	var wg sync.WaitGroup
	for i := range members {
		a := &out[i]
		a.member = &members[i]
		wg.Go(func() {
			c, err := s.home.ClientOf(a.member.Code, s.access)
			if err != nil {
				a.err = err
				return
			}
			defer c.Close()
			ctx, cancel := context.WithTimeout(ctx, doctorPatience)
			defer cancel()
			if _, a.err = c.Status(ctx); a.err != nil { // connects
				return
			}
			before := time.Now()
			a.status, a.err = c.Status(ctx)
			a.unsure = time.Since(before)
			if a.err == nil {
				a.off = time.UnixMilli(a.status.Clock).Sub(before.Add(a.unsure / 2))
			}
		})
	}
	wg.Wait()
	return out
}

// examineClock compares the clock here with those of all nodes that answered.
func (s *session) examineClock(answers []nodeAnswer) diagnosis {
	var off []string
	answered := 0
	for _, a := range answers {
		if a.err != nil {
			continue
		}
		answered++
		if a.off.Abs() > clockTolerance+a.unsure {
			word := "ahead of"
			if a.off < 0 {
				word = "behind"
			}
			off = append(off, fmt.Sprintf("%s is %s %s this machine", a.member.Code, a.off.Abs().Round(time.Second/10), word))
		}
	}
	switch {
	case answered == 0:
		return bad("clock", "see below", "no node answers to compare with")
	case len(off) == 0:
		return good("clock", "within %s of %s", clockTolerance, plural(uint64(answered), "node", "nodes"))
	case len(off) == answered && answered > 1:
		return bad("clock", "set this machine's: chronyc tracking, or timedatectl", "it is this one that is wrong: %s", strings.Join(off, ", "))
	}
	return bad("clock", "tell its operator; a leader whose clock is wrong is refused by the others", "%s", strings.Join(off, ", "))
}

// examineOwn looks at what the own node says, and holds it against what others hold.
func (s *session) examineOwn(a nodeAnswer, all []nodeAnswer) (list []diagnosis) {
	if a.err != nil {
		return []diagnosis{bad("node", "is it running? journalctl -u comity-node says why not; else look at listen and the firewall", "%v", cause(a.err))}
	}
	st := a.status
	if st.Ready {
		list = append(list, good("node", "serves; FINAL: %s", finality(st)))
	} else {
		list = append(list, bad("node", "wait if it catches up; else its log says more", "not ready: %s", st.NotReady))
	}
	ahead := credible(a, all)
	switch {
	case st.Muted != "":
		list = append(list, bad("rollback", "find out which old copy was put back, or who had the keys, and tell the other bureaus", "the node does not cosign: %s", st.Muted))
	case st.Size < ahead:
		list = append(list, bad("rollback", "wait, and look again; if it stands still: comity node repair", "its ledger has %s, and %s are FINAL elsewhere", plural(st.Size, "entry", "entries"), count(ahead)))
	default:
		list = append(list, good("rollback", "it holds all that the others say is FINAL"))
	}
	for _, alarm := range st.Alarms {
		list = append(list, bad("alarm", "comity status has all of it", "%s", alarm))
	}
	return append(list, s.examineDisk(st))
}

// credible returns how many entries are FINAL elsewhere, by what so many say that
// one of them at least is honest.
func credible(own nodeAnswer, all []nodeAnswer) uint64 {
	var sizes []uint64
	for _, b := range all {
		if b.err == nil && b.member.Code != own.member.Code {
			sizes = append(sizes, b.status.FinalSize)
		}
	}
	slices.Sort(sizes)
	if f := (len(all) - 1) / 3; f < len(sizes) {
		return sizes[len(sizes)-1-f]
	}
	return 0
}

// examineDisk says how long the disk lasts, if the ledger grows as it did so far.
func (s *session) examineDisk(st *wire.Status) diagnosis {
	if st.DiskBytes < 0 || st.DiskFree < 0 {
		return good("disk", "the node cannot tell on its system how much is free")
	}
	age := time.UnixMilli(st.Clock).Sub(time.Unix(int64(s.genesis.Charter.Created), 0)).Hours() / 24
	days := 1e9
	if age > 1 && st.DiskBytes > 0 {
		days = float64(st.DiskFree) / (float64(st.DiskBytes) / age)
	}
	left := fmt.Sprintf("%s used, %s free", size(st.DiskBytes), size(st.DiskFree))
	if days < 100*365 {
		left += fmt.Sprintf(": enough for %s days as it grew so far", count(uint64(days)))
	}
	if st.DiskFree < diskLow || days < diskSoon {
		return bad("disk", "make room now: a node whose disk is full stops", "%s", left)
	}
	return good("disk", "%s", left)
}

func (s *session) examinePeer(a nodeAnswer) diagnosis {
	what := "to " + a.member.Code
	if a.err != nil {
		return bad(what, "ask the operator of "+s.bureau(a.member.Code)+"; if theirs runs, look at the networks between", "%v", cause(a.err))
	}
	switch st := a.status; {
	case st.Muted != "":
		return bad(what, "tell every bureau", "its node does not cosign: %s", st.Muted)
	case !st.Ready:
		return bad(what, "its operator sees the same", "answers in %s and is not ready: %s", a.unsure.Round(100*time.Microsecond), st.NotReady)
	case st.Version != buildVersion().Version:
		return good(what, "answers in %s; it runs version %s, here it is %s", a.unsure.Round(100*time.Microsecond), st.Version, buildVersion().Version)
	default:
		return good(what, "answers in %s; %s", a.unsure.Round(100*time.Microsecond), plural(st.Size, "entry", "entries"))
	}
}
