package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
)

// versionDiff is what a version changed of the one before, as --json shows it.
type versionDiff struct {
	Version int         `json:"version"` // from 2 on
	ID      ledger.ID   `json:"id"`
	Index   uint64      `json:"index"`
	Time    uint64      `json:"time"`
	Problem string      `json:"problem,omitempty"` // why it cannot be compared
	Changes []fieldDiff `json:"changes"`
}

// fieldDiff is one field that differs; what is not there is empty.
type fieldDiff struct {
	Field string `json:"field"`
	Was   string `json:"was,omitempty"`
	Is    string `json:"is,omitempty"`
}

// showDiffs tells what each version of a case changed.
func (s *session) showDiffs(k *desk.Case) error {
	out := make([]versionDiff, 0, len(k.Versions))
	for i := 1; i < len(k.Versions); i++ {
		v := &k.Versions[i]
		d := versionDiff{Version: i + 1, ID: v.ID, Index: v.Index, Time: v.Time}
		var err error
		if before := k.Versions[i-1].View; v.View == nil || before == nil {
			d.Problem = "one of the two cannot be opened here"
		} else if d.Changes, err = diffViews(before, v.View); err != nil {
			return err
		}
		out = append(out, d)
	}
	if s.asJSON {
		return s.document(out)
	}
	if len(out) == 0 {
		s.note("%s has one version only", k.Name())
	}
	for _, d := range out {
		s.say("%s  version %d, entry %s, %s", k.Name(), d.Version, count(d.Index), clock(d.Time))
		if d.Problem != "" {
			s.say("  NOT SHOWN %s", d.Problem)
		}
		for _, f := range d.Changes {
			if f.Was != "" {
				s.text("  - ", f.Field+": "+f.Was)
			}
			if f.Is != "" {
				s.text("  + ", f.Field+": "+f.Is)
			}
		}
	}
	return nil
}

// unlike are members of a view that differ though the author changed nothing.
var unlike = []string{"id", "author", "unreviewed", "action"}

// diffViews compares two versions field by field.
func diffViews(before, after *notice.View) ([]fieldDiff, error) {
	was, err := fieldsOf(before)
	if err != nil {
		return nil, err
	}
	is, err := fieldsOf(after)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(was)
	maps.Copy(all, is)
	out := []fieldDiff{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if was[name] != is[name] && !slices.Contains(unlike, name) {
			out = append(out, fieldDiff{name, was[name], is[name]})
		}
	}
	return out, nil
}

// fieldsOf returns what is in a view by the names of its fields: "card.person.born".
func fieldsOf(v *notice.View) (map[string]string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("compare versions: %w", err)
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // else a large one would be shown as 6.7108864e+07
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("compare versions: %w", err)
	}
	out := make(map[string]string)
	flatten(out, "", tree)
	maps.DeleteFunc(out, func(name, _ string) bool { return sealedFile.MatchString(name) })
	return out, nil
}

// sealedFile are the fields of a file that say where its sealed bytes lie. Its name,
// size and hash tell whether it is another one.
var sealedFile = regexp.MustCompile(`^attachments\[[0-9]+\]\.(address|id|sealed_size|type)$`)

func flatten(out map[string]string, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			at := key
			if name != "" {
				at = name + "." + key
			}
			flatten(out, at, v)
		}
	case []any:
		for i, v := range value {
			flatten(out, fmt.Sprintf("%s[%d]", name, i), v)
		}
	case nil:
	default:
		out[name] = fmt.Sprint(value)
	}
}
