package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"comity/node/wire"
)

// maxLine bounds one line of --stdin.
const maxLine = 4 << 10

// followPause is between two looks for news.
const followPause = 2 * time.Second

// checkServer answers line after line while it follows the node.
type checkServer struct {
	*border
	mu   sync.Mutex // guards when
	when time.Time  // the node last had nothing newer
}

// serve answers until the input ends. A line that cannot be answered gets an
// answer that says so; it ends nothing.
func (k *border) serve(ctx context.Context) error {
	v := &checkServer{border: k, when: k.fresh}
	followed := make(chan struct{})
	following, stop := context.WithCancel(ctx)
	go func() { // stopped by the end of the input, and awaited
		defer close(followed)
		if v.desk != nil { // none is needed to ask the bureau's desk
			v.follow(following)
		}
	}()
	err := v.answerAll(ctx)
	stop()
	<-followed
	if k.officer == nil || ctx.Err() != nil {
		return err
	}
	waiting, queueErr := k.desk.Queued()
	if err = errors.Join(err, queueErr); err != nil || len(waiting) == 0 {
		return err
	}
	return k.deliverSoon(ctx, len(waiting))
}

// follow brings the replica and the index up to date, and sends reports, until
// ctx ends. It tells when the node goes and when it comes back.
func (v *checkServer) follow(ctx context.Context) {
	silent := false
	for ctx.Err() == nil {
		err := v.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != silent {
			if silent = err != nil; silent {
				if inner := errors.Unwrap(err); inner != nil {
					err = inner // the desk says as well that it was reading
				}
				v.note("no news: %s; answers go on from what is here", err)
			} else {
				v.note("the node answers again")
			}
		}
		v.pause(ctx)
	}
}

// pause waits for some time before the next look at the node, and uses it.
func (v *checkServer) pause(ctx context.Context) {
	over := time.After(followPause)
	for more := v.remote == nil; more; {
		select {
		case <-ctx.Done():
			return
		case <-over:
			return
		default:
		}
		var err error
		if more, err = v.desk.Tidy(); err != nil {
			v.note("%s", err)
		}
	}
	select {
	case <-ctx.Done():
	case <-over:
	}
}

func (v *checkServer) once(ctx context.Context) error {
	if v.remote != nil {
		return v.send(ctx)
	}
	// What is here comes first: it needs no node.
	if err := v.desk.Index(ctx, nil); err != nil {
		return err
	}
	if err := v.send(ctx); err != nil {
		return err
	}
	now := time.Now()
	if err := v.desk.Index(ctx, nil); err != nil {
		return err
	}
	v.mu.Lock()
	v.when = now
	v.mu.Unlock()
	return nil
}

// send brings the replica up to date, and reports to their origins.
func (v *checkServer) send(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	if v.officer == nil {
		return v.desk.Sync(limited, v.client, nil)
	}
	d, err := v.deliver(limited)
	if err != nil {
		return err
	}
	for _, r := range d.Refused {
		v.note("a report was not accepted: %s (kept as a file in the queue of the desk)", r.Err)
	}
	return nil
}

// asking is one line of the input, or why it could not be read.
type asking struct {
	line []byte
	err  error
}

// lines reads the input ahead of the answers. It ends with the input; where nobody
// reads what it has read any more, with the process.
func (v *checkServer) lines(ctx context.Context) <-chan asking {
	out := make(chan asking, wire.MaxChecks)
	go func() {
		defer close(out)
		in := bufio.NewReaderSize(v.stdin, maxLine)
		for {
			line, err := readLine(in)
			if err == io.EOF {
				return
			}
			if err == nil && len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			select {
			case out <- asking{bytes.Clone(line), err}:
			case <-ctx.Done():
				return
			}
			if err != nil && !errors.Is(err, bufio.ErrTooLong) {
				return
			}
		}
	}()
	return out
}

// answerAll answers each line in its order. What the bureau's desk is asked goes in
// one question, as far as it is there already: it may be far away.
func (v *checkServer) answerAll(ctx context.Context) error {
	most := 1
	if v.remote != nil {
		most = wire.MaxChecks
	}
	lines := v.lines(ctx)
	for first := range lines {
		batch := []asking{first}
	more:
		for len(batch) < most {
			select {
			case a, ok := <-lines:
				if !ok {
					break more
				}
				batch = append(batch, a)
			default:
				break more
			}
		}
		if err := v.answerBatch(ctx, batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (v *checkServer) answerBatch(ctx context.Context, batch []asking) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed error
	if last := batch[len(batch)-1].err; last != nil && !errors.Is(last, bufio.ErrTooLong) {
		failed, batch = fmt.Errorf("read standard input: %w", last), batch[:len(batch)-1]
	}
	var data bytes.Buffer
	out := json.NewEncoder(&data)
	out.SetEscapeHTML(false)
	for _, a := range v.answers(ctx, batch) {
		if err := out.Encode(a); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
	}
	if _, err := v.stdout.Write(escapeJSON(data.Bytes())); err != nil {
		return fmt.Errorf("write the answer: %w", cause(err))
	}
	return failed
}

// noAnswer is what a line gets that cannot be answered. It has no field hit: who
// reads it as "no hit" lets the wrong person pass.
type noAnswer struct {
	Ref   string `json:"ref,omitempty"`
	Error string `json:"error"`
}

// answers answers lines, each in its place.
func (v *checkServer) answers(ctx context.Context, batch []asking) []any {
	out := make([]any, len(batch))
	var subjects []*asked
	var at []int
	for i, a := range batch {
		q, s, err := read(a)
		if err != nil {
			out[i] = &noAnswer{q.Ref, reason(err)}
			continue
		}
		subjects, at = append(subjects, s), append(at, i)
	}
	if len(subjects) == 0 {
		return out
	}
	found, fresh, err := v.askAll(ctx, subjects)
	if v.remote == nil {
		v.mu.Lock()
		fresh = v.when
		v.mu.Unlock()
	}
	now := border{session: v.session, fresh: fresh}
	for i, s := range subjects {
		if err != nil {
			out[at[i]] = &noAnswer{s.question.Ref, reason(err)}
			continue
		}
		if found[i].Err != nil {
			out[at[i]] = &noAnswer{s.question.Ref, reason(found[i].Err)}
			continue
		}
		if a := found[i].Answer; a.Full && len(a.Hits) == 0 {
			out[at[i]] = &noAnswer{s.question.Ref, "more notices are like this than were looked at: call your desk"}
			continue
		}
		reported, err := v.report(ctx, found[i].Answer)
		r := now.record(found[i].Answer, reported)
		r.Ref, r.Repaired, r.Readings = s.question.Ref, s.repaired, s.readings()
		if err != nil {
			r.Problem = "the hit is not reported: " + reason(err)
		}
		out[at[i]] = r
	}
	return out
}

// read understands one line.
func read(a asking) (*question, *asked, error) {
	q := new(question)
	if a.err != nil {
		return q, nil, fmt.Errorf("a line of more than %d bytes", maxLine)
	}
	if line := bytes.TrimSpace(a.line); line[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(q); err != nil || d.More() {
			return q, nil, errors.New("not a JSON object with mrz, doc, country, name, dob and ref")
		}
	} else {
		q.MRZ = string(line)
	}
	s, err := subjectOf(q)
	return q, s, err
}

// readLine reads a line without its end, or ErrTooLong for one that does not fit
// in the buffer, which is then passed over.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err == nil || err == io.EOF && len(line) > 0 {
		return bytes.TrimRight(line, "\r\n"), nil
	}
	if err != bufio.ErrBufferFull {
		return nil, err
	}
	for err == bufio.ErrBufferFull {
		_, err = in.ReadSlice('\n')
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return nil, bufio.ErrTooLong
}
