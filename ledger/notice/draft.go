package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// A draft is the JSON of a notice with comments, for a person to edit:
//
//	{
//	  // which kind of notice; shown in the clear, but of a diffusion
//	  "kind": "yellow",
//
// A comment begins with // outside of a text and ends with its line, as in the
// JSONC of editors. YAML would read better and is refused: its NO is false, its
// 2010-05 a date and its 0771 a number, and two programs read it differently.
// What is left without comments is JSON and read as strictly as any.

// maxDraft bounds a draft: a notice and what is said about its fields.
const maxDraft = 4 * MaxSize

// Draft returns the notice as a draft: above a field, once, what it is, and at
// the end of a part the fields that it may have besides. The lines of note
// stand at the top.
func (n *Notice) Draft(note ...string) ([]byte, error) {
	w := draftWriter{said: make(map[string]bool)}
	for _, line := range note {
		w.comment(0, line)
	}
	data, err := n.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("draft: %w", err)
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("draft: %w", err)
	}
	if err := w.structure(0, reflect.ValueOf(d)); err != nil {
		return nil, fmt.Errorf("draft: %w", err)
	}
	w.out.WriteByte('\n')
	return w.out.Bytes(), nil
}

type draftWriter struct {
	out  bytes.Buffer
	said map[string]bool // by owner and name of the field
}

func (w *draftWriter) comment(depth int, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(&w.out, "%s// %s\n", strings.Repeat("  ", depth), line)
	}
}

func (w *draftWriter) structure(depth int, v reflect.Value) error {
	type present struct {
		field
		value reflect.Value
	}
	var there []present
	var absent []field
	for f := range eachField(v.Type()) {
		value := v.FieldByIndex(f.index)
		if f.leftOut(value) {
			absent = append(absent, f)
		} else {
			there = append(there, present{f, value})
		}
	}
	w.out.WriteString("{\n")
	for i, f := range there {
		w.help(depth+1, f.field, "")
		fmt.Fprintf(&w.out, "%s%q: ", strings.Repeat("  ", depth+1), f.name)
		if err := w.value(depth+1, f.value); err != nil {
			return err
		}
		if i < len(there)-1 {
			w.out.WriteByte(',')
		}
		w.out.WriteByte('\n')
	}
	for _, f := range absent {
		w.help(depth+1, f, "also \""+f.name+"\": ")
	}
	w.out.WriteString(strings.Repeat("  ", depth) + "}")
	return nil
}

// help says once what a field is. An entity is one thing of many: what it is
// not is not said.
func (w *draftWriter) help(depth int, f field, prefix string) {
	key := f.owner + "." + f.name
	if !w.said[key] && fieldHelp[key] != "" {
		w.comment(depth, prefix+fieldHelp[key])
	}
	w.said[key] = true
}

func (w *draftWriter) value(depth int, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct:
		return w.value(depth, v.Elem())
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[Date]():
		return w.structure(depth, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		if v.Len() == 0 {
			w.out.WriteString("[]")
			return nil
		}
		w.out.WriteString("[\n")
		for i := range v.Len() {
			w.out.WriteString(strings.Repeat("  ", depth+1))
			if err := w.structure(depth+1, v.Index(i)); err != nil {
				return err
			}
			if i < v.Len()-1 {
				w.out.WriteByte(',')
			}
			w.out.WriteByte('\n')
		}
		w.out.WriteString(strings.Repeat("  ", depth) + "]")
		return nil
	}
	data, err := encode(v.Interface(), false)
	w.out.Write(data)
	return err
}

// ParseDraft reads a draft, or a notice without comments, as strictly as
// [Parse]. It says in which line a draft is not JSON.
func ParseDraft(data []byte) (*Notice, error) {
	plain, err := stripComments(data)
	if err != nil {
		return nil, fmt.Errorf("parse notice: %w", err)
	}
	if err := lineOf(plain); err != nil {
		return nil, fmt.Errorf("parse notice: %w", err)
	}
	return Parse(plain)
}

// Blank reports whether nothing but comments and white space is in a draft.
func Blank(data []byte) bool {
	plain, err := stripComments(data)
	return err == nil && len(bytes.TrimSpace(plain)) == 0
}

// stripComments leaves out the comments and keeps the ends of lines.
func stripComments(data []byte) ([]byte, error) {
	if len(data) > maxDraft {
		return nil, fmt.Errorf("%d bytes, at most %d are allowed", len(data), maxDraft)
	}
	plain := make([]byte, 0, len(data))
	inText, line := false, 1
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c == '\n' {
			line++
		}
		switch {
		case inText && c == '\\' && i+1 < len(data) && data[i+1] != '\n':
			plain = append(plain, c, data[i+1])
			i++
			continue
		case c == '"':
			inText = !inText
		case inText && c == '\n':
			return nil, fmt.Errorf("line %d: a text does not end in its line; write \\n for a new line within it", line-1)
		case !inText && c == '/' && i+1 < len(data) && data[i+1] == '/':
			for i < len(data) && data[i] != '\n' {
				i++
			}
			i-- // the end of the line stays
			continue
		case !inText && c == '/':
			return nil, fmt.Errorf("line %d: a comment begins with // and ends with its line", line)
		}
		plain = append(plain, c)
	}
	return plain, nil
}

// lineOf says in which line a text is not JSON.
func lineOf(plain []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(plain, &any)
	var wrong *json.SyntaxError
	if !errors.As(err, &wrong) || int(wrong.Offset) >= len(bytes.TrimSpace(plain)) && !bytes.HasSuffix(bytes.TrimSpace(plain), []byte("}")) {
		return nil // what else is wrong is said by who reads it
	}
	before := plain[:min(int(wrong.Offset), len(plain))]
	line := 1 + bytes.Count(before, []byte("\n"))
	if last := bytes.TrimRight(before[:max(len(before)-1, 0)], " \t\r\n"); bytes.HasSuffix(last, []byte(",")) && (bytes.HasSuffix(before, []byte("}")) || bytes.HasSuffix(before, []byte("]"))) {
		return fmt.Errorf("line %d: a comma before the end of a list or a part; leave it out", 1+bytes.Count(last, []byte("\n")))
	}
	return fmt.Errorf("line %d: not JSON: %s; most often the line before lacks a comma at its end", line, strings.TrimPrefix(wrong.Error(), "json: "))
}
