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
		v.follow(following)
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
		select {
		case <-ctx.Done():
		case <-time.After(followPause):
		}
	}
}

func (v *checkServer) once(ctx context.Context) error {
	// What is here comes first: it needs no node.
	if err := v.desk.Index(ctx, nil); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	if v.officer != nil {
		d, err := v.deliver(limited)
		if err != nil {
			return err
		}
		for _, r := range d.Refused {
			v.note("a report was not accepted: %s (kept as a file in the queue of the desk)", r.Err)
		}
	} else if err := v.desk.Sync(limited, v.client, nil); err != nil {
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

// answerAll answers each line in its order.
func (v *checkServer) answerAll(ctx context.Context) error {
	in := bufio.NewReaderSize(v.stdin, maxLine)
	for {
		line, err := readLine(in)
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("read standard input: %w", err)
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var data bytes.Buffer
		out := json.NewEncoder(&data)
		out.SetEscapeHTML(false)
		if err := out.Encode(v.answer(ctx, line, err)); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		if _, err := v.stdout.Write(escapeJSON(data.Bytes())); err != nil {
			return fmt.Errorf("write the answer: %w", cause(err))
		}
	}
}

// noAnswer is what a line gets that cannot be answered. It has no field hit: who
// reads it as "no hit" lets the wrong person pass.
type noAnswer struct {
	Ref   string `json:"ref,omitempty"`
	Error string `json:"error"`
}

// answer answers one line; tooLong is why it could not be read.
func (v *checkServer) answer(ctx context.Context, line []byte, tooLong error) any {
	q := new(question)
	fail := func(why string) any { return &noAnswer{q.Ref, why} }
	if tooLong != nil {
		return fail(fmt.Sprintf("a line of more than %d bytes", maxLine))
	}
	if line = bytes.TrimSpace(line); line[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(q); err != nil || d.More() {
			return fail("not a JSON object with mrz, doc, country, name, dob and ref")
		}
	} else {
		q.MRZ = string(line)
	}
	subject, err := subjectOf(q)
	if err != nil {
		return fail(reason(err))
	}
	a, err := v.desk.Check(ctx, &subject.Subject, time.Now())
	if err != nil {
		return fail(reason(err))
	}
	reported, err := v.report(ctx, a)
	v.mu.Lock()
	now := border{session: v.session, fresh: v.when}
	v.mu.Unlock()
	r := now.record(a, reported)
	r.Ref, r.Repaired = q.Ref, subject.repaired
	if err != nil {
		r.Problem = "the hit is not reported: " + reason(err)
	}
	return r
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
