package ledger_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPythonEdges asks the code and the verifier of values at the bounds of what
// FORMAT.md admits, on either side.
func TestPythonEdges(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"genesis-one", "genesis-four"} {
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), readVector(t, name).marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results := make(map[string]int)
	for i, v := range edges(t) {
		var err error
		if v.shows, err = v.check(t); err != nil {
			v.shows = nil
		}
		if v.result = "ok"; err != nil {
			v.result = "any but ok"
		}
		results[v.kind+" "+v.result]++
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("edge-%03d.txt", i)), v.marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("results %v", results)
	if out, code := python(t, "--vectors", dir); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// edges returns vectors changed in one place each.
func edges(t *testing.T) []*vector {
	var out []*vector
	vary := func(name string, change func(data []byte) []byte) {
		v := *readVector(t, name)
		v.text, v.data = false, change(slices.Clone(v.data))
		out = append(out, &v)
	}
	set := func(name string, at int, values ...string) {
		for _, value := range values {
			b, err := hex.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			vary(name, func(data []byte) []byte { copy(data[at:], b); return data })
		}
	}
	replace := func(name, old string, values ...string) {
		for _, value := range values {
			vary(name, func(data []byte) []byte {
				if !bytes.Contains(data, []byte(old)) {
					t.Fatalf("%s has no %q", name, old)
				}
				return bytes.Replace(data, []byte(old), []byte(value), 1)
			})
		}
	}

	// Numbers, of the statement whose bytes FORMAT.md shows.
	set("statement-publish", 0, "00", "02", "ff")
	set("statement-publish", 106, "3fffffffffffffff", "4000000000000000", "0000000000000001")
	set("statement-publish", 146, "0000003afff4417f", "0000003afff44180", "0000000000000000")
	set("statement-publish", 218, "00040000", "00040001", "00000800", "00000801", "00001000", "00001001", "00000000")
	set("statement-second", 66, "ffffffffffffffff", "0000000000000000", "8000000000000000")
	set("publish", 1, "002cc0a4", "002cc0a5", "00000000", "ffffffff")
	for i := range 13 {
		set("publish", 0, fmt.Sprintf("%02x", i))
		set("enrol-sign", 0, fmt.Sprintf("%02x", i%5))
		set("enrol-seal", 0, fmt.Sprintf("%02x", i%5))
		set("enrol-access", 0, fmt.Sprintf("%02x", i%5))
		set("statement-grant", 1, fmt.Sprintf("%02x", i))
		set("statement-withdraw", 1, fmt.Sprintf("%02x", i))
		set("statement-reply", 1, fmt.Sprintf("%02x", i))
	}
	set("enrol-sign", 8, "0000", "003f", "0040", "8001", "0020")

	// Sealing keys: the last fields of the row, the modulus, small orders.
	vary("enrol-seal", func(data []byte) []byte { return setKey(data, 0, "010d") })    // 3329 in the first 12 bits
	vary("enrol-seal", func(data []byte) []byte { return setKey(data, 0, "000d") })    // 3328
	vary("enrol-seal", func(data []byte) []byte { return setKey(data, 1150, "f0cf") }) // above, in the last 12 bits
	for _, u := range []string{
		strings.Repeat("00", 32), "01" + strings.Repeat("00", 31), "09" + strings.Repeat("00", 31), "02" + strings.Repeat("00", 31),
		"ec" + strings.Repeat("ff", 30) + "7f", "ed" + strings.Repeat("ff", 30) + "7f", "eb" + strings.Repeat("ff", 30) + "7f",
		"ee" + strings.Repeat("ff", 30) + "7f", strings.Repeat("ff", 32), "09" + strings.Repeat("00", 30) + "80",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1156",
	} {
		vary("enrol-seal", func(data []byte) []byte { return setKey(data, 1184, u) })
	}

	// Strings and addresses of a charter.
	for _, s := range []string{"", "\x1f", " ", "\x7f", "\xc2\x80", "\xc2\x9f", "\xc2\xa0", "\xef\xbf\xbd", "\xef\xbb\xbf", "\xed\xa0\x80", "\xc0\xaf",
		"\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xff", "\xe2\x80\xa8", "a\u0301", strings.Repeat("a", 255)} {
		vary("charter", func(data []byte) []byte { return setString(data, 1, s) })
	}
	for _, s := range []string{"a:1", "a:0", "a:01", "a:65535", "a:65536", "a:99999", "a:100000", "a:", ":1", "a", "a:b", "a:+1", "a: 1", "a b:1",
		"a:1:1", "[::1]:1", "[]:1", "[::1:1", "::1]:1", "[[]:1", "[a]b:1", "x[a]:1", "a]:1", "\x7f:1", "~:1", "!:1", "ä:1", "[a b]:1", "[::1%eth0]:7000",
		"a:１", "A.B:1", "a:1 ", "a:1\n"} {
		vary("charter", func(data []byte) []byte { return setString(data, 105, s) })
	}
	set("charter", 20-3, "0000003afff4417f", "0000003afff44180")

	// Text.
	empty := "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	replace("checkpoint", "\n6\n", "\n0\n", "\n-6\n", "\n+6\n", "\n06\n", "\n4611686018427387903\n", "\n4611686018427387904\n", "\n99999999999999999999999\n",
		"\n6 \n", "\n 6\n", "\n\n", "\n٦\n", "\n6\r\n", "\n6\n\n")
	replace("checkpoint-empty", empty, "eOtwnAuQfdiAIKFFn+KUr1E7UpFdb3/fJNeGfZPd+0Q=", empty+"=", empty[:43], empty[:42]+"V=", strings.Replace(empty, "/", "_", 1), empty+" ", "\x00"+empty)
	for _, origin := range []string{"", " ", "a b", "\x00", "\xff", strings.Repeat("x", 255), strings.Repeat("x", 256), "a+b", "é"} {
		replace("checkpoint", "comity/f511a6ea909c1a3c", origin)
	}
	for _, line := range []string{"— x AAAAAAA=", "— x AAAAAA==", "— x AAAAAAB=", "— x AAAAA", "— x ====", "— x ", "—  AAAAAAA=", "— x AAAAAAA= ", "— x y AAAAAAA=", "— x+ AAAAAAA=",
		"— x\u00a0 AAAAAAA=", "— x\u200b AAAAAAA=", "— x\u2028 AAAAAAA=", "— x\u0085 AAAAAAA=", "— x\ufeff AAAAAAA=", "— x\u3000y AAAAAAA=", "— x\u180e AAAAAAA=", "— \x7f AAAAAAA=", "- x AAAAAAA=", "—x AAAAAAA=", "— x AAAAAAA=\r",
		"— xa.comity/n1 AAAAAAA=", "— xa.comity/n1 Ed5kYgA=", "— xa.comity/n1 Ed5kYgB=", "— xd.comity/n1 " + strings.Repeat("A", 104), "— x AAAAAA*=", "— x AAAAAAA=AAAAAAA="} {
		replace("note", "— xa.comity/n1 Ed5kY", line+"\n— xa.comity/n1 Ed5kY")
		vary("note", func(data []byte) []byte { return append(data, line+"\n"...) })
	}
	for _, n := range []int{93, 94, 95} {
		vary("note", func(data []byte) []byte { return append(data, strings.Repeat("— x AAAAAAA=\n", n)...) })
	}
	for _, n := range []int{98_304, 98_305} {
		vary("note", func(data []byte) []byte {
			line := "— " + strings.Repeat("x", n-len(data)-len("—  AAAAAAA=\n")) + " AAAAAAA=\n"
			return append(data, line...)
		})
	}
	replace("note", "\n\n", "\n", "\n\n\n", "\n\n— x AAAAAAA=\n\n", "\r\n\n", "\n \n")
	replace("receipt", "index 5\n", "index 4611686018427387903\n", "index 4611686018427387904\n", "index +5\n", "index 5\n\n", "index  5\n", "Index 5\n", "index 5\nextra AAAA\n", "extra AAAA\nindex 5\n")
	replace("receipt", "proof@v1\n", "proof@v1 \n", "proof@v1\r\n", "proof@v1\n\n", "proof@v2\n")
	for _, n := range []int{60, 61} { // besides the two that are there
		replace("receipt", "index 5\n", "index 5\n"+strings.Repeat(empty+"\n", n))
	}

	// Times of a cosignature.
	for _, name := range []string{"cosignature"} {
		set(name, 53, "0000003afff4417f", "0000003afff44180")
		set(name, 13, "3fffffffffffffff", "4000000000000000", "0000000000000000")
		set(name, 0, "00", "0d")
	}
	// The hints of ML-DSA-44 ascend in each row, and zeros fill their place up.
	hints := 125 + 2420 - 84
	vary("cosignature", func(data []byte) []byte { data[hints], data[hints+1] = data[hints+1], data[hints]; return data })
	vary("cosignature", func(data []byte) []byte { data[hints+79] = 1; return data })
	vary("cosignature", func(data []byte) []byte { data[hints+80]++; return data })
	vary("cosignature", func(data []byte) []byte { data[hints+83] = 81; return data })

	// The second bound of an Ed25519 signature: S + l is another spelling of S.
	vary("cosignature", func(data []byte) []byte { return addOrder(data, 61+32) })
	vary("entry-two-signatures", func(data []byte) []byte { return addOrder(data, 269+32) })

	// A line of a known key with a time out of bounds, and with no signature.
	vary("note", func(data []byte) []byte {
		i := bytes.Index(data, []byte("Ed5kY"))
		j := i + bytes.IndexByte(data[i:], '\n')
		raw, err := base64.StdEncoding.DecodeString(string(data[i:j]))
		if err != nil {
			t.Fatal(err)
		}
		binary.BigEndian.PutUint64(raw[4:], 253_402_300_800)
		return slices.Replace(data, i, j, []byte(base64.StdEncoding.EncodeToString(raw))...)
	})
	return out
}

// setKey writes into the key of an enrolment of a sealing key.
func setKey(data []byte, at int, value string) []byte {
	b, err := hex.DecodeString(value)
	if err != nil {
		panic(err)
	}
	copy(data[len(data)-1-1216+at:], b)
	return data
}

// setString replaces the string that begins at an offset.
func setString(data []byte, at int, s string) []byte {
	n := int(data[at])
	return slices.Replace(data, at, at+1+n, append([]byte{byte(len(s))}, s...)...)
}

// addOrder adds the order of the base point to the 32 bytes at an offset.
func addOrder(data []byte, at int) []byte {
	order, err := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de14" + strings.Repeat("00", 15) + "10")
	if err != nil {
		panic(err)
	}
	carry := 0
	for i, o := range order {
		carry += int(data[at+i]) + int(o)
		data[at+i] = byte(carry)
		carry >>= 8
	}
	return data
}
