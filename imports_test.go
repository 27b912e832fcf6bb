package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "comity"

// layers holds every package of this module but the support of tests, from the
// lowest layer up. A package may import those of lower layers; its tests may
// also import those of its own.
var layers = [][]string{
	{"crypto/keys", "ledger/names"},
	{"crypto/sign", "crypto/seal"},
	{"ledger", "ledger/ident"},
	{"ledger/notice", "ledger/state", "ledger/bundle"},
	{"ledger/query"},
	{"ledger/links", "ledger/export"},
	{"ledger/store", "ledger/tiles"},
	{"ledger/audit", "ledger/index"},
	{"node/wire", "node/listen", "node/blobs", "node/backup", "node/desk/readlog"},
	{"node/client"},
	{"node/follow"},
	{"node", "node/desk", "node/drafts", "node/dist"},
	{"node/desk/server", "node/desk/remote"},
	{"node/home"},
	{"testnet"},
	{"cli"},
	{"."},
}

// support are packages that only tests import, each with the highest package
// that it may import itself; their own tests may import all.
var support = map[string]string{
	"ledger/ledgertest":      "ledger",
	"ledger/store/storetest": "ledger/store",
}

// reserved are imports that only these packages may have.
var reserved = map[string][]string{
	"github.com/hashicorp/raft":             {"node", "testnet"},
	"github.com/hashicorp/raft-boltdb":      {"node", "testnet"},
	"go.etcd.io/bbolt":                      {"node", "testnet"},
	"github.com/urfave/cli":                 {"cli"},
	"github.com/vbauerster/mpb":             {"cli"},
	"golang.org/x/term":                     {"cli"},
	"github.com/prometheus/client_golang":   {"node"},
	"github.com/BurntSushi/toml":            {"node/home"},
	"filippo.io/age":                        {"crypto/keys"},
	"github.com/btcsuite/btcd/btcutil":      {"crypto/keys", "ledger/ident"},
	"github.com/nyaruka/phonenumbers":       {"ledger/ident"},
	"github.com/google/uuid":                {"ledger/export"},
	"gonum.org/v1/gonum":                    {"ledger/links"},
	"github.com/biter777/countries":         {"ledger/ident"},
	"github.com/santhosh-tekuri/jsonschema": {"ledger/notice"}, // its tests: a second opinion on our schemas
	"filippo.io/edwards25519":               {"crypto/keys"},
	"github.com/rogpeppe/go-internal":       {"cli"},
	"github.com/stretchr/testify":           {}, // standard testing only
	"github.com/google/go-cmp":              {},
	"google.golang.org/protobuf":            {}, // encodings are written by hand
	"encoding/gob":                          {},
	"golang.org/x/crypto/curve25519":        {}, // crypto/hpke does the KEM
	"golang.org/x/crypto/chacha20poly1305":  {},
	"github.com/mozillazg/go-pinyin":        {"ledger/names"},
	"github.com/ncruces/go-sqlite3":         {"ledger/index"},
	"lukechampine.com/adiantum":             {"ledger/index"},
}

// pure packages open no socket, read no file and start no process; crypto/keys
// alone reads and writes key files.
var pure = []string{
	"crypto/keys", "crypto/sign", "crypto/seal", "ledger", "ledger/names", "ledger/ident", "ledger/notice", "ledger/state",
	"ledger/query", "ledger/links", "ledger/export",
}

// impure are the imports that a pure package must not have.
var impure = []string{"os", "os/exec", "io/ioutil", "net", "net/http", "syscall", "log", "sync", "context", "embed", "plugin"}

// modules are folders that are modules of their own, which these rules do not
// bind: nothing here can import them.
var modules = []string{"testnet/interop"}

// layer returns the layer of a package, -1 for one that is in no layer.
func layer(pkg string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, pkg) })
}

// checkImports returns what is wrong with the imports of the tree at root.
func checkImports(root string) (problems []string, packages map[string]bool, err error) {
	packages = make(map[string]bool)
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != root && (name == "testdata" || name == "vendor" || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && slices.Contains(modules, rel) {
			return fs.SkipDir
		}
		if d.Name() == "go.mod" && path.Dir(rel) != "." {
			problems = append(problems, rel+": a module where none should be")
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		pkg := path.Dir(rel)
		packages[pkg] = true
		if layer(pkg) < 0 && support[pkg] == "" {
			problems = append(problems, fmt.Sprintf("%s: package %s has no place among the layers", rel, pkg))
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := checkImport(pkg, name, strings.HasSuffix(rel, "_test.go")); why != "" {
				problems = append(problems, fmt.Sprintf("%s: imports %s: %s", rel, name, why))
			}
		}
		return nil
	})
	return problems, packages, err
}

// checkImport says why a file of pkg must not import name, "" if it may.
func checkImport(pkg, name string, test bool) string {
	for prefix, only := range reserved {
		if within(name, prefix) && !slices.Contains(only, pkg) {
			return fmt.Sprintf("only %v may", only)
		}
	}
	ours, isOurs := strings.CutPrefix(name, module+"/")
	if !isOurs {
		if name == module {
			return "nothing may import the program"
		}
		if !test && slices.Contains(pure, pkg) && slices.Contains(impure, name) && !(pkg == "crypto/keys" && (name == "os" || name == "syscall")) {
			return pkg + " does no I/O"
		}
		return ""
	}
	of := pkg
	if support[pkg] != "" {
		of = support[pkg]
	}
	if to := support[ours]; to != "" {
		if !test && support[pkg] == "" {
			return "it is for tests"
		}
		if layer(to) > layer(of) {
			return fmt.Sprintf("it stands on %s, above %s", to, of)
		}
		return ""
	}
	switch at := layer(ours); {
	case at < 0:
		return "no such layer"
	case at < layer(of), at == layer(of) && (test || support[pkg] != ""), test && support[pkg] != "":
		return ""
	}
	return fmt.Sprintf("%s is not below %s", ours, pkg)
}

// within reports whether name is the import path prefix, a package below it, or
// of another major version of it.
func within(name, prefix string) bool { return name == prefix || strings.HasPrefix(name, prefix+"/") }

func TestImports(t *testing.T) {
	problems, packages, err := checkImports(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	for _, l := range layers {
		for _, pkg := range l {
			if !packages[pkg] {
				t.Errorf("layer of package %s, which is not there", pkg)
			}
		}
	}
	for pkg := range support {
		if !packages[pkg] {
			t.Errorf("support package %s is not there", pkg)
		}
	}
	if packages["crypto"] {
		t.Error("a Go file directly in crypto/: it would shadow the standard package")
	}
}

// TestImportsFindsPlanted plants one file at a time in a tree that is right.
func TestImportsFindsPlanted(t *testing.T) {
	clean := map[string]string{
		"main.go":                        `import "comity/cli"`,
		"cli/a.go":                       `import ("comity/testnet"; "comity/ledger"; "github.com/urfave/cli/v2"; "os")`,
		"testnet/a.go":                   `import ("comity/node"; "github.com/hashicorp/raft")`,
		"node/a.go":                      `import ("comity/ledger/state"; "comity/node/wire"; "github.com/hashicorp/raft"; raftboltdb "github.com/hashicorp/raft-boltdb/v2")`,
		"node/a_test.go":                 `import ("comity/ledger/ledgertest"; "comity/node/desk")`,
		"node/testdata/a.go":             `import "comity/cli"`,
		"ledger/a.go":                    `import ("comity/crypto/keys"; "golang.org/x/mod/sumdb/note")`,
		"ledger/a_test.go":               `import ("comity/ledger"; "comity/ledger/ledgertest"; "os")`,
		"ledger/ledgertest/a.go":         `import ("comity/ledger"; "testing")`,
		"ledger/store/storetest/a.go":    `import ("comity/ledger/store"; "comity/ledger/ledgertest")`,
		"ledger/store/a.go":              `import ("comity/ledger/state"; "os")`,
		"crypto/keys/a.go":               `import "os"`,
		"crypto/sign/testdata/script.go": `import "comity/node"`,
		"testnet/interop/a.go":           `import ("comity/cli"; "github.com/transparency-dev/tessera/client")`,
	}
	plant := func(file, source string) []string {
		root := t.TempDir()
		write := func(file, source string) {
			full := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, []byte("package p\n"+source+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for f, s := range clean {
			write(f, s)
		}
		write(file, source)
		problems, _, err := checkImports(root)
		if err != nil {
			t.Fatal(err)
		}
		return problems
	}
	if problems := plant("ledger/b.go", `import "fmt"`); len(problems) > 0 {
		t.Fatalf("the clean tree: %v", problems)
	}
	for _, tt := range []struct{ file, source, want string }{
		{"ledger/b.go", `import "comity/node"`, "ledger/b.go: imports comity/node: node is not below ledger"},
		{"ledger/b.go", `import _ "comity/node"`, "node is not below ledger"},
		{"ledger/b.go", `import "comity/ledger/state"`, "ledger/state is not below ledger"},
		{"ledger/b_test.go", `import "comity/ledger/state"`, "ledger/state is not below ledger"},
		{"ledger/notice/b.go", `import "comity/ledger/state"`, "ledger/state is not below ledger/notice"},
		{"crypto/sign/b.go", `import "comity/crypto/seal"`, "crypto/seal is not below crypto/sign"},
		{"crypto/keys/b.go", `import "comity/crypto/sign"`, "crypto/sign is not below crypto/keys"},
		{"node/client/b.go", `import "comity/node"`, "node is not below node/client"},
		{"node/b.go", `import "comity/node/desk"`, "node/desk is not below node"},
		{"node/home/b.go", `import "comity/testnet"`, "testnet is not below node/home"},
		{"testnet/b.go", `import "comity/cli"`, "cli is not below testnet"},
		{"cli/b.go", `import "comity"`, "nothing may import the program"},
		{"cli/b.go", `import "comity/ledger/ledgertest"`, "it is for tests"},
		{"ledger/ledgertest/b.go", `import "comity/ledger/state"`, "ledger/state is not below ledger/ledgertest"},
		{"ledger/b_test.go", `import "comity/ledger/store/storetest"`, "it stands on ledger/store, above ledger"},
		{"crypto/b.go", `import "fmt"`, "package crypto has no place"},
		{"util/b.go", `import "fmt"`, "package util has no place"},
		{"cli/b.go", `import "github.com/hashicorp/raft"`, "only [node testnet] may"},
		{"node/b.go", `import "github.com/urfave/cli/v2"`, "only [cli] may"},
		{"node/b_test.go", `import "github.com/stretchr/testify/assert"`, "only [] may"},
		{"ledger/state/b.go", `import "net/http"`, "ledger/state does no I/O"},
		{"ledger/b.go", `import "os"`, "ledger does no I/O"},
		{"crypto/seal/b.go", `import "os"`, "crypto/seal does no I/O"},
		{"ledger/b.go", `import "comity/ledger/index"`, "ledger/index is not below ledger"},
		{"node/desk/b.go", `import "github.com/ncruces/go-sqlite3"`, "only [ledger/index] may"},
		{"ledger/b.go", `import "comity/ledger/find"`, "no such layer"},
		{"ledger/b.go", `import "comity/testnet/interop"`, "no such layer"},
		{"node/go.mod", `module node`, "a module where none should be"},
	} {
		problems := plant(tt.file, tt.source)
		if len(problems) != 1 || !strings.Contains(problems[0], tt.want) {
			t.Errorf("%s with %s: got %q, want one with %q", tt.file, tt.source, problems, tt.want)
		}
	}
}
