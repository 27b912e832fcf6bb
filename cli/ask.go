package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// maxAnswer bounds what a person answers, in bytes.
const maxAnswer = 4096

// askLine reads one line from standard input, without the spaces around it; it
// asks for it only where somebody reads that. It takes no byte of what follows:
// a passphrase may be next. The error is io.EOF where nothing is left to read.
func (t *terminal) askLine(question string) (string, error) {
	if isTerminal(t.stdin) {
		fmt.Fprint(t.stderr, question)
	}
	type answer struct {
		line string
		err  error
	}
	entered := make(chan answer, 1)
	go func() { // ends with the process, if nobody ever answers
		line, err := readAnswer(t.stdin)
		entered <- answer{line, err}
	}()
	select {
	case a := <-entered:
		if a.err == io.EOF && isTerminal(t.stdin) {
			fmt.Fprintln(t.stderr) // Ctrl-D leaves the cursor at the question
		}
		return a.line, a.err
	case <-t.interrupt:
		fmt.Fprintln(t.stderr)
		return "", context.Canceled
	}
}

func readAnswer(in io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := in.Read(one)
		switch {
		case n == 1 && one[0] == '\n', err == io.EOF && len(line) > 0:
			return strings.TrimSpace(string(line)), nil
		case n == 1 && len(line) == maxAnswer:
			return "", errors.New("read an answer: the line is too long")
		case n == 1:
			line = append(line, one[0])
		case err == io.EOF:
			return "", err
		case err != nil:
			return "", fmt.Errorf("read an answer: %w", cause(err))
		}
	}
}

// notTyped is the error of a question that nobody answered: it says what was to be
// typed.
func notTyped(what string) error { return fmt.Errorf("nothing was typed: type %s", what) }

// inquiry is what a command needs to know: by its flag, else by asking.
type inquiry struct {
	flag     string
	text     string
	proposal string // what Enter, or --yes, takes; "" for none
	optional bool   // the proposal counts also where nobody is left to answer
	check    func(answer string) error
}

// tries is how often a person may answer before the command gives up.
const tries = 3

// inquire returns the answer to a question, checked. A wrong one is asked for
// again on a terminal only. The error is io.EOF where nobody answers.
func (t *terminal) inquire(c *cli.Context, q inquiry) (string, error) {
	if c.IsSet(q.flag) {
		value := c.String(q.flag)
		if err := q.check(value); err != nil {
			return "", usagef("%s: %s", verb(c), err)
		}
		return value, nil
	}
	if c.Bool("yes") {
		if q.proposal == "" {
			return "", io.EOF
		}
		return q.proposal, q.check(q.proposal)
	}
	for try := 1; ; try++ {
		text := q.text
		if q.proposal != "" {
			text += " [" + q.proposal + "]"
		}
		value, err := t.askLine(visible(text) + ": ")
		switch {
		case err == io.EOF && q.optional:
			return q.proposal, nil
		case err != nil:
			return "", err
		case value == "" && q.proposal != "":
			value = q.proposal
		}
		if err = q.check(value); err == nil {
			return value, nil
		}
		if !isTerminal(t.stdin) || try == tries {
			return "", usagef("%s: %s", verb(c), err)
		}
		t.note("%s", err)
	}
}
