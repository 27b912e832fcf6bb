package cli

import (
	"cmp"
	"errors"
	"runtime/debug"
	"slices"

	"comity/node"

	"github.com/urfave/cli/v2"
)

func (t *terminal) sbomCommand() *cli.Command {
	return &cli.Command{
		Name:  "sbom",
		Usage: "list what this program is built of",
		Description: "Prints the modules that the Go tool wrote into this binary, as CycloneDX 1.6 JSON. The same binary\n" +
			"always prints the same.\n\n" +
			"Example: comity sbom > comity.cdx.json",
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("sbom: this program was built without the list of its modules")
			}
			return t.document(billOfMaterials(info))
		},
	}
}

// bom is a CycloneDX document, as far as the Go tool knows what to say.
type bom struct {
	Format   string `json:"bomFormat"`
	Spec     string `json:"specVersion"`
	Version  int    `json:"version"`
	Metadata struct {
		Component bomComponent `json:"component"`
	} `json:"metadata"`
	Components []bomComponent `json:"components"`
}

type bomComponent struct {
	Type       string        `json:"type"`
	Ref        string        `json:"bom-ref"`
	Name       string        `json:"name"`
	Version    string        `json:"version"`
	URL        string        `json:"purl"` // package URL
	Properties []bomProperty `json:"properties,omitempty"`
}

type bomProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// billOfMaterials lists the modules of a binary and the Go release, whose standard
// library is in it. The hash of a module is what go.sum has for it.
func billOfMaterials(info *debug.BuildInfo) bom {
	b := bom{Format: "CycloneDX", Spec: "1.6", Version: 1}
	b.Metadata.Component = component("application", info.Main.Path, node.Version)
	b.Components = append(b.Components, component("library", "stdlib", info.GoVersion))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component("library", m.Path, m.Version)
		if m.Sum != "" {
			c.Properties = []bomProperty{{"go:sum", m.Sum}}
		}
		b.Components = append(b.Components, c)
	}
	slices.SortFunc(b.Components, func(x, y bomComponent) int { return cmp.Compare(x.URL, y.URL) })
	return b
}

func component(kind, path, version string) bomComponent {
	url := "pkg:golang/" + path + "@" + version
	return bomComponent{Type: kind, Ref: url, Name: path, Version: version, URL: url}
}
