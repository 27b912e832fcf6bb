package ident

import (
	"errors"
	"strings"
	"testing"
)

// TestNormalize has published vectors where there are any: BIP 173 and 350,
// EIP-55, the examples of ISO 13616, of 49 CFR 565 and of 3GPP TS 23.003.
func TestNormalize(t *testing.T) {
	for _, test := range []struct {
		kind      Kind
		raw, want string // or, of an error, "!" and what it says
	}{
		{Phone, "+999 5550123", "+9995550123"},
		{Phone, "+99955501234", "+99955501234"},
		{Phone, "+44 (0)20 7946 0958", "+442079460958"},
		{Phone, "tel:+44-20-7946-0958", "+442079460958"},
		{Phone, "0066 81 234 5678", "+66812345678"},
		{Phone, "+39 06 698 12345", "+390669812345"},
		{Phone, "+855 12 345 678", "+85512345678"},
		{Phone, "+៨៥៥ ១២ ៣៤៥ ៦៧៨", "+85512345678"},
		{Document, "០៦២១៤៤៥៨៨", "062144588"},
		{Plate, "٧ق-٥٥١٢", "7ق5512"},
		{Phone, "081 234 5678", "!has no country"},
		{Phone, "tel:", "!has no country"},
		{Phone, "+1 555", "!has 4 digits"},
		{Phone, "+66 1", "!has 3 digits"},
		{Phone, "+44 207 9460 95812", "!too long"},
		{Phone, "+999 5550123 4567 8901", "!7 to 15"},
		{Phone, "+210 555 012 34", "!no country's calling code"},
		{Phone, "+1-800-FLOWERS", "!not a telephone number"},
		{Phone, "+44 20 +44 20 1234", "!has no country"},
		{Phone, "+0123456789", "!no country's calling code"},
		{Phone, " ", "!nothing is written"},
		{Phone, strings.Repeat("9", 300), "!none is so long"},

		{Country, "xa", "XA"}, {Country, "XW", "XW"}, {Country, "XK", "XK"}, {Country, "XKX", "XK"}, {Country, "RKS", "XK"},
		{Country, "UTO", "UTO"}, {Country, "D<<", "DE"}, {Country, "DEU", "DE"}, {Country, "GER", "DE"}, {Country, "THA", "TH"},
		{Country, "KH", "KH"}, {Country, "GBD", "GBD"}, {Country, "XXB", "XXB"}, {Country, "SUN", "SUN"}, {Country, "SU", "SUN"}, {Country, "ZAR", "CD"},
		{Country, "XAA", "!ISO 3166"}, {Country, "XX", "XX"}, {Country, "UK", "!ISO 3166"}, {Country, "Thailand", "!ISO 3166"}, {Country, "QQ", "!ISO 3166"},
		{Country, "CS", "!ISO 3166"}, {Country, "A1", "!ISO 3166"}, {Country, "МА", "!ISO 3166"},

		{Language, "en", "en"}, {Language, "ENG", "en"}, {Language, "mya", "my"}, {Language, "khm", "km"}, {Language, "bur", "my"}, {Language, "zz", "!ISO 639"}, {Language, "english", "!ISO 639"}, {Language, "und", "!ISO 639"},
		{Script, "Mymr", "Mymr"}, {Script, "latn", "Latn"}, {Script, "Xqqq", "!ISO 15924"}, {Script, "La", "!ISO 15924"},

		{IBAN, "GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"},
		{IBAN, "IBAN de89 3704 0044 0532 0130 00", "DE89370400440532013000"},
		{IBAN, "NO93 8601 1117 947", "NO9386011117947"},
		{IBAN, "MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"},
		{IBAN, "XA50 0000 0000 0123 4567 89", "!check digits"},
		{IBAN, "GB82 WEST 1234 5698 7654 33", "!check digits"},
		{IBAN, "GB82 WEST 1234 5698 7654 3", "!has 21 characters; an IBAN of GB has 22"},
		{IBAN, "TH82 WEST 1234 5698 7654 32", "!TH has no IBANs"},
		{IBAN, "12345", "!not an IBAN"},
		{Bank, "001-234567-8", "0012345678"},
		{Bank, "GB82WEST12345698765432", "GB82WEST12345698765432"},
		{Bank, "GB82WEST12345698765433", "!check digits"},
		{Bank, "XA00", "XA00"}, {Bank, "TRUST", "!number of an account"},

		{IMEI, "49-015420-323751-8", "490154203237518"},
		{IMEI, "49015420323751", "490154203237518"},
		{IMEI, "4901542032375101", "490154203237518"},
		{IMEI, "490154203237517", "!last digit"},
		{IMEI, "4901542032", "!15 digits"},

		{VIN, "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"},
		{VIN, "1m8gdm9a xkp042788", "1M8GDM9AXKP042788"},
		{VIN, "11111111111111111", "11111111111111111"},
		{VIN, "1M8GDM9A1KP042788", "!ninth place"},
		{VIN, "WVWZZZ1JZ3W386752", "WVWZZZ1JZ3W386752"},
		{VIN, "WVWZZZ1JZ3W38675O", "!I, O and Q"},
		{VIN, "WVW", "!17 letters"},

		{Plate, "XA: ab-123", "XA:AB123"}, {Plate, "ab 123", "AB123"}, {Plate, "TH:กก 1234", "TH:กก1234"}, {Plate, "a?b", "!not a plate"}, {Plate, "X", "!2 to 14"}, {Plate, "QQ:AB1", "!ISO 3166"},
		{Document, "c 447-1902", "C4471902"}, {Document, "XC:C4471902", "XC:C4471902"}, {Document, "UTO:L898902C3<", "UTO:L898902C3"}, {Document, "ab?", "!document number"},

		{Wallet, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{Wallet, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "!check is wrong"},
		{Wallet, "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "!check is wrong"}, // mixed case
		{Wallet, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{Wallet, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "!check is wrong"}, // bech32 for version 1
		{Wallet, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"},
		{Wallet, "bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
		{Wallet, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "!check is wrong"},
		{Wallet, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
		{Wallet, "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
		{Wallet, "0xdbf03b407c01e7cd3cbea99509d93f8dddc8c6fb", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"},
		{Wallet, "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "!capitals are wrong"},
		{Wallet, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA", "!40 digits"},
		{Wallet, "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW", "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"},
		{Wallet, "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMX", "!check is wrong"},
		{Wallet, "bc1q", "!check is wrong"}, {Wallet, "short", "!16 characters"},

		{Email, "Mail.To@Example.ORG", "mail.to@example.org"}, {Email, "mailto:a+b@example.org", "a+b@example.org"},
		{Email, "a@b", "!mail address"}, {Email, "a b@example.org", "!mail address"}, {Email, "a..b@example.org", "!mail address"}, {Email, "a@-b.org", "!mail address"},
		{Handle, "Chat:@Uncle_Rook", "chat:uncle_rook"}, {Handle, "e-mail: A@Example.org", "email:a@example.org"}, {Handle, "rook", "!service:name"},
		{"colour", "red", "!no kind"},
	} {
		got, err := Normalize(test.kind, test.raw)
		if why, bad := strings.CutPrefix(test.want, "!"); bad {
			if err == nil || !errors.Is(err, ErrIdentifier) || !strings.Contains(err.Error(), why) {
				t.Errorf("%s %q: got %q, %v; want an error with %q", test.kind, test.raw, got, err, why)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s %q: got %q, %v; want %q", test.kind, test.raw, got, err, test.want)
			continue
		}
		if again, err := Normalize(test.kind, got); again != got || err != nil {
			t.Errorf("%s %q: its canonical form becomes %q, %v", test.kind, got, again, err)
		}
	}
}

// TestSyntheticIBAN makes one of a user-assigned country, as our data does.
func TestSyntheticIBAN(t *testing.T) {
	n := NewIBAN("XA", "0000000001234567")
	if got, err := Normalize(IBAN, n); err != nil || got != n {
		t.Errorf("%s: got %q, %v", n, got, err)
	}
	if got, want := NewIBAN("GB", "WEST12345698765432"), "GB82WEST12345698765432"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCheckDigitsCatch changes each digit of what has check digits: none of
// the wrong ones may pass.
func TestCheckDigitsCatch(t *testing.T) {
	for kind, sound := range map[Kind]string{IBAN: "GB82WEST12345698765432", IMEI: "490154203237518", VIN: "1M8GDM9AXKP042788"} {
		for i, c := range []byte(sound) {
			for d := byte('0'); d <= '9'; d++ {
				if c < '0' || c > '9' || c == d || kind == VIN && i == 0 { // which says whether there is a check digit
					continue
				}
				if got, err := Normalize(kind, sound[:i]+string(d)+sound[i+1:]); err == nil {
					t.Errorf("%s: %s passes with %c in place %d", kind, got, d, i)
				}
			}
		}
	}
}

func TestWalletOf(t *testing.T) {
	const btc, eth, tron = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW"
	for _, test := range []struct {
		currency, address string
		want              Network
		ok                bool
	}{
		{"BTC", btc, Bitcoin, true}, {"btc", eth, "", false}, {"USDT", btc, "", false}, {"USDT", eth, Ethereum, true}, {"USDT", tron, Tron, true},
		{"TRX", tron, Tron, true}, {"ETH", tron, "", false}, {"", btc, Bitcoin, true}, {"XMR", strings.Repeat("4a", 47), Unknown, true}, {"ETH", strings.Repeat("4a", 20), "", false},
	} {
		_, on, err := WalletOf(test.currency, test.address)
		if on != test.want || (err == nil) != test.ok {
			t.Errorf("%s %s: got %q, %v", test.currency, test.address, on, err)
		}
	}
}

func TestState(t *testing.T) {
	for code, want := range map[string]string{"TH": "THA", "DE": "D", "GER": "D", "XK": "RKS", "XA": "XA", "UTO": "UTO", "GBD": "GBD", "?": "?", "": ""} {
		got := State(code)
		if got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
		if one, err := Normalize(Country, code); err == nil {
			if two, err := Normalize(Country, got); err != nil || one != two {
				t.Errorf("%s and %s are %s and %s, %v", code, got, one, two, err)
			}
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for i, raw := range []string{"+999 5550123", "XC:C4471902", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "GB82WEST12345698765432", "XA00", "490154203237518", "1M8GDM9AXKP042788", "XA:AB1", "a@example.org", "chat:@x", "THA", "eng", "latn"} {
		f.Add(uint8(i), raw)
	}
	f.Fuzz(func(t *testing.T, kind uint8, raw string) {
		k := Kinds[int(kind)%len(Kinds)]
		once, err := Normalize(k, raw)
		if err != nil {
			return
		}
		if twice, err := Normalize(k, once); err != nil || twice != once {
			t.Fatalf("%s %q: %q, then %q, %v", k, raw, once, twice, err)
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	for _, test := range []struct {
		kind Kind
		raw  string
	}{{Phone, "+999 5550123"}, {Phone, "+66 81 234 5678"}, {Document, "XC:C4471902"}, {Wallet, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}, {IBAN, "GB82WEST12345698765432"}, {Country, "THA"}} {
		b.Run(string(test.kind)+" "+test.raw[:3], func(b *testing.B) {
			for b.Loop() {
				if _, err := Normalize(test.kind, test.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
