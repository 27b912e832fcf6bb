package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/store"
	"comity/node/desk"
	"comity/node/follow"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) watchCommand() *cli.Command {
	return &cli.Command{
		Name:  "watch",
		Usage: "tell what happens, as it becomes FINAL, until Ctrl-C",
		Description: "Goes on where it was stopped: no event is lost or told twice. While the node cannot be reached it\n" +
			"tries again, and tells what it missed. Deadlines that pass are told without it. A terminal rings for\n" +
			"what is of urgency U3, and for a deadline that passed. What an answer says is told, and recorded, to who\n" +
			"may read bodies. With --officer it gives the bureau's circles other keys when a member leaves the ledger. With --json, one object a line; its id is the same whenever it is told.\n\n" +
			"Example: comity watch",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "cursor", Usage: "`FILE` that keeps how far it is (default: one in the bureau's folder for each officer)"},
			&cli.BoolFlag{Name: "all", Usage: "from the beginning of the ledger, where the cursor is new"},
			&cli.BoolFlag{Name: "once", Usage: "tell what there is, and end"},
			&cli.IntFlag{Name: "until", Usage: "end after `N` events"},
			&cli.BoolFlag{Name: "bell", Usage: "ring also where it is no terminal"},
			purposeFlag(),
		},
		Action: t.watch,
	}
}

// watcher tells events. It holds the replica only while it reads, so that other
// commands get it.
type watcher struct {
	*session
	cursor  *cursor
	at      desk.Cursor
	ids     map[seal.Compartment][]*keys.Identity
	left    int // events until it ends; -1 for no end
	bell    bool
	size    uint64 // of the replica, when it was last looked at
	due     uint64 // the next deadline, POSIX ms; 0 before it is known
	purpose string // for the read log
	told    bool   // that the node cannot be reached
	backoff time.Duration

	triedCircles time.Time // when circles were last given other keys, or not
	lacks        keys.ID   // reading key of the bureau that was not in the home, and was told
}

// Pauses while the node cannot be reached, and how long one question to it may
// stay open.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 15 * time.Second
	watchWait  = 20 * time.Second
	slowAnswer = 5 * time.Second
)

func (t *terminal) watch(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if c.IsSet("until") && c.Int("until") < 1 {
		return usagef("--until %d: want 1 event or more", c.Int("until"))
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := checkPurpose(c.String("purpose")); err != nil {
		return err
	}
	w := &watcher{session: s, left: -1, purpose: c.String("purpose"), backoff: firstPause, bell: c.Bool("bell") || isTerminal(t.stderr)}
	if c.IsSet("until") {
		w.left = c.Int("until")
	}
	if err := w.opensSomething(c.Context); err != nil {
		return err
	}
	if err := w.resume(c); err != nil {
		return err
	}
	defer w.cursor.Close()
	for {
		err := w.round(c.Context)
		switch {
		case c.Context.Err() != nil || errors.Is(err, errWatched):
			return nil // Ctrl-C is how it ends
		case err != nil:
			return err
		case c.Bool("once"):
			return s.syncErr
		}
		wait := w.wait
		if w.remote != nil {
			wait = w.waitForDesk
		}
		if !wait(c.Context) {
			return nil
		}
	}
}

// errWatched ends a watch after as many events as were asked for.
var errWatched = errors.New("watched")

// resume opens the cursor where the last watch ended. A first one begins with
// what comes from now on.
func (w *watcher) resume(c *cli.Context) error {
	path := c.String("cursor")
	if path == "" {
		who := w.label
		if who == "" {
			who = "bureau"
		}
		path = filepath.Join(w.home.DeskDir(), "watch-"+who+".json")
	}
	var err error
	if w.cursor, w.at, err = openCursor(path, w.genesis); !errors.Is(err, errNewCursor) {
		return err
	}
	if c.Bool("all") {
		return w.cursor.keep(desk.Cursor{})
	}
	if w.remote != nil {
		if w.at, err = w.remote.End(c.Context); err != nil {
			return err
		}
		return w.cursor.keep(w.at)
	}
	if err := w.openDesk(c.Context); err != nil {
		return err
	}
	defer w.closeDesk()
	w.sync(c.Context)
	size, err := w.desk.Size()
	if err != nil {
		return err
	}
	w.at = desk.Cursor{Next: size, Checked: size, AsOf: w.desk.AsOf(time.Now())}
	return w.cursor.keep(w.at)
}

// round reads what is new and tells it. An error of the network is none of a
// watch; that a node lies, or that there are two histories, is.
func (w *watcher) round(ctx context.Context) error {
	if w.remote != nil {
		return w.roundOfDesk(ctx)
	}
	switch err := w.openDesk(ctx); {
	case errors.Is(err, store.ErrLocked):
		return nil // a long command has it: the next round tells all
	case err != nil:
		return err
	}
	defer w.closeDesk()
	w.desk.Unlock(w.ids)
	w.syncErr = w.desk.Sync(ctx, w.client, nil)
	var fork *follow.Fork
	if errors.As(w.syncErr, &fork) {
		return w.syncErr
	}
	w.reached(ctx, w.syncErr)
	if err := w.takeKeys(ctx); err != nil {
		return err
	}
	if w.syncErr == nil {
		if err := w.renewCircles(ctx); err != nil {
			return err
		}
	}
	size, err := w.desk.Size()
	if err != nil || w.at.Next > size && w.syncErr != nil {
		return err // made anew, and not full yet
	}
	for {
		n, err := w.ownReader().Events(ctx, w.at, w.desk.AsOf(time.Now()), w.due, w.purpose)
		if err != nil {
			return err
		}
		if err := w.tellAll(n); err != nil || w.at.Next == n.Size && len(n.Events) == 0 {
			return err
		}
	}
}

// tellAll tells events, each once: the cursor is kept after each. Among deadlines of
// one time it stays before them, and so no watch ends there.
func (w *watcher) tellAll(n *desk.News) error {
	for i := range n.Events {
		if err := w.tell(&n.Events[i]); err != nil {
			return err
		}
		moved := w.at != n.Events[i].After
		w.at = n.Events[i].After
		if err := w.cursor.keep(w.at); err != nil {
			return err
		}
		if w.left > 0 {
			w.left--
		}
		if w.left == 0 && moved {
			return errWatched
		}
	}
	w.at, w.size, w.due = n.After, n.Size, n.Due
	return errors.Join(w.cursor.keep(w.at), w.cursor.Sync())
}

// reached tells, once each, that the node is away and that it is back.
func (w *watcher) reached(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil && !w.told:
		w.note("no news: %s; trying again", err)
		w.told = true
	case err == nil && w.told:
		w.note("the %s answers again", w.follows())
		w.told, w.backoff = false, firstPause
	}
}

// wait returns when there is news or a deadline has passed, and false when the
// watch is over. It does not hold the replica.
func (w *watcher) wait(ctx context.Context) bool {
	for {
		limit := watchWait
		if w.due > 0 && w.due < desk.Never {
			limit = min(limit, time.Until(time.UnixMilli(int64(w.due)+1)))
		}
		if limit <= 0 {
			return true
		}
		if limit < time.Second { // which a node cannot wait
			if !pause(ctx, limit) {
				return false
			}
			continue
		}
		limited, cancel := context.WithTimeout(ctx, limit+slowAnswer)
		_, err := w.client.Checkpoint(limited, w.size, limit.Truncate(time.Second))
		cancel()
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			return true
		}
		if wire.CodeOf(err) == wire.NotFinal {
			w.reached(ctx, nil)
			continue
		}
		w.reached(ctx, err)
		if !pause(ctx, min(w.backoff, limit)) {
			return false
		}
		w.backoff = min(2*w.backoff, lastPause)
	}
}

// pause returns false if the watch is over.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// happened is an event as --json shows it.
type happened struct {
	ID       string        `json:"id"`
	Event    string        `json:"event"`
	Index    uint64        `json:"index"`
	Time     uint64        `json:"time"` // ledger time or deadline, POSIX ms
	Bureau   string        `json:"bureau"`
	Notice   string        `json:"notice"`
	NoticeID ledger.ID     `json:"notice_id"`
	Urgency  string        `json:"urgency"`
	Title    string        `json:"title"`
	Entry    ledger.ID     `json:"entry"`
	What     string        `json:"what,omitempty"`
	Reply    *notice.Reply `json:"reply,omitempty"`
	Void     string        `json:"void,omitempty"`
	Alarm    string        `json:"alarm,omitempty"` // rules that an export breaks
}

func (w *watcher) tell(e *desk.Event) error {
	k := e.Case
	if k.Public.Urgency == ledger.U3 && w.bell && e.Bureau != w.home.Bureau() || (e.Kind == "escalated" || e.Alarm != "") && w.bell {
		fmt.Fprint(w.stderr, "\a")
	}
	if w.asJSON {
		return w.line(happened{e.ID, e.Kind, e.Index, e.Time, e.Bureau, k.Name(), k.ID, k.Public.Urgency.String(), title(k), e.Entry, e.What, e.Reply, e.Void, e.Alarm})
	}
	what := strings.ToUpper(strings.ReplaceAll(e.Kind, "_", " "))
	detail := title(k)
	switch {
	case e.Kind == "escalated":
		detail = fmt.Sprintf("no answer from %s to the %s of %s: call", k.Bureau, e.Reply.Type.Noun(), e.Bureau)
	case e.Void != "":
		detail = "does not count: " + e.Void
	case e.What != "":
		detail += ": " + e.What
		if own := len(k.OwnAnswers(w.home.Bureau())); e.Kind == ledger.ClassPurge.String() && own > 0 {
			detail = fmt.Sprintf("%s; %s to it: comity notice purge %s --answers", e.What, plural(own, "answer of yours is left", "answers of yours are left"), k.Name())
		}
	case e.Reply != nil && e.Reply.Export != nil:
		detail = words(e.Alarm, e.Reply.Export.String(), firstLine(e.Reply.Text))
	case e.Reply != nil:
		detail = words(e.Reply.Match, firstLine(e.Reply.Text))
	}
	w.say("%s  %s  %-9s  %s  %s  %s", clock(e.Time), e.Bureau, what, k.Name(), k.Public.Urgency, detail)
	if r, ok := w.stdout.(*results); ok {
		return r.err // the cursor must not pass what nobody got
	}
	return nil
}

// firstLine shortens a text for one line.
func firstLine(text string) string {
	line, rest, _ := strings.Cut(text, "\n")
	if rest != "" {
		line += " ..."
	}
	return line
}

// line prints v as one line of JSON.
func (t *terminal) line(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	if _, err := t.stdout.Write(append(escapeJSON(data), '\n')); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}
