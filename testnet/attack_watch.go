//go:build hostile

package testnet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"comity/node"
)

// sight is what can be seen of a node of this process at one moment.
type sight struct {
	counters   node.TransportCounters
	guards     map[string]float64 // comity_guard_refusals_total by guard
	alarms     []string
	log        int64             // length of the log file
	raft       map[uint64]uint32 // checksums of the records of the Raft log
	commit     uint64            // Raft's commit index
	snapshot   string            // index of the newest snapshot
	goroutines int
}

// look looks at all honest nodes that run.
func (s *stage) look() (map[string]*sight, error) {
	all := make(map[string]*sight)
	for _, code := range s.honest {
		n := s.Node(code)
		if n == nil {
			continue
		}
		st, err := n.Status()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
		v := &sight{counters: n.Counters(), alarms: st.Alarms, commit: st.RaftCommit, snapshot: n.RaftSnapshot(), raft: make(map[uint64]uint32), goroutines: runtime.NumGoroutine(), guards: guardRefusals(n.AdminAddress())}
		if fi, err := os.Stat(s.LogPath(code)); err == nil {
			v.log = fi.Size()
		}
		first, err := n.RaftFirst()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", code, err)
		}
		for i := max(first, 1); i <= st.RaftCommit; i++ {
			l, err := n.RaftLog(i)
			if err != nil {
				break // compacted meanwhile, or not stored here yet
			}
			v.raft[i] = crc32.ChecksumIEEE(fmt.Appendf(l.Data, "%d %d", l.Term, l.Type))
		}
		all[code] = v
	}
	return all, nil
}

// guardRefusals reads the counters of the guards from a node's metrics.
func guardRefusals(admin string) map[string]float64 {
	out := make(map[string]float64)
	if admin == "" {
		return out
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if filepath.IsAbs(admin) {
			return (&net.Dialer{}).DialContext(ctx, "unix", admin)
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", admin)
	}}}
	resp, err := client.Get("http://node/metrics")
	if err != nil {
		return out
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(io.LimitReader(resp.Body, 1<<20))
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), "comity_guard_refusals_total")
		if !ok {
			continue
		}
		label, value, _ := strings.Cut(rest, " ")
		v, err := strconv.ParseFloat(value, 64)
		if err == nil {
			out[strings.Trim(label, "{}")] = v
		}
	}
	return out
}

// report tells what each honest node did since the attack began.
func (s *stage) report() error {
	for _, code := range s.honest {
		r := AttackNode{Bureau: code, Did: []string{}}
		if err := s.reportNode(code, &r); err != nil {
			return err
		}
		if len(r.Did) == 0 {
			r.Did = append(r.Did, "refused nothing, and went on")
		}
		s.result.Nodes = append(s.result.Nodes, r)
		files, err := filepath.Glob(filepath.Join(s.homes[code].NodeDir(), "evidence", "*.cevidence"))
		if err != nil {
			return err
		}
		s.result.Evidence = append(s.result.Evidence, files...)
	}
	return nil
}

func (s *stage) reportNode(code string, r *AttackNode) error {
	was := s.before[code]
	n := s.Node(code)
	if n == nil {
		r.Did = append(r.Did, "does not run")
	} else {
		if st, err := n.Status(); err == nil {
			r.Size, r.Final, r.Root = st.Size, st.FinalSize, st.Root
			for _, a := range st.Alarms {
				if !slices.Contains(was.alarms, a) {
					r.Alarms = append(r.Alarms, a)
				}
			}
		}
		now, then := n.Counters(), was.counters
		for _, c := range []struct {
			n    uint64
			what string
		}{
			{now.Filtered - then.Filtered, "refused %d for their content"}, {now.Identity - then.Identity, "refused %d for the name of another"},
			{now.Unelected - then.Unelected, "refused %d of a leader that nobody elected"}, {now.Term - then.Term, "refused %d for their term"}, {now.Malformed - then.Malformed, "hung up on %d that do not parse"},
			{now.Oversize - then.Oversize, "hung up on %d that are too large"}, {now.Silent - then.Silent, "hung up on %d that said nothing"},
			{now.Evicted - then.Evicted, "closed %d sessions above its limit"},
		} {
			if c.n > 0 {
				r.Did = append(r.Did, "Raft port: "+fmt.Sprintf(c.what, c.n))
			}
		}
		for guard, v := range guardRefusals(n.AdminAddress()) {
			if v > was.guards[guard] {
				r.Did = append(r.Did, fmt.Sprintf("guard %s: refused %.0f", guard, v-was.guards[guard]))
			}
		}
		if err := n.Err(); err != nil {
			r.Did = append(r.Did, "stopped: "+brief(err.Error(), 300))
		}
	}
	said, err := warnings(s.LogPath(code), was.log, s.ended[code])
	if err != nil {
		return err
	}
	const shown = 5
	for i, line := range said {
		if i == shown {
			r.Did = append(r.Did, fmt.Sprintf("and logged %d more kinds of warnings", len(said)-shown))
			break
		}
		r.Did = append(r.Did, "logged: "+line)
	}
	return nil
}

// warnings returns what a node logged as a warning or an error from an offset of
// its log file on, each once, those of our own guards first. Of Raft only what it
// said before the offset to: after that the dishonest node is down, which it says
// at length.
func warnings(path string, from, to int64) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var own, rafts []string
	at := from
	for line := range bytes.Lines(data[min(from, int64(len(data))):]) {
		at += int64(len(line))
		var l struct {
			Level, Msg, Part, Error, Reason string
		}
		if json.Unmarshal(line, &l) != nil || l.Level != "WARN" && l.Level != "ERROR" {
			continue
		}
		text := l.Msg
		for _, more := range []string{l.Reason, l.Error} {
			if more != "" {
				text += ": " + more
			}
		}
		text = brief(text, 240)
		switch list := &own; {
		case l.Part == "raft":
			if list = &rafts; at > to {
				continue
			}
			fallthrough
		default:
			if !slices.Contains(*list, text) {
				*list = append(*list, text)
			}
		}
	}
	return append(own, rafts...), nil
}

// peak measures the largest heap during an attack.
type peak struct {
	base  uint64
	mu    sync.Mutex // guards max
	max   uint64
	quit  chan struct{}
	once  sync.Once
	ended sync.WaitGroup
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func startPeak() *peak {
	runtime.GC()
	p := &peak{base: heap(), quit: make(chan struct{})}
	p.ended.Go(func() { // ends with stop
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
			}
			p.mu.Lock()
			p.max = max(p.max, heap())
			p.mu.Unlock()
		}
	})
	return p
}

// stop ends the measurement and returns by how much the heap has grown at most.
func (p *peak) stop() uint64 {
	p.once.Do(func() { close(p.quit) })
	p.ended.Wait()
	return max(p.max, p.base) - p.base
}
