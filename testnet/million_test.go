package testnet

import (
	"bufio"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/desk/readlog"
)

// TestNetMillion measures the desk of a bureau with COMITY_MILLION notices in its
// replica: how long it takes to index them, in how much memory, and how fast it
// and the program's check --stdin answer. With COMITY_CARDS=1 notices have no body,
// which halves the time. ledger/index/BENCH.md says what came out.
//
// Real are the homes, keys, charter and the program; each notice, its own, sealed
// in card and body for XB with one grant each, signed by an officer of XA, judged by
// the machine, kept in the store, opened and indexed. Not real: nobody cosigned
// the entries and no signature was verified on the way in (BenchmarkFollow
// measures that), and the nodes do not run.
func TestNetMillion(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("COMITY_MILLION"))
	if err != nil || count < 1000 {
		t.Skip("measures; set COMITY_MILLION to how many notices, 1000 or more")
	}
	ctx := t.Context()
	c := upProcesses(ctx, t, Options{Bureaus: 3, Log: "error"})
	s := &scenario{Consortium: c, t: t, ctx: ctx, dir: t.TempDir()}
	s.settle()
	s.upToDate("XB")
	a := authorsOf(t, c, "case-1")[0]
	if err := a.resume(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Down(ctx); err != nil {
		t.Fatal(err)
	}
	g := notice.NewGenerator(20261123, time.Now())
	var known []*notice.Card
	indexing := time.Duration(0)
	for done := 0; done < count; {
		step := count - done
		for _, stop := range []int{count / 100, count / 10} {
			if done < stop {
				step = min(step, stop-done)
			}
		}
		began := time.Now()
		known = append(known, s.extend(a, g, done, step)...)
		wrote := time.Since(began)
		done += step
		indexing += s.measureDesk(done, wrote, known, done == count)
	}
	t.Logf("indexed at %.0f notices/s", float64(count)/indexing.Seconds())
	s.measureProgram(known)
	s.measureCatchUp(known)
}

// trusting takes signatures for good that were made a moment ago.
type trusting struct{ state.Plain }

func (trusting) Entry(*ledger.Entry, []ed25519.PublicKey) bool { return true }

// extend puts notices into the replica of XB, and returns some of their cards.
func (s *scenario) extend(a *Author, g *notice.Generator, first, count int) (known []*notice.Card) {
	s.t.Helper()
	to := openBulk(s.t, filepath.Join(s.homes["XB"].DeskDir(), "ledger"), s.genesis)
	defer to.close()
	for made := 0; made < count; {
		list := make([]*notice.Notice, 0, ledger.MaxBatch)
		for len(list) < min(ledger.MaxBatch, count-made) {
			n := g.Next()
			if n.Card == nil || n.Kind == ledger.KindRed {
				continue
			}
			if n.Kind != ledger.KindDiffusion {
				n.Kind, n.Colour = ledger.KindDiffusion, n.Kind
			}
			if os.Getenv("COMITY_CARDS") != "" {
				n.Body = nil
			}
			n.Origin, n.Readers, n.Victim, n.Reference = "XA", notice.Readers{"XB"}, nil, fmt.Sprintf("M-%07d", first+made+len(list))
			if len(n.Card.Person.Documents) > 0 && (first+made+len(list))%997 == 0 {
				known = append(known, n.Card)
			}
			list = append(list, n)
		}
		to.add(s.sealAll(a, list))
		made += len(list)
	}
	return known
}

// sealAll seals notices on all cores, and signs them in order.
func (s *scenario) sealAll(a *Author, list []*notice.Notice) []ledger.Item {
	s.t.Helper()
	bodies, errs := make([][]byte, len(list)), make([]error, len(list))
	var wait sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := worker; i < len(list); i += runtime.GOMAXPROCS(0) {
				var parts []notice.Part
				if parts, errs[i] = list[i].Parts(a.origin()); errs[i] == nil {
					bodies[i], errs[i] = s.sealParts(a.context(), parts)
				}
			}
		})
	}
	wait.Wait()
	items := make([]ledger.Item, len(list))
	for i, n := range list {
		if errs[i] != nil {
			s.t.Fatal(errs[i])
		}
		header := n.Publish()
		header.SizeClass = uint8(bits.Len(uint(len(bodies[i]) - 1)))
		st := &ledger.Statement{Class: ledger.ClassPublish, Public: header.Marshal(), Ledger: s.genesis.Ledger, Author: a.Signer.ID(), Seq: a.seq, Prev: a.prev,
			SeenRoot: ledger.EmptyRoot, Created: uint64(s.now().Unix()), BodyHash: bodyHash(bodies[i]), BodyLen: uint32(len(bodies[i]))}
		e, err := ledger.SignStatement(st, a.Signer)
		if err != nil {
			s.t.Fatal(err)
		}
		a.seq, a.prev = a.seq+1, e.ID
		items[i] = ledger.Item{Entry: e, Body: bodies[i]}
	}
	return items
}

// measureDesk indexes what is new, and then checks people in this process.
func (s *scenario) measureDesk(notices int, wrote time.Duration, known []*notice.Card, whole bool) (indexing time.Duration) {
	s.t.Helper()
	h := s.homes["XB"]
	d, err := desk.Open(h.DeskDir(), s.genesis)
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	ids, err := h.Identities(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	d.Unlock(ids)
	began, from := time.Now(), uint64(0)
	var most uint64
	err = d.Index(s.ctx, func(done, total uint64) {
		if from == 0 {
			from = done
		}
		most = max(most, liveHeap())
	})
	if err != nil {
		s.t.Fatal(err)
	}
	indexing = time.Since(began)
	size, err := d.Size()
	if err != nil {
		s.t.Fatal(err)
	}
	runtime.GC()
	s.t.Logf("%d notices: written in %.0f s, %d indexed in %.0f s; heap at most %d MiB while indexing, %d MiB after; memory of the process %d MiB; index %d MiB, ledger %d MiB",
		notices, wrote.Seconds(), size-from, indexing.Seconds(), most>>20, liveHeap()>>20, resident("self")>>20, weigh(filepath.Join(h.DeskDir(), "index"))>>20,
		weigh(filepath.Join(h.DeskDir(), "ledger"))>>20)
	began = time.Now()
	for more := true; more; {
		if more, err = d.Tidy(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Logf("  tidied in %.1f s", time.Since(began).Seconds())
	s.measureChecks(d, known)
	began = time.Now()
	list, total, err := d.Inbox(s.ctx, "XB", d.AsOf(time.Now()), 50)
	if err != nil || len(list) != min(50, total) || total != notices {
		s.t.Errorf("inbox: %d of %d, %v", len(list), total, err)
	}
	s.t.Logf("  inbox, the first 50 of %d: %s", total, time.Since(began).Round(time.Millisecond))
	if whole {
		s.measureQueries(d, known)
	}
	return indexing
}

// measureChecks asks for people who are looked for and for others.
func (s *scenario) measureChecks(d *desk.Desk, known []*notice.Card) {
	s.t.Helper()
	g := notice.NewGenerator(7, time.Now())
	for _, kind := range []struct {
		name string
		hit  bool
		ask  func(c *notice.Card) desk.Subject
	}{
		{"document, hit opened", true, byDocument}, {"document, miss", false, byDocument},
		{"name and date of birth, hit opened", true, byName}, {"name and date of birth, miss", false, byName},
	} {
		var took []time.Duration
		hits := 0
		for i := range 2000 {
			c := known[i%len(known)]
			if !kind.hit {
				for c = nil; c == nil || len(c.Person.Names) == 0 || c.Person.Born.IsZero(); c = g.Next().Card {
				}
				c.Person.Documents = []notice.Document{{Number: fmt.Sprintf("Q%07d", i)}}
			}
			q := kind.ask(c)
			began := time.Now()
			a, err := d.Check(s.ctx, &q, time.Now())
			took = append(took, time.Since(began))
			if err != nil {
				s.t.Fatal(err)
			}
			hits += len(a.Hits)
		}
		if kind.hit && hits < len(took) {
			s.t.Errorf("%s: %d hits in %d checks", kind.name, hits, len(took))
		}
		s.t.Logf("  %s: p50 %s, p99 %s; %.2f hits", kind.name, part(took, 50), part(took, 99), float64(hits)/float64(len(took)))
	}
}

func byDocument(c *notice.Card) desk.Subject {
	return desk.Subject{Number: c.Person.Documents[0].Number}
}

func byName(c *notice.Card) desk.Subject {
	return desk.Subject{Name: c.Person.Names[0].String(), Born: c.Person.Born}
}

// part returns a percentile.
func part(took []time.Duration, percent int) time.Duration {
	list := slices.Sorted(slices.Values(took))
	return list[len(list)*percent/100].Round(10 * time.Microsecond)
}

// measureProgram asks check --stdin about people, of whom one in twenty is looked for.
func (s *scenario) measureProgram(known []*notice.Card) {
	s.t.Helper()
	g := notice.NewGenerator(8, time.Now())
	var took []time.Duration
	hits := 0
	cpu := s.withProgram(func(ask func(q map[string]string) checked, pid int) {
		ask(map[string]string{"doc": "X0000001"}) // it has started
		for i := range 4000 {
			card := g.Next().Card
			if i%20 == 0 {
				card = known[i/20%len(known)]
			} else if card == nil || len(card.Person.Documents) == 0 || len(card.Person.Names) == 0 || card.Person.Born.IsZero() {
				continue
			}
			if _, err := card.PassportMRZ(); err != nil {
				continue
			}
			q := map[string]string{"mrz": zone(s.t, card)}
			began := time.Now()
			a := ask(q)
			took = append(took, time.Since(began))
			if a.Hit {
				hits++
			}
		}
		s.t.Logf("check --stdin holds %d MiB", resident(strconv.Itoa(pid))>>20)
	})
	s.t.Logf("check --stdin, zones: %d checks, %d hits: p50 %s, p99 %s, most %s; %.0f checks per second of processor time, start included",
		len(took), hits, part(took, 50), part(took, 99), slices.Max(took).Round(time.Millisecond), float64(len(took))/cpu.Seconds())
}

// measureCatchUp removes the index and asks at once.
func (s *scenario) measureCatchUp(known []*notice.Card) {
	s.t.Helper()
	if err := os.RemoveAll(filepath.Join(s.homes["XB"].DeskDir(), "index")); err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	s.withProgram(func(ask func(q map[string]string) checked, pid int) {
		q := map[string]string{"doc": known[0].Person.Documents[0].Number}
		first := ask(q)
		s.t.Logf("without an index: the first answer after %s, as of entry %d, complete %t", time.Since(began).Round(time.Millisecond), first.AsOf, first.Complete)
		for a := first; !a.Hit && s.ctx.Err() == nil; a = ask(q) {
			time.Sleep(10 * time.Millisecond)
		}
		s.t.Logf("its first hit, on one of the oldest notices, after %s", time.Since(began).Round(time.Millisecond))
	})
}

// withProgram runs check --stdin of XB and returns its processor time.
func (s *scenario) withProgram(use func(ask func(q map[string]string) checked, pid int)) time.Duration {
	s.t.Helper()
	cmd := s.command("XB", "check", "--stdin")
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	answers.Buffer(nil, 1<<20)
	use(func(q map[string]string) (a checked) {
		line, err := json.Marshal(q)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := io.WriteString(in, string(line)+"\n"); err != nil || !answers.Scan() {
			s.t.Fatalf("%s: %v, %v", line, err, answers.Err())
		}
		if err := json.Unmarshal(answers.Bytes(), &a); err != nil || a.Error != "" {
			s.t.Fatalf("%s: %s", line, answers.Bytes())
		}
		return a
	}, cmd.Process.Pid)
	if err := in.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// measureQueries asks what officers ask.
func (s *scenario) measureQueries(d *desk.Desk, known []*notice.Card) {
	s.t.Helper()
	p := &known[0].Person
	for _, text := range []string{
		"doc:" + p.Documents[0].Number, fmt.Sprintf("doc~%q", p.Documents[0].Number+"0"), fmt.Sprintf("name:%q", p.Names[0].String()),
		fmt.Sprintf("name~%q", p.Names[0].String()), fmt.Sprintf("name~%q country:XC -kind:blue", p.Names[0].String()), "id:M-0000997", "link:M-0000997",
	} {
		q, err := query.Parse(text, time.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		began := time.Now()
		f, err := d.Search(s.ctx, q, true, 20)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Logf("  search %s: %d of %d in %s", text, len(f.Found), f.Total, time.Since(began).Round(100*time.Microsecond))
	}
	c, err := d.Case(s.ctx, "M-0000997")
	if err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	graph, err := d.Links(s.ctx, c, readlog.AllParts, links.Limits{Depth: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("  links, depth 2: %d nodes in %s", len(graph.Nodes), time.Since(began).Round(100*time.Microsecond))
}

// liveHeap returns the bytes of memory that the program in this process uses.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// resident returns the memory of a process, 0 where no /proc tells.
func resident(pid string) int {
	data, err := os.ReadFile("/proc/" + pid + "/statm")
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}

// weigh returns the bytes of the files in a folder.
func weigh(dir string) (n int64) {
	filepath.WalkDir(dir, func(path string, f os.DirEntry, err error) error {
		if err == nil && f.Type().IsRegular() {
			if info, err := f.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
