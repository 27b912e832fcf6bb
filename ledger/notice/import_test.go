package notice

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
)

// TestImport reads testdata/import/*.json and compares draft, notes and what is
// missing with the golden file of the same name.
func TestImport(t *testing.T) {
	files, err := filepath.Glob("testdata/import/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n, notes, err := Import(data)
			if err != nil {
				t.Fatal(err)
			}
			draft, err := n.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			parse(t, draft)
			got := fmt.Sprintf("%s\nnotes:\n%s\n\nmissing:\n%s\n", draft, strings.Join(notes, "\n"), n.Validate(testDay))
			golden(t, "import/"+strings.TrimSuffix(filepath.Base(file), ".json")+".txt", []byte(got))
		})
	}
}

func TestImportRefuses(t *testing.T) {
	for _, doc := range []string{``, `[]`, `{}`, `{"a":1}`, `{"name":"A","name":"B"}`, `{"name":"A"} x`, "{\"name\":\"\xff\"}"} {
		if n, _, err := Import([]byte(doc)); err == nil {
			t.Errorf("%s: accepted: %+v", doc, n)
		}
	}
}

// TestImportComplete: with what a public page does not tell, a draft is valid.
func TestImportComplete(t *testing.T) {
	data, err := os.ReadFile("testdata/import/yellow_detail.json")
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := Import(data)
	if err != nil {
		t.Fatal(err)
	}
	n.Origin, n.Readers, n.ReviewBy = "XA", Readers{All}, DateOf(testDay.AddDate(1, 0, 0))
	n.Card.Desk = Desk{Name: "Aldermoor national desk", Phone: "+99955501100"}
	n.Body.Facts = "Left the hotel for the airport and did not board."
	if err := n.Validate(testDay); err != nil || n.Kind != ledger.KindYellow {
		t.Errorf("%s: %v", n.Kind, err)
	}
}

func FuzzImport(f *testing.F) {
	files, err := filepath.Glob("testdata/import/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, _, err := Import(data)
		if err != nil {
			return
		}
		_ = n.Validate(testDay)
		draft, err := n.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if len(draft) > MaxSize {
			return
		}
		if _, err := Parse(draft); err != nil {
			t.Fatalf("draft is not a notice: %v\n%s", err, draft)
		}
	})
}
