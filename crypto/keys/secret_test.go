package keys

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretsDoNotPrint prints every private key every way and looks for its
// secret in each encoding that fmt knows, and for the words that name the key.
func TestSecretsDoNotPrint(t *testing.T) {
	s, i := testSigner(0), testIdentity(t, 0)
	k, err := GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	w, err := GenerateWitness()
	if err != nil {
		t.Fatal(err)
	}
	seed := counting(0)
	for _, c := range []struct {
		name   string
		values []any
		secret []byte
		want   string
	}{
		{"Signer", []any{s, *s}, seed[:], "signing key " + s.ID().Short()},
		{"Identity", []any{i, *i}, seed[:], "sealing key " + i.Recipient().ID().Short()},
		{"TLS", []any{k, *k}, k.priv().Seed(), "TLS key " + k.ID().Short()},
		{"Witness", []any{w, *w}, w.mld().Bytes(), "cosigning keys " + SigningID(w.Public().Ed25519).Short()},
	} {
		for _, value := range c.values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				if got := fmt.Sprintf(verb, value); got != c.want {
					t.Errorf("%s with %s printed %q, want %q", c.name, verb, got, c.want)
				}
				nested := fmt.Sprintf(verb, struct{ inner any }{value})
				for _, form := range []string{
					string(c.secret), hex.EncodeToString(c.secret),
					strings.Trim(fmt.Sprint(c.secret), "[]"), "AGE-SECRET",
				} {
					if strings.Contains(strings.ToLower(nested), strings.ToLower(form)) {
						t.Errorf("%s in a struct with %s printed its secret: %q", c.name, verb, nested)
					}
				}
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", value)
			if !strings.Contains(log.String(), c.want) || strings.Contains(log.String(), "SECRET") {
				t.Errorf("%s was logged as %s", c.name, log.String())
			}
		}
	}
}
