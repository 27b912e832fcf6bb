package cli

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/ledger"
	"comity/testnet"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"comity": func() {
			if pace, err := strconv.ParseFloat(os.Getenv("COMITY_TEST_PACE"), 64); err == nil {
				testingOnlyDemo = func(o *testnet.DemoOptions) { o.HoursPerSecond = pace }
			}
			os.Exit(Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
		},
		"editor": editor,
	})
}

// editor stands in for an officer's editor: editor STEPS FILE. Each time it is
// run it makes the next step of STEPS, of which "---" lines divide the steps. A
// step is lines OLD => NEW; one that names what is not in FILE fails. It tells
// on standard error what FILE says to put right, and which mode and place it has.
func editor() {
	fail := func(what ...any) {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
	steps, file := os.Args[1], os.Args[2]
	script, err := os.ReadFile(steps)
	if err != nil {
		fail(err)
	}
	done, _ := os.ReadFile(steps + ".done")
	all := strings.Split(string(script), "---\n")
	text, err := os.ReadFile(file)
	if err != nil || len(done) >= len(all) {
		fail("no step", len(done), err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if strings.HasPrefix(line, "//!") {
			fmt.Fprintln(os.Stderr, line)
		}
	}
	fi, err := os.Stat(file)
	if err != nil {
		fail(err)
	}
	fmt.Fprintf(os.Stderr, "editing %s mode %o tmpdir is its folder %v\n", filepath.Base(file), fi.Mode().Perm(), os.Getenv("TMPDIR") == filepath.Dir(file))
	for line := range strings.SplitSeq(strings.TrimSpace(all[len(done)]), "\n") {
		from, to, ok := strings.Cut(line, " => ")
		if ok && !strings.Contains(string(text), from) {
			fail("not in the draft:", from)
		}
		if ok {
			text = []byte(strings.ReplaceAll(string(text), from, to))
		}
	}
	for name, data := range map[string][]byte{file: text, file + "~": text, steps + ".done": append(done, '.')} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			fail(err)
		}
	}
}

// TestScript runs testdata/script/*.txtar. Beside testscript's own commands:
//
//	exits CODE comity ARGS...   run and want this exit code
//	consortium N                found and start N bureaus in this process; $XA, $XB, ... are their homes
//	settle                      wait until all its nodes have the same entries, all FINAL
//	halt BUREAU                 stop a node of the consortium (stop is testscript's own, and ends the script)
//	lie BUREAU                  sign another history with a bureau's keys, and wait until the others know; $EVIDENCE
//	flip FILE OFFSET            change one byte; a negative offset counts from the end
//	begin BUREAU                start a node that was halted
//	await FILE                  wait until a file is there
//	draftid                     set $DRAFT to the id of the one draft of $COMITY_DIR
//	edit FILE OLD NEW           replace a text that is in the file
//	proposal                    set $PROPOSAL to the name in the last output, P- and a number
//	lapse FILE                  let the first invitation that a node keeps in a file be past its time
//	heard stdout FILE           write the eight words in the last output to a file
//	review FILE DAY             set the day of review of a notice
//	transcript FILE             want the first block of text of a README in the last output
func TestScript(t *testing.T) {
	t.Parallel()
	verifier, err := filepath.Abs("../ledger/testdata/verify.py")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := filepath.Abs("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			long := map[string]string{"script-demo": "plays 96 hours on five nodes", "script-recover-disks": "runs five processes twice"}
			if why := long[filepath.Base(env.WorkDir)]; why != "" && os.Getenv("COMITY_LONG") == "" {
				env.T().Skip(why + "; set COMITY_LONG=1, as .ci/run does")
			}
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("NO_COLOR", "1")
			env.Setenv("VERIFIER", verifier)
			env.Setenv("README", readme)
			env.Setenv("NEXTDECADE", time.Now().AddDate(10, 0, 0).UTC().Format(time.RFC3339))
			env.Setenv("SOON", time.Now().AddDate(0, 0, 90).Format(time.DateOnly))
			env.Setenv("FREE", freeAddress(t))
			env.Setenv("NEXTYEAR", time.Now().AddDate(1, 0, -1).Format(time.DateOnly))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "consortium": consortium, "settle": settle, "halt": stopNode, "lie": lie,
			"flip": flip, "transcript": transcript, "edit": edit, "review": review,
			"draftid": draftID, "proposal": proposal, "heard": heardWords, "begin": begin, "await": await, "lapse": lapse,
		},
	})
}

// freeAddress returns an address of loopback that nobody uses.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v: %v", args[1:], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v: got exit code %d, want %d", args[1:], got, want)
	}
}

// running holds the consortium of each script, by the folder it is in.
var running sync.Map

func consortium(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: consortium N [FORMAT]")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	format := 0 // the newest
	if len(args) == 2 {
		format, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	c, err := testnet.Found(ts.MkAbs("net"), testnet.Options{Bureaus: n, Log: "error", Format: uint8(format)})
	ts.Check(err)
	ts.Check(c.StartAll())
	ts.Defer(func() { c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ts.Check(c.WaitReady(ctx))
	_, err = c.Enrol(ctx)
	ts.Check(err)
	_, _, err = c.WaitEqual(ctx, uint64(n))
	ts.Check(err)
	for _, h := range c.Homes() {
		ts.Setenv(h.Bureau(), h.Dir())
	}
	running.Store(ts.MkAbs("net"), c)
}

func settle(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := running.Load(ts.MkAbs("net"))
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: settle, in a consortium")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, _, err := c.(*testnet.Consortium).WaitEqual(ctx, 1)
	ts.Check(err)
}

func stopNode(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := running.Load(ts.MkAbs("net"))
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: halt BUREAU, of a consortium")
	}
	ts.Check(c.(*testnet.Consortium).Stop(args[0]))
}

func lie(ts *testscript.TestScript, neg bool, args []string) {
	found, ok := running.Load(ts.MkAbs("net"))
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: lie BUREAU, of a consortium")
	}
	c := found.(*testnet.Consortium)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	h, err := c.Home(args[0])
	ts.Check(err)
	liar, err := h.NodeConfig()
	ts.Check(err)
	s, err := ledger.Cosign(liar.Witness, ledger.NodeName(args[0]), ledger.Checkpoint{Origin: c.Genesis().Origin(), Size: 3, Root: ledger.Hash{1}}, 1_700_000_000)
	ts.Check(err)
	told := c.Homes()[0]
	cl, err := told.Client(liar.TLS)
	ts.Check(err)
	defer cl.Close()
	ts.Check(cl.Hand(ctx, []*ledger.Cosignature{s}))
	for ; ; time.Sleep(20 * time.Millisecond) {
		st, err := cl.Status(ctx)
		ts.Check(err)
		if len(st.Faulty) == 1 && st.Evidence == 1 {
			break
		}
	}
	files, err := filepath.Glob(filepath.Join(told.NodeDir(), "evidence", "*.cevidence"))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("evidence files %q", files)
	}
	list, err := cl.EvidenceFiles(ctx)
	ts.Check(err)
	e, err := cl.Evidence(ctx, list[0].Name)
	ts.Check(err)
	if data, err := os.ReadFile(files[0]); err != nil || string(data) != string(e.Marshal()) {
		ts.Fatalf("the node serves another file than it keeps: %v", err)
	}
	ts.Setenv("EVIDENCE", files[0])
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	data := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	data[at] ^= 0x20
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

var dayOfReview = regexp.MustCompile(`"review_by": "[0-9-]+"`)

func review(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: review FILE DAY")
	}
	text := dayOfReview.ReplaceAllString(ts.ReadFile(args[0]), fmt.Sprintf("\"review_by\": %q", args[1]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func draftID(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(filepath.Join(ts.Getenv("COMITY_DIR"), "drafts", "*.cdraft"))
	ts.Check(err)
	if neg || len(args) != 0 || len(files) != 1 {
		ts.Fatalf("usage: draftid, with one draft; there are %d", len(files))
	}
	ts.Setenv("DRAFT", strings.TrimSuffix(filepath.Base(files[0]), ".cdraft"))
}

var proposalName = regexp.MustCompile(`P-[0-9]+`)

func proposal(ts *testscript.TestScript, neg bool, args []string) {
	name := proposalName.FindString(ts.ReadFile("stdout"))
	if neg || len(args) != 0 || name == "" {
		ts.Fatalf("usage: proposal, after a command that names one")
	}
	ts.Setenv("PROPOSAL", name)
}

var eightWords = regexp.MustCompile(`(?m)^(?:  |in words +|  words +)((?:[a-z]{3,8} ){7}[a-z]{3,8})$`)

func heardWords(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || args[0] != "stdout" {
		ts.Fatalf("usage: heard stdout FILE")
	}
	m := eightWords.FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("there are no eight words in the output")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(m[1]+"\n"), 0o600))
}

// lapse sets when the first invitation in a file of a node that is halted ends: see
// the type invites of package node.
func lapse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lapse FILE")
	}
	data := []byte(ts.ReadFile(args[0]))
	const expires = 4 + len("comity invites v1\n") + 1 + 32
	binary.BigEndian.PutUint64(data[expires:], uint64(time.Now().Add(-time.Second).Unix()))
	binary.BigEndian.PutUint32(data, crc32.Checksum(data[4:], crc32.MakeTable(crc32.Castagnoli)))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func begin(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := running.Load(ts.MkAbs("net"))
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: begin BUREAU, of a consortium")
	}
	ts.Check(c.(*testnet.Consortium).Start(args[0]))
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s did not come", args[0])
}
