package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"comity/crypto/keys"

	"golang.org/x/term"
)

// Passphrases come from the terminal, or from the file that --passphrase-file
// or COMITY_PASSPHRASE_FILE names. They are never an argument or the value of
// a variable: other users can read both.

// errNoPassphrase says that a key file is encrypted and nobody can be asked.
var errNoPassphrase = errors.New("a passphrase is needed, and there is no terminal to ask for it")

const maxPassphrase = 1024

// passphrase returns the passphrase for the key files of this command. It asks
// once: a bureau's files share one.
func (t *terminal) passphrase(path string) ([]byte, error) {
	if t.pass != nil {
		return t.pass, nil
	}
	var err error
	if t.passFile != "" {
		t.pass, err = readPassphrase(t.passFile)
	} else {
		if t.pass, err = t.ask("Passphrase for " + visible(path) + ": "); err == nil {
			t.note("unlocking; this takes a moment, on purpose")
		}
	}
	return t.pass, err
}

// newPassphrase returns the passphrase for keys that are about to be made,
// asked for twice.
func (t *terminal) newPassphrase() ([]byte, error) {
	if t.passFile != "" {
		return readPassphrase(t.passFile)
	}
	first, err := t.ask("New passphrase: ")
	if err != nil {
		return nil, err
	}
	second, err := t.ask("The same again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, errors.New("the two passphrases differ; nothing was made")
	}
	return first, nil
}

// ask reads a line from the terminal without showing it.
func (t *terminal) ask(question string) ([]byte, error) {
	if !isTerminal(t.stdin) {
		return nil, hint(errNoPassphrase, "name a file that holds it: --passphrase-file FILE or COMITY_PASSPHRASE_FILE")
	}
	fd := int(t.stdin.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	type answer struct {
		line []byte
		err  error
	}
	entered := make(chan answer, 1)
	fmt.Fprint(t.stderr, question)
	go func() { // ends with the process, if nobody ever answers
		line, err := term.ReadPassword(fd)
		entered <- answer{line, err}
	}()
	select {
	case a := <-entered:
		fmt.Fprintln(t.stderr)
		if a.err != nil {
			return nil, fmt.Errorf("read an answer: %w", a.err)
		}
		if len(a.line) == 0 {
			return nil, errors.New("nothing was entered")
		}
		return a.line, nil
	case <-t.interrupt:
		fmt.Fprintln(t.stderr)
		return nil, errors.Join(context.Canceled, term.Restore(fd, before)) // else the terminal stays silent
	}
}

// readPassphrase reads the first line of a file that only its owner may use, or
// of a pipe.
func readPassphrase(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read passphrase file %s: %w", path, cause(err))
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read passphrase file %s: %w", path, cause(err))
	}
	if fi.Mode().IsRegular() {
		if err := keys.CheckPrivate(fi); err != nil {
			return nil, fmt.Errorf("read passphrase file %s: %w", path, err)
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPassphrase+1))
	if err != nil {
		return nil, fmt.Errorf("read passphrase file %s: %w", path, cause(err))
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(line) == 0:
		return nil, fmt.Errorf("read passphrase file %s: its first line is empty", path)
	case len(line) > maxPassphrase:
		return nil, fmt.Errorf("read passphrase file %s: its first line is longer than %d bytes", path, maxPassphrase)
	}
	return line, nil
}
