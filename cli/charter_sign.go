package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterSignCommand() *cli.Command {
	return &cli.Command{
		Name: "sign", Usage: "sign a draft with this bureau's root key", ArgsUsage: "DRAFT",
		Description: "Telephone every other founder: each reads the eight words of its own root key, from comity init\n" +
			"or its paper record, and you type them, each word whole or by its first four letters. Only so is\n" +
			"it certain that no other key was put into the draft on its way.\n\n" +
			"Example: comity charter sign charter.draft --root /mnt/stick/XA.root -o XA.sig",
		Flags: append([]cli.Flag{rootFlag(),
			&cli.StringFlag{Name: "words-checked", Usage: "`FILE` with a line CODE WORD WORD ... for each other founder, as you heard them: ask for none"}}, outputFlags()...),
		Action: t.charterSign,
	}
}

// maxAhead is how far the clocks of founders may differ.
const maxAhead = time.Hour

// maxWords bounds a file of words, in bytes.
const maxWords = 16 << 10

func (t *terminal) charterSign(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "DRAFT")
	if err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	g, err := t.readDraft(args[0])
	if err != nil {
		return err
	}
	switch have, err := h.Genesis(); {
	case err == nil && have.Ledger == g.Ledger:
		return fmt.Errorf("sign %s: %s has started this ledger already", inputName(args[0]), h.Bureau())
	case err == nil:
		return fmt.Errorf("sign %s: %s belongs to another ledger already, %q", inputName(args[0]), h.Bureau(), have.Charter.Name)
	case !errors.Is(err, home.ErrNoCharter):
		return err
	}
	if err := h.CheckDraft(g.Charter); err != nil {
		return hint(fmt.Errorf("sign %s: %w", inputName(args[0]), err), "the draft must be made from %s as comity init wrote it", h.MemberFile())
	}
	if made := time.Unix(int64(g.Charter.Created), 0); time.Until(made) > maxAhead {
		return fmt.Errorf("sign %s: by this machine's clock it was made in the future, at %s: one of two clocks is wrong", inputName(args[0]), clock(g.Charter.Created*1000))
	}
	if path := c.String("o"); path != "" && path != "-" { // before anybody telephones
		o, err := createOutput(path, c.Bool("force"))
		if err != nil {
			return err
		}
		o.discard()
	}
	if _, err := h.Root(t.passphrase); err != nil { // before anybody telephones
		return fmt.Errorf("%s was not signed: %w", inputName(args[0]), err)
	}
	t.noteCharter(g)
	heard, err := t.heardWords(c, h, g.Charter)
	if err != nil {
		return refuseWords(args[0], err)
	}
	sig, err := h.SignCharter(g, heard, t.passphrase)
	if err != nil {
		return err
	}
	if err := t.result(c, sig, map[string]any{"bureau": h.Bureau(), "ledger": keys.ID(g.Ledger), "words": keys.ID(g.Ledger).Words().String()}); err != nil {
		return err
	}
	t.note("signed %q for %s; its id in words: %s", g.Charter.Name, h.Bureau(), keys.ID(g.Ledger).Words())
	t.note("next: send the signature to all founders; who has all of them: comity charter start")
	return nil
}

// refuseWords says what it means that words are wrong or missing.
func refuseWords(path string, err error) error {
	var wrong *home.WordsError
	advice := ""
	switch {
	case errors.As(err, &wrong) && wrong.Of == "":
		advice = "have them read again; if they still differ, another key was put into the draft on its way: do not sign it, and tell all founders"
	case errors.Is(err, io.EOF):
		err = notTyped("the eight words of each other founder, as it reads them to you")
		advice = "on a terminal, or name a file with those you heard: --words-checked FILE"
	}
	err = fmt.Errorf("%s was not signed: %w", inputName(path), err)
	if advice != "" {
		return hint(err, "%s", advice)
	}
	return err
}

// heardWords returns the words of every other founder's root as somebody heard
// them, each compared with the draft. It never shows which words it expects.
func (t *terminal) heardWords(c *cli.Context, h *home.Home, charter *ledger.Charter) (map[string]keys.Words, error) {
	if c.IsSet("words-checked") {
		return t.wordsFile(c.String("words-checked"), charter)
	}
	own, _ := charter.Member(h.Bureau())
	t.note("by telephone, read to each other founder: %s", keys.SigningID(own.Root).Words())
	heard := make(map[string]keys.Words)
	for i := range charter.Members {
		m := &charter.Members[i]
		if m.Code == h.Bureau() {
			continue
		}
		words, err := t.typedWords(charter, m)
		if err != nil {
			return nil, err
		}
		heard[m.Code] = words
	}
	return heard, nil
}

// typedWords asks for the words of one founder. On a terminal a wrong answer may
// be a slip, and is asked for again.
func (t *terminal) typedWords(charter *ledger.Charter, m *ledger.Member) (keys.Words, error) {
	for try := 1; ; try++ {
		text, err := t.askLine(visible(fmt.Sprintf("Words that %s (%s) reads to you: ", m.Code, m.Name)))
		if err != nil {
			return keys.Words{}, err
		}
		words, err := keys.ParseWords(text)
		if err == nil {
			err = home.CheckWords(charter, m.Code, words)
		} else {
			err = fmt.Errorf("the words of %s: %w", m.Code, err)
		}
		if err == nil || !isTerminal(t.stdin) || try == tries {
			return words, err
		}
		t.note("%s", err)
	}
}

// wordsFile reads words that were heard and written down.
func (t *terminal) wordsFile(path string, charter *ledger.Charter) (map[string]keys.Words, error) {
	data, err := t.readInput(path, maxWords)
	if err != nil {
		return nil, err
	}
	heard := make(map[string]keys.Words)
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		code, text, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if code == "" || code[0] == '#' {
			continue
		}
		words, err := keys.ParseWords(text)
		if err == nil {
			err = home.CheckWords(charter, code, words)
		}
		if _, twice := heard[code]; err == nil && twice {
			err = fmt.Errorf("%s is there twice", code)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", inputName(path), n, err)
		}
		heard[code] = words
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", inputName(path), err)
	}
	return heard, nil
}
