package query

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Parse reads a query. Relative times and ages are meant as of asOf. Every error
// is an [*Error].
func Parse(text string, asOf time.Time) (*Query, error) {
	p := &parser{text: []rune(text), line: 1, col: 1, asOf: asOf.UTC()}
	q := &Query{Text: text, AsOf: asOf}
	if err := p.check(text); err != nil {
		return nil, err
	}
	p.space()
	if p.end() {
		return nil, p.fail(p.pos(), "nothing to look for", "for example: "+fields[0].Example)
	}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.space(); !p.end() { // only a bracket stops or before the end
		return nil, p.fail(p.pos(), "a bracket ) closes what was not opened", "")
	}
	q.Root = root
	return q, nil
}

// parser reads runes; every method of it that returns a node leaves the parser
// behind the node, with spaces not yet skipped.
type parser struct {
	text      []rune
	i         int
	line, col int
	asOf      time.Time
	terms     int
	values    int
}

func (p *parser) check(text string) error {
	switch {
	case len(text) > MaxLength:
		return p.fail(p.pos(), "it is longer than %d bytes", "", MaxLength)
	case !utf8.ValidString(text):
		return p.fail(p.pos(), "it is not UTF-8", "")
	}
	return nil
}

func (p *parser) pos() Pos  { return Pos{p.line, p.col} }
func (p *parser) end() bool { return p.i >= len(p.text) }

// peek returns the rune that is n ahead, 0 at the end.
func (p *parser) peek(n int) rune {
	if p.i+n >= len(p.text) {
		return 0
	}
	return p.text[p.i+n]
}

func (p *parser) next() rune {
	r := p.text[p.i]
	p.i++
	if p.col++; r == '\n' {
		p.line, p.col = p.line+1, 1
	}
	return r
}

func (p *parser) space() {
	for !p.end() && unicode.IsSpace(p.peek(0)) {
		p.next()
	}
}

// keyword reads one of AND, OR and NOT if it is next.
func (p *parser) keyword(word string) bool {
	n := len(word)
	if p.i+n > len(p.text) || string(p.text[p.i:p.i+n]) != word {
		return false
	}
	if r := p.peek(n); r != 0 && !unicode.IsSpace(r) && r != '(' && r != ')' {
		return false
	}
	for range n {
		p.next()
	}
	return true
}

func (p *parser) or(depth int) (Node, error) {
	var any []Node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		any = append(any, n)
		if p.space(); !p.keyword("OR") {
			break
		}
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return &Or{any}, nil
}

func (p *parser) and(depth int) (Node, error) {
	var all []Node
	for {
		n, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		p.space()
		if p.keyword("AND") {
			continue
		}
		if p.end() || p.peek(0) == ')' || p.ahead("OR") {
			break
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return &And{all}, nil
}

const wordItself = "to look for the word itself, put it into \"quotes\""

// ahead reports whether a keyword is next, and does not read it.
func (p *parser) ahead(word string) bool {
	q := *p
	return q.keyword(word)
}

func (p *parser) not(depth int) (Node, error) {
	p.space()
	at := p.pos()
	switch r := p.peek(0); {
	case depth > MaxDepth:
		return nil, p.fail(at, "brackets and negations go deeper than %d", "", MaxDepth)
	case p.end():
		return nil, p.fail(at, "a term is missing at the end", "")
	case r == ')':
		return nil, p.fail(at, "a term is missing before the bracket", "")
	case p.ahead("AND"):
		return nil, p.fail(at, "a term is missing before AND", wordItself)
	case p.ahead("OR"):
		return nil, p.fail(at, "a term is missing before OR", wordItself)
	case p.keyword("NOT"):
		n, err := p.not(depth + 1)
		return &Not{n}, err
	case r == '-':
		p.next()
		if p.end() || unicode.IsSpace(p.peek(0)) {
			return nil, p.fail(at, "a dash that negates stands right before its term", "")
		}
		n, err := p.not(depth + 1)
		return &Not{n}, err
	case r == '(':
		p.next()
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.space(); p.peek(0) != ')' {
			return nil, p.fail(at, "this bracket is not closed", "")
		}
		p.next()
		return n, nil
	}
	return p.term()
}

// term reads FIELD OP VALUE or a value.
func (p *parser) term() (Node, error) {
	at := p.pos()
	if p.terms++; p.terms > MaxTerms {
		return nil, p.fail(at, "there are more than %d terms", "", MaxTerms)
	}
	name, op, err := p.fieldOp()
	if err != nil {
		return nil, err
	}
	t := &Term{Pos: at, Op: Equal, Field: fieldNamed("text")}
	if name != "" {
		if of := modifiers[strings.ToLower(name)]; of != "" {
			return nil, p.fail(at, "%s: stands behind a term of %s", "for example: "+fieldNamed(of).Example, name, of)
		}
		if t.Field = fieldNamed(strings.ToLower(name)); t.Field == nil {
			return nil, unknownField(at, name)
		}
	}
	not := op == NotEqual
	if op == NotEqual || op == "=" {
		op = Equal
	}
	if name != "" {
		t.Op = op
	}
	if err := p.operator(t, at); err != nil {
		return nil, err
	}
	if t.Values, err = p.valueList(t, name != ""); err != nil {
		return nil, err
	}
	if err := p.modify(t); err != nil {
		return nil, err
	}
	if t.Op != Fuzzy {
		t.Op = Equal // an order has become a range
	}
	if not {
		return &Not{t}, nil
	}
	return t, nil
}

// operator refuses one that the field does not take.
func (p *parser) operator(t *Term, at Pos) error {
	for _, op := range t.Field.Ops {
		if op == t.Op {
			return nil
		}
	}
	takes := ": = !="
	for _, op := range t.Field.Ops[1:] {
		takes += " " + string(op)
	}
	return p.fail(at, "%s takes no %s", "operators of "+t.Field.Name+": "+takes, t.Field.Name, string(t.Op))
}

// fieldOp reads the name of a field and an operator, if that is what comes.
func (p *parser) fieldOp() (name string, op Op, err error) {
	n := 0
	for r := p.peek(n); unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || n > 0 && (r == '_' || r == '-'); r = p.peek(n) {
		n++
	}
	size := 0
	switch a, b := p.peek(n), p.peek(n+1); {
	case (a == '!' || a == '>' || a == '<') && b == '=':
		size = 2
	case a == ':' || a == '~' || a == '=' || a == '>' || a == '<':
		size = 1
	case a == '：' || a == '～':
		return "", "", p.fail(p.pos(), "this is a wide %c", "write : or ~ in ASCII", a)
	default:
		return "", "", nil
	}
	at := p.pos()
	name, op = string(p.text[p.i:p.i+n]), Op(p.text[p.i+n:p.i+n+size])
	for range n + size {
		p.next()
	}
	if name == "" {
		return "", "", p.fail(at, "a field is missing before %s", "to look for the sign itself, put it into \"quotes\"", string(op))
	}
	return name, op, nil
}

// modify reads what belongs to the term just read: depth:2, within:25.
func (p *parser) modify(t *Term) error {
	for {
		q := *p
		q.space()
		at := q.pos()
		name, op, err := q.fieldOp()
		if err != nil {
			return nil // told when it is read as a term
		}
		if of := modifiers[strings.ToLower(name)]; of == "" || of != t.Field.Name {
			return nil
		}
		if op != Equal && op != "=" {
			return p.fail(at, "%s takes no %s", "write "+name+":N", name, string(op))
		}
		text, quoted, err := q.word()
		if err != nil {
			return err
		}
		if text == "" || quoted {
			return p.fail(at, "%s needs a number", "", name)
		}
		if err := t.modifier(p, at, strings.ToLower(name), text); err != nil {
			return err
		}
		*p = q
	}
}

// quotes are the straight one and those that word processors put in its place.
func isQuote(r rune) bool {
	return r == '"' || r == '“' || r == '”' || r == '„' || r == '«' || r == '»'
}

// word reads a quoted phrase, or runes up to a space, a bracket or a comma.
func (p *parser) word() (text string, quoted bool, err error) {
	if !isQuote(p.peek(0)) {
		from := p.i
		for !p.end() && !unicode.IsSpace(p.peek(0)) && p.peek(0) != '(' && p.peek(0) != ')' && p.peek(0) != ',' && !isQuote(p.peek(0)) {
			p.next()
		}
		return string(p.text[from:p.i]), false, nil
	}
	at := p.pos()
	p.next()
	var b strings.Builder
	for !p.end() {
		switch r := p.next(); {
		case r == '\\' && (isQuote(p.peek(0)) || p.peek(0) == '\\'):
			b.WriteRune(p.next())
		case isQuote(r):
			return b.String(), true, nil
		default:
			b.WriteRune(r)
		}
	}
	return "", true, p.fail(at, "a quote is not closed", "")
}
