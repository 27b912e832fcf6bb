package notice

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// visas are the specimens of ICAO 9303-7.
var visas = []struct {
	name string
	zone string
	want MRZ
}{
	{"MRV-A", `
V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L8988901C4XXX4009078F96121096ZE184226B<<<<<<`,
		MRZ{Format: MRVA, Code: "V", State: "UTO", Number: "L8988901C", Nationality: "XXX", Birth: "400907", Sex: Female,
			Expiry: "961210", Family: "ERIKSSON", Given: "ANNA MARIA", Optional: "6ZE184226B"}},
	{"MRV-B", `
V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
L8988901C4XXX4009078F9612109<<<<<<<<`,
		MRZ{Format: MRVB, Code: "V", State: "UTO", Number: "L8988901C", Nationality: "XXX", Birth: "400907", Sex: Female,
			Expiry: "961210", Family: "ERIKSSON", Given: "ANNA MARIA"}},
}

func TestMRZVisas(t *testing.T) {
	for _, test := range visas {
		m, err := ParseMRZ(test.zone)
		if err != nil || !reflect.DeepEqual(*m, test.want) {
			t.Errorf("%s: got %+v, %v, want %+v", test.name, m, err, test.want)
			continue
		}
		lines, err := m.Lines()
		if got, want := strings.Join(lines, "\n"), strings.TrimSpace(test.zone); err != nil || got != want {
			t.Errorf("%s: got\n%s\n%v, want\n%s", test.name, got, err, want)
		}
	}
}

func TestReadMRZ(t *testing.T) {
	const passport, card, small = 0, 2, 1
	for _, test := range []struct {
		name     string
		specimen int
		old, new string // what the scanner made of it
		repairs  string // "" for none; "!" for refused
	}{
		{"as it is", passport, "", "", ""},
		{"small letters", passport, "ERIKSSON", "eriksson", ""},
		{"number", passport, "L898902C3", "L8989O2C3", "document number, line 2, place 6: O read as 0"},
		{"two of a number", passport, "L898902C3", "LB98902C3", "!"},
		{"birth", passport, "7408122F", "74O8I22F", "date of birth, line 2, place 16: O read as 0; date of birth, line 2, place 18: I read as 1"},
		{"check digit of birth", passport, "7408122F", "740812ZF", "date of birth, line 2, place 20: Z read as 2"},
		{"expiry", passport, "1204159", "120415G", "!"},
		{"expiry, S for 5", passport, "1204159", "12041S9", "date of expiry, line 2, place 27: S read as 5"},
		{"state", passport, "P<UTO", "P<UT0", "issuing state, line 1, place 5: 0 read as O"},
		{"nationality", passport, "36UTO7", "36UT07", "nationality, line 2, place 13: 0 read as O"},
		{"document code", passport, "P<UTO", "PKUTO", "document code, line 1, place 2: K read as <"},
		{"digit in a name", passport, "ERIKSSON", "ERIK5SON", "name, line 1, place 10: 5 read as S"},
		{"letter in a name", passport, "ERIKSSON", "ERIKSSOM", ""}, // nothing sees it
		{"K after the name", passport, "MARIA<<<<<<<", "MARIA<<<K<<K", "name, line 1, place 29: K read as <; name, line 1, place 32: K read as <"},
		{"K of the name", passport, "ANNA<MARIA<", "ANNA<MAREK<", ""},
		{"name short of fillers", passport, "MARIA<<<<<<<<<<<<<<<<<<<", "MARIA<<<<", "fillers, line 1, place 30: missing <<<<<<<<<<<<<<< added"},
		{"a filler too many", passport, "MARIA<<<<<<<<<<<<<<<<<<<", "MARIA<<<<<<<<<<<<<<<<<<<<", "fillers, line 1, place 45: surplus < left out"},
		{"a filler missing inside", passport, "226B<<<<<10", "226B<<<<10", "fillers, line 2, place 42: missing < added"},
		{"a filler too many inside", passport, "226B<<<<<10", "226B<<<<<<10", "fillers, line 2, place 43: surplus < left out"},
		{"optional data", passport, "ZE184226B", "2E184226B", "!"}, // or ZE184ZZ6B
		{"spaces for fillers", passport, "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "ERIKSSON  ANNA MARIA                   ", "fillers, line 1, place 14: spaces read as <"},
		{"quotes for fillers", passport, "ERIKSSON<<ANNA", "ERIKSSON«ANNA", ""},
		{"a letter lost", passport, "L898902C3", "L89892C3", "!"},
		{"a wrong digit", passport, "L898902C3", "L898702C3", "!"},
		{"card: number", card, "D23145890", "DZ3145890", "!"},
		{"card: check digit", card, "D231458907", "D23145890T", "!"},
		{"card: fillers", card, "UTO<<<<<<<<<<<6", "UTOK<<<<<<<<<<6", "optional data, line 2, place 19: K read as <"},
		{"card: line short", card, "D231458907<<<<<<<<<<<<<<<", "D231458907<<<", "fillers, line 1, place 19: missing <<<<<<<<<<<< added"},
		{"card: sex", card, "7408122F", "7408122K", "sex, line 2, place 8: K read as <"},
		{"small card", small, "D231458907UTO", "D2314S8907UTO", "document number, line 2, place 6: S read as 5"},
	} {
		zone := strings.TrimSpace(specimens[test.specimen].zone)
		if !strings.Contains(zone, test.old) {
			t.Fatalf("%s: no %s in the specimen", test.name, test.old)
		}
		m, repairs, err := ReadMRZ(strings.Replace(zone, test.old, test.new, 1))
		var said []string
		for _, r := range repairs {
			said = append(said, r.String())
		}
		switch got := strings.Join(said, "; "); {
		case test.repairs == "!":
			if !errors.Is(err, ErrMRZ) {
				t.Errorf("%s: got %+v, %s, %v, want it refused", test.name, m, got, err)
			}
		case err != nil || got != test.repairs:
			t.Errorf("%s: got %q, %v, want %q", test.name, got, err, test.repairs)
		case !strings.Contains(test.name, "name") && !strings.HasSuffix(test.name, "sex"):
			if want := specimens[test.specimen].want; !reflect.DeepEqual(*m, want) {
				t.Errorf("%s: got %+v, want %+v", test.name, *m, want)
			}
		}
	}
}

// TestReadings has what a scan may say among all that it may, and little else.
func TestReadings(t *testing.T) {
	zone := strings.TrimSpace(specimens[0].zone)
	for _, test := range []struct {
		old, new string
		want     int
	}{{"L898902C3", "L898902C3", 1}, {"L898902C3", "LB98902C3", 3}, {"L898902C3", "L898702C3", 0}, {"1204159", "120415", 0}} {
		list, err := Readings(strings.Replace(zone, test.old, test.new, 1))
		if len(list) != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("%s: %d readings, %v, want %d", test.new, len(list), err, test.want)
			continue
		}
		if test.want > 0 && !slices.ContainsFunc(list, func(r Reading) bool { return r.MRZ.Number == "L898902C3" }) {
			t.Errorf("%s: the right one is not among %+v", test.new, list)
		}
	}
	if _, err := Readings("P<UTO\nXX"); !errors.Is(err, ErrMRZ) || !strings.Contains(err.Error(), "lines of 5 and 2 characters") {
		t.Errorf("two short lines: %v", err)
	}
}

func TestTwins(t *testing.T) {
	for number, want := range map[string]string{"L898902C3": "", "AG12": "A612", "6G": "GG 66 G6", "66666666": "8"} {
		var got []string
		for _, m := range (&MRZ{Number: number}).Twins() {
			got = append(got, m.Number)
		}
		if text := strings.Join(got, " "); text != want && (want != "8" || len(got) != maxTwins) {
			t.Errorf("%s: got %q, want %q", number, text, want)
		}
	}
}

// TestReadMRZEveryMisreading misreads every place of every specimen and of 60
// passports: what is read is right or refused, never another document.
func TestReadMRZEveryMisreading(t *testing.T) {
	var zones []string
	for _, s := range specimens {
		zones = append(zones, strings.TrimSpace(s.zone))
	}
	for _, s := range visas {
		zones = append(zones, strings.TrimSpace(s.zone))
	}
	g := NewGenerator(11, testDay)
	for len(zones) < 66 {
		n := g.Next()
		if len(n.Card.Person.Documents) == 0 {
			continue
		}
		m, err := n.Card.PassportMRZ()
		if err != nil {
			t.Fatal(err)
		}
		lines, err := m.Lines()
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, strings.Join(lines, "\n"))
	}
	misread := map[byte]byte{'O': '0', '0': 'O', 'I': '1', '1': 'I', 'B': '8', '8': 'B', 'S': '5', '5': 'S', 'Z': '2', '2': 'Z'}
	var tried, right, refused int
	for _, zone := range zones {
		want, err := ParseMRZ(zone)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(zone) {
			c := misread[zone[i]]
			if c == 0 || zone[0] == 'V' && i > 45+27 { // what a visa has after its dates has no check digit
				continue
			}
			scan := zone[:i] + string(c) + zone[i+1:]
			tried++
			m, repairs, err := ReadMRZ(scan)
			switch {
			case errors.Is(err, ErrMRZ):
				refused++
			case err != nil:
				t.Fatal(err)
			case reflect.DeepEqual(m, want) && len(repairs) == 1:
				right++
			default:
				t.Errorf("place %d of\n%s\nis read as %+v, %v", i, scan, m, repairs)
			}
		}
	}
	t.Logf("%d misreadings: %d put right, %d refused", tried, right, refused)
	if right < tried*80/100 {
		t.Errorf("%d of %d put right, want 80 %%", right, tried)
	}
}

func FuzzReadMRZ(f *testing.F) {
	for _, s := range specimens {
		f.Add(s.zone)
		f.Add(strings.Replace(s.zone, "7408122", "74O8I22", 1))
		f.Add(strings.Replace(s.zone, "<<<<<", "<<<", 1))
	}
	for _, s := range visas {
		f.Add(s.zone)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, repairs, err := ReadMRZ(text)
		if err != nil {
			if m != nil || !errors.Is(err, ErrMRZ) {
				t.Fatalf("got %+v, %v", m, err)
			}
			return
		}
		lines, err := m.Lines()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, more, err := ReadMRZ(strings.Join(lines, "\n"))
		if err != nil || len(more) > 0 || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v: got %+v, %v, %v, want %+v", repairs, again, more, err, m)
		}
	})
}

func BenchmarkReadMRZ(b *testing.B) {
	zone := strings.TrimSpace(specimens[0].zone)
	for name, text := range map[string]string{"right": zone, "repaired": strings.Replace(zone, "898902", "8989O2", 1), "refused": strings.Replace(zone, "898902", "898702", 1)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _, _ = ReadMRZ(text)
			}
		})
	}
}
