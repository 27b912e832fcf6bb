package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"comity/crypto/keys"
	"comity/node/home"

	"golang.org/x/term"
)

// Passphrases come from the terminal, or from the file that --passphrase-file
// or COMITY_PASSPHRASE_FILE names. They are never an argument or the value of
// a variable: other users can read both.

// errNoPassphrase says that a key file is encrypted and nobody can be asked.
var errNoPassphrase = errors.New("a passphrase is needed, and there is no terminal to ask for it")

const maxPassphrase = 1024

// passphrase returns the passphrase for a key file of this command. What opened one
// file is tried on the next: most of a bureau's files share one. On a terminal a slip
// may be put right.
func (t *terminal) passphrase(path string, wrong bool) ([]byte, error) {
	if !wrong {
		t.tried, t.asked = 0, 0
	}
	if t.tried < len(t.phrases) {
		t.tried++
		return t.phrases[t.tried-1], nil
	}
	var phrase []byte
	var err error
	switch {
	case t.passFile != "" && wrong, t.asked == tries:
		return nil, keys.ErrPassphrase
	case t.passFile != "":
		phrase, err = readPassphrase(t.passFile)
	default:
		if t.asked > 0 {
			t.note("wrong passphrase")
		}
		t.asked++
		if phrase, err = t.ask("Passphrase for " + visible(path) + ": "); err == nil {
			t.note("unlocking; this takes a moment, on purpose")
		}
	}
	if err != nil {
		return nil, err
	}
	t.phrases = append(t.phrases, phrase)
	t.tried = len(t.phrases)
	return phrase, nil
}

// minPassphrase is the least length of a new passphrase, in bytes. Its file may be
// stolen and tried on many machines at once.
const minPassphrase = 8

// newPassphrase returns the passphrase for keys that are about to be made,
// asked for twice.
func (t *terminal) newPassphrase() ([]byte, error) {
	if t.passFile != "" {
		return newPassphraseIn(t.passFile)
	}
	first, err := t.ask("New passphrase: ")
	if err != nil {
		return nil, err
	}
	if err := longEnough(first); err != nil {
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

func longEnough(phrase []byte) error {
	if len(phrase) < minPassphrase {
		return fmt.Errorf("a new passphrase has %d characters or more; some words that have nothing to do with each other are good", minPassphrase)
	}
	return nil
}

// newPassphraseIn reads the passphrase of keys that are about to be made from a file.
func newPassphraseIn(path string) ([]byte, error) {
	phrase, err := readPassphrase(path)
	if err == nil {
		err = longEnough(phrase)
	}
	return phrase, err
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

// passphraseIn returns the passphrase that a file has when it is asked for.
func passphraseIn(path string) home.Passphrase {
	return func(_ string, wrong bool) ([]byte, error) {
		if wrong {
			return nil, keys.ErrPassphrase
		}
		return readPassphrase(path)
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
