package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a document. A part is never larger than the notice it is a part of.
const (
	MaxSize  = 192 << 10 // bytes of a notice or a reply as JSON
	maxDepth = 12        // nested objects and lists
	maxKey   = 64        // bytes of a field name
)

// decodeStrict decodes data into v and refuses what two readers could
// understand differently: a key twice in one object, a key that differs from a
// field's name in case only, null, an unknown field, text after the end, text
// that is not UTF-8 or has lost its characters.
func decodeStrict(data []byte, v any) error {
	if err := checkJSON(data, false); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return fmt.Errorf("%s: a %s is not what belongs here", fieldOf(wrong), wrong.Value)
		}
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// fieldOf names the place of a value of the wrong type, in the author's words.
func fieldOf(e *json.UnmarshalTypeError) string {
	if e.Field == "" {
		return "the document"
	}
	return e.Field
}

// encode returns v as JSON, indented or on one line. Unlike json.Marshal it
// leaves < as it is, of which a machine-readable zone is full.
func encode(v any, indent bool) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if indent {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	if !indent {
		b.Truncate(b.Len() - 1) // the newline
	}
	return b.Bytes(), nil
}

// checkJSON checks the shape of a document whose fields are not looked at yet.
// A foreign document may have nulls, keys of any spelling and any text.
func checkJSON(data []byte, foreign bool) error {
	if len(data) > MaxSize {
		return fmt.Errorf("%d bytes, at most %d are allowed", len(data), MaxSize)
	}
	if !utf8.Valid(data) {
		return errors.New("text is not UTF-8")
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(data)), foreign: foreign}
	w.dec.UseNumber()
	if err := w.value("", 0); err != nil {
		return err
	}
	if _, err := w.dec.Token(); err != io.EOF {
		return errors.New("something follows the document")
	}
	if w.first != json.Delim('{') {
		return errors.New("the document is not a JSON object")
	}
	return nil
}

// walker goes once through the tokens of a document.
type walker struct {
	dec     *json.Decoder
	foreign bool
	first   json.Token
}

func (w *walker) value(at string, depth int) error {
	tok, err := w.dec.Token()
	if err != nil {
		return jsonError(err)
	}
	if w.first == nil {
		w.first = tok
	}
	switch tok := tok.(type) {
	case nil:
		if !w.foreign {
			return fmt.Errorf("%s: null; leave the field out instead", at)
		}
	case string:
		if !w.foreign {
			return checkText(at, tok)
		}
	case json.Delim:
		if depth == maxDepth {
			return fmt.Errorf("%s: nested more than %d deep", at, maxDepth)
		}
		if tok == '[' {
			return w.list(at, depth)
		}
		return w.object(at, depth)
	}
	return nil
}

func (w *walker) list(at string, depth int) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(fmt.Sprintf("%s[%d]", at, i), depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return jsonError(err)
}

func (w *walker) object(at string, depth int) error {
	seen := make(map[string]bool)
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return jsonError(err)
		}
		key := tok.(string) // the decoder returns nothing else here
		name := strings.TrimPrefix(at+"."+key, ".")
		switch {
		case len(key) > maxKey:
			return fmt.Errorf("%.60s: a field name of %d bytes", at, len(key))
		case !w.foreign && !isSnake(key):
			return fmt.Errorf("unknown field %.60q", name)
		case seen[key]:
			return fmt.Errorf("%.60s: written twice", name)
		}
		seen[key] = true
		if err := w.value(name, depth+1); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return jsonError(err)
}

// checkText refuses control characters, which can rewrite a reader's terminal,
// and U+FFFD, which is what a decoder leaves where it lost a character.
func checkText(at, s string) error {
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("%s: a character was lost (U+FFFD); write the name again from the source", at)
		case r < 0x20 && r != '\n' && r != '\t', r >= 0x7f && r <= 0x9f:
			return fmt.Errorf("%s: control character %U", at, r)
		}
	}
	return nil
}

// isSnake reports whether key is spelt as all our keys are. The standard
// decoder matches keys without regard to case; within this alphabet that is
// exact.
func isSnake(key string) bool {
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return key != ""
}

func jsonError(err error) error {
	switch err {
	case nil:
		return nil
	case io.EOF, io.ErrUnexpectedEOF:
		return errors.New("the document ends too early")
	}
	return fmt.Errorf("not JSON: %w", err)
}
