package notice

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// The specimens of ICAO 9303 parts 4, 5 and 6: Utopia is no state.
var specimens = []struct {
	name string
	zone string
	want MRZ
}{
	{"TD3", `
P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UTO7408122F1204159ZE184226B<<<<<10`,
		MRZ{Format: TD3, Code: "P", State: "UTO", Number: "L898902C3", Nationality: "UTO", Birth: "740812", Sex: Female,
			Expiry: "120415", Family: "ERIKSSON", Given: "ANNA MARIA", Optional: "ZE184226B"}},
	{"TD2", `
I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
D231458907UTO7408122F1204159<<<<<<<6`,
		MRZ{Format: TD2, Code: "I", State: "UTO", Number: "D23145890", Nationality: "UTO", Birth: "740812", Sex: Female,
			Expiry: "120415", Family: "ERIKSSON", Given: "ANNA MARIA"}},
	{"TD1", `
I<UTOD231458907<<<<<<<<<<<<<<<
7408122F1204159UTO<<<<<<<<<<<6
ERIKSSON<<ANNA<MARIA<<<<<<<<<<`,
		MRZ{Format: TD1, Code: "I", State: "UTO", Number: "D23145890", Nationality: "UTO", Birth: "740812", Sex: Female,
			Expiry: "120415", Family: "ERIKSSON", Given: "ANNA MARIA"}},
	{"TD1 with a long number", `
I<UTOD23145890<7349<<<<<<<<<<<
3407127M9507122UTO<<<<<<<<<<<2
STEVENSON<<PETER<JOHN<<<<<<<<<`,
		MRZ{Format: TD1, Code: "I", State: "UTO", Number: "D23145890734", Nationality: "UTO", Birth: "340712", Sex: Male,
			Expiry: "950712", Family: "STEVENSON", Given: "PETER JOHN"}},
}

func TestMRZSpecimens(t *testing.T) {
	for _, test := range specimens {
		m, err := ParseMRZ(test.zone)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if !reflect.DeepEqual(*m, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.name, *m, test.want)
		}
		lines, err := m.Lines()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got, want := strings.Join(lines, "\n"), strings.TrimSpace(test.zone); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, want)
		}
	}
}

// TestMRZOneLetterWrong: a check digit notices every single misread character
// of what it covers. The weights 7, 3, 1 modulo 10 let none of the digits pass
// for another, but a letter for one ten further; names are not covered.
func TestMRZOneLetterWrong(t *testing.T) {
	for _, test := range specimens {
		zone := strings.Join(strings.Fields(test.zone), "")
		l := mrzLayouts[test.want.Format]
		for _, s := range l.composite {
			for i := s[0]; i < s[1]; i++ {
				if zone[i] < '0' || zone[i] > '9' {
					continue
				}
				for d := byte('0'); d <= '9'; d++ {
					if d == zone[i] {
						continue
					}
					wrong := zone[:i] + string(d) + zone[i+1:]
					if m, err := ParseMRZ(wrong); !errors.Is(err, ErrMRZ) {
						t.Errorf("%s: position %d as %c: %+v, %v", test.name, i, d, m, err)
					}
				}
			}
		}
	}
}

func TestMRZBorn(t *testing.T) {
	for birth, want := range map[string]string{
		"740812": "1974-08-12", "261103": "2026-11-03", "261104": "1926-11-04", "74<<<<": "1974", "7408<<": "1974-08",
		"<<<<<<": "", "749999": "", "": "", "7": "",
	} {
		if got := (&MRZ{Birth: birth}).Born(testDay); got.String() != want {
			t.Errorf("%s: got %s, want %s", birth, got, want)
		}
	}
}

func TestMRZForm(t *testing.T) {
	for _, test := range []struct {
		name Name
		want string
	}{
		{Name{Family: "Eriksson", Given: "Anna Maria"}, "ERIKSSON<<ANNA<MARIA"},
		{Name{Family: "O'Connor", Given: "Enya Siobhan"}, "OCONNOR<<ENYA<SIOBHAN"},
		{Name{Family: "Martin", Given: "Jean-Claude"}, "MARTIN<<JEAN<CLAUDE"},
		{Name{Family: "Müller-Weiß", Given: "Jürgen"}, "MUELLER<WEISS<<JUERGEN"},
		{Name{Family: "Ødegård", Given: "Łucja"}, "OEDEGAARD<<LUCJA"},
		{Name{Full: "Arkfreith"}, "ARKFREITH"},
		{Name{Full: "Мирек", MRZ: "MIREK"}, "MIREK"},
	} {
		if got := test.name.MRZForm(); got != test.want {
			t.Errorf("%+v: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestMRZRefuses(t *testing.T) {
	for _, m := range []MRZ{
		{},
		{Format: TD3, Code: "PPP"},
		{Format: TD3, Number: "L898902C34"}, // passports have nine at most
		{Format: TD3, Number: "L-898902"},
		{Format: TD3, Optional2: "X"},
		{Format: TD1, Number: strings.Repeat("A", 24)},
	} {
		if lines, err := m.Lines(); !errors.Is(err, ErrMRZ) {
			t.Errorf("%+v: %q, %v", m, lines, err)
		}
	}
}

func FuzzMRZ(f *testing.F) {
	for _, s := range specimens {
		f.Add(s.zone)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMRZ(text)
		if err != nil {
			return
		}
		_ = m.Born(testDay)
		lines, err := m.Lines()
		if err != nil {
			t.Fatalf("parsed but not written: %v", err)
		}
		again, err := ParseMRZ(strings.Join(lines, "\n"))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("got %+v, %v, want %+v", again, err, m)
		}
	})
}
