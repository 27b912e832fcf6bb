package ident

import (
	"encoding/hex"
	"strings"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/btcsuite/btcd/btcutil/bech32"
	"golang.org/x/crypto/sha3"
)

// Network is the network that an address of a wallet belongs to.
type Network string

// The networks whose addresses are checked.
const (
	Bitcoin  Network = "BTC"
	Ethereum Network = "ETH"  // and all that runs on it, or uses its addresses
	Tron     Network = "TRON" // and what runs on it
	Unknown  Network = ""     // not checked
)

// wallet returns an address whose check is right, or, of a network that is not
// known here, 16 to 128 letters and digits as they are.
func wallet(s string) (string, error) {
	address, _, err := WalletOf("", s)
	return address, err
}

// WalletOf returns the canonical form of an address and its network. The
// currency, "" if not known, must be one that the network has: BTC, ETH and TRX
// have one each, any other may be a token on Ethereum or TRON.
func WalletOf(currency, raw string) (address string, on Network, err error) {
	s := strings.TrimSpace(raw)
	if len(s) > maxRaw {
		return "", Unknown, wrong("%d characters; no address is so long", len(s))
	}
	for _, scheme := range []string{"bitcoin:", "ethereum:", "tron:"} {
		s = strings.TrimPrefix(s, scheme)
	}
	lowered := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lowered, "bc1"), strings.HasPrefix(lowered, "tb1"):
		on = Bitcoin
		address, err = segwit(s)
	case strings.HasPrefix(lowered, "0x"):
		on = Ethereum
		address, err = eip55(s)
	case len(s) == 34 && s[0] == 'T':
		on, address = Tron, s
		err = base58Check(s, 0x41)
	case len(s) >= 26 && len(s) <= 35 && strings.ContainsRune("13mn2", rune(s[0])) && currencyMayBe(currency, Bitcoin):
		on, address = Bitcoin, s
		err = base58Check(s, 0x00, 0x05, 0x6f, 0xc4) // keys and scripts, of the main and the test network
	case len(s) < 16 || len(s) > 128 || !allIn(s, upper+lower+decimal+":._-"):
		err = wrong("%.80q is not an address of a wallet: copy all of it, 16 characters at least", s)
	default:
		address = s
	}
	if err != nil {
		return "", Unknown, err
	}
	if !currencyMayBe(currency, on) {
		return "", Unknown, wrong("%.80q is no address of %.10s", s, strings.ToUpper(currency))
	}
	return address, on, nil
}

// currencyMayBe reports whether a currency can be held on a network.
func currencyMayBe(currency string, on Network) bool {
	switch strings.ToUpper(currency) {
	case "":
		return true
	case "BTC", "XBT":
		return on == Bitcoin
	case "ETH":
		return on == Ethereum
	case "TRX":
		return on == Tron
	}
	return on != Bitcoin
}

// segwit checks an address of BIP 173 or BIP 350 and returns it in lower case.
func segwit(s string) (string, error) {
	bad := wrong("%.100q: its check is wrong, so it is not a Bitcoin address; copy it again", s)
	hrp, data, version, err := bech32.DecodeGeneric(s)
	if err != nil || len(data) < 1 || hrp != "bc" && hrp != "tb" {
		return "", bad
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	if err != nil || len(program) < 2 || len(program) > 40 || data[0] > 16 {
		return "", bad
	}
	if data[0] == 0 && (version != bech32.Version0 || len(program) != 20 && len(program) != 32) || data[0] != 0 && version != bech32.VersionM {
		return "", bad
	}
	return strings.ToLower(s), nil
}

func base58Check(s string, versions ...byte) error {
	hash, version, err := base58.CheckDecode(s)
	if err == nil && len(hash) == 20 {
		for _, v := range versions {
			if v == version {
				return nil
			}
		}
	}
	return wrong("%.80q: its check is wrong, so it is no address; copy it again", s)
}

// eip55 returns an address of Ethereum with the capitals that check it. In
// capitals or small letters alone an address says nothing and is accepted.
func eip55(s string) (string, error) {
	body := s[2:]
	small := strings.ToLower(body)
	if _, err := hex.DecodeString(small); err != nil || len(small) != 40 {
		return "", wrong("%.80q is not an Ethereum address: 0x and 40 digits 0-9 and a-f", s)
	}
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(small))
	sum := h.Sum(nil)
	checked := []byte(small)
	for i, c := range checked {
		if c >= 'a' && sum[i/2]>>(4*(1-i%2))&8 != 0 {
			checked[i] = c - 'a' + 'A'
		}
	}
	if body != small && body != strings.ToUpper(body) && body != string(checked) {
		return "", wrong("%.80q: its capitals are wrong, so it is no address; copy it again", s)
	}
	return "0x" + string(checked), nil
}
