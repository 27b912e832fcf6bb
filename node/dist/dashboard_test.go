package dist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger/ledgertest"
	"comity/node"
	"comity/node/client"
	"comity/node/wire"
)

// board is what Grafana needs of dashboard.json.
type board struct {
	Title         string
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Templating    struct {
		List []struct{ Name, Type string }
	}
	Panels []panel
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource struct{ Type, UID string }
	GridPos    struct{ H, W, X, Y int } `json:"gridPos"`
	Targets    []struct {
		RefID  string `json:"refId"`
		Expr   string
		Legend string `json:"legendFormat"`
	}
}

// check returns what would make Grafana refuse the board or show two panels in one
// place.
func (b *board) check() (problems []string) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if b.Title == "" || b.UID == "" || b.SchemaVersion < 36 {
		add("title %q, uid %q, schema %d", b.Title, b.UID, b.SchemaVersion)
	}
	taken := make(map[[2]int]string)
	seen := make(map[int]bool)
	for _, p := range b.Panels {
		if p.ID <= 0 || seen[p.ID] || p.Title == "" || !slices.Contains([]string{"stat", "timeseries"}, p.Type) {
			add("panel %d %q of type %q", p.ID, p.Title, p.Type)
		}
		seen[p.ID] = true
		if p.Datasource.Type != "prometheus" || p.Datasource.UID != "${source}" {
			add("%s: data from %+v", p.Title, p.Datasource)
		}
		g := p.GridPos
		if g.H < 1 || g.W < 1 || g.X < 0 || g.Y < 0 || g.X+g.W > 24 {
			add("%s: is at %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					add("%s lies on %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if len(p.Targets) == 0 {
			add("%s asks for nothing", p.Title)
		}
		refs := make(map[string]bool)
		for _, q := range p.Targets {
			if q.RefID == "" || refs[q.RefID] || q.Legend == "" && len(p.Targets) > 1 || !strings.Contains(q.Expr, `instance=~"$instance"`) {
				add("%s: query %+v", p.Title, q)
			}
			refs[q.RefID] = true
		}
	}
	return slices.Compact(problems)
}

func readBoard(t *testing.T) *board {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	b := new(board)
	if err := json.Unmarshal(text, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDashboardLoads(t *testing.T) {
	b := readBoard(t)
	if problems := b.check(); len(problems) > 0 || len(b.Panels) < 10 {
		t.Errorf("%d panels: %q", len(b.Panels), problems)
	}
	// What is checked is found.
	for name, spoil := range map[string]func(*board){
		"two of one number":        func(b *board) { b.Panels[1].ID = b.Panels[0].ID },
		"two in one place":         func(b *board) { b.Panels[1].GridPos = b.Panels[0].GridPos },
		"beyond the edge":          func(b *board) { b.Panels[1].GridPos.X = 20 },
		"no query":                 func(b *board) { b.Panels[1].Targets = nil },
		"a query for all nodes":    func(b *board) { b.Panels[1].Targets[0].Expr = "comity_ready" },
		"another source of data":   func(b *board) { b.Panels[1].Datasource.UID = "mine" },
		"a type that is not there": func(b *board) { b.Panels[1].Type = "graph" },
	} {
		b := readBoard(t)
		if spoil(b); len(b.check()) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

// Every query of the dashboard is one that Prometheus can parse: promtool reads
// them as rules.
func TestDashboardQueries(t *testing.T) {
	promtool := tool(t, "promtool")
	rules := func(b *board, extra string) string {
		var text strings.Builder
		text.WriteString("groups:\n - name: dashboard\n   rules:\n")
		n := 0
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				n++
				fmt.Fprintf(&text, "    - {record: 'panel:%d', expr: %q}\n", n, strings.ReplaceAll(q.Expr, "$instance", ".*")+extra)
			}
		}
		path := filepath.Join(t.TempDir(), "rules.yml")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	output(t, promtool, "check", "rules", rules(readBoard(t), ""))
	if out, ok := run(promtool, "check", "rules", rules(readBoard(t), " +")); ok {
		t.Errorf("promtool takes half a query: %s", out)
	}
}

// What alerts and the dashboard ask for is what a node that runs shows.
func TestNetAlertsAndDashboardNameMetrics(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	shown := scrape(t)
	for _, file := range []string{"alerts.yml", "alerts_test.yml", "dashboard.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`comity_[a-z_]+`).FindAllString(string(text), -1)
		if len(names) < 5 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, name := range names {
			if !shown[name] {
				t.Errorf("%s asks for %s, which no node shows", file, name)
			}
		}
	}
}

// scrape returns the names of the samples that a node shows once somebody has
// asked it something.
func scrape(t *testing.T) map[string]bool {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := ledgertest.NewGenesisAt(t, []string{address})
	b := c.Bureaus[0]
	n, err := node.Open(node.Config{Genesis: c.Genesis, Bureau: b.Code, Dir: t.TempDir(), TLS: b.TLS, Witness: b.Witness, Admin: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	cl := client.New(client.Options{Address: address, Node: b.TLS.ID(), TLS: b.Access})
	defer cl.Close()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := cl.Status(t.Context()); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	resp, err := http.Get("http://" + n.AdminAddress() + wire.PathMetrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for line := range bytes.Lines(text) {
		if name := regexp.MustCompile(`^[a-z_:]+`).Find(line); name != nil {
			shown[string(name)] = true
		}
	}
	return shown
}
