package seal

import (
	"bytes"
	"compress/zlib"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"testing"
)

// hexBytes is a hex string in a JSON file.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

type wycheproofFile struct {
	Algorithm  string
	TestGroups []struct {
		AEAD, SHA string
		Tests     []wycheproofTest
	}
}

type wycheproofTest struct {
	TcID               int
	Comment            string
	Key, Ctx, Ct       hexBytes
	AEADKey, BaseNonce hexBytes
	MsgLength          int
	MsgSha512          hexBytes
	Result             string
}

// ciphertext undoes the compression in which the vectors are published.
func (w *wycheproofTest) ciphertext(t *testing.T) []byte {
	r, err := zlib.NewReader(bytes.NewReader(w.Ct))
	if err != nil {
		t.Fatal(err)
	}
	ct, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return ct
}

func readWycheproof(t *testing.T) []wycheproofTest {
	data, err := os.ReadFile("testdata/wycheproof/c2sp_chunked_encryption_aes_256_gcm_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file wycheproofFile
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if file.Algorithm != "Cobblestone-256" || len(file.TestGroups) != 1 {
		t.Fatalf("got %d groups for %q, want 1 for Cobblestone-256", len(file.TestGroups), file.Algorithm)
	}
	tests := file.TestGroups[0].Tests
	if len(tests) != 35 {
		t.Fatalf("got %d vectors, want 35", len(tests))
	}
	return tests
}

func TestWycheproofChunked(t *testing.T) {
	for _, w := range readWycheproof(t) {
		ct := w.ciphertext(t)
		msg, err := decryptChunks(w.Key, w.Ctx, ct)
		if w.Result == "invalid" {
			if err == nil || msg != nil {
				t.Errorf("vector %d (%s): got %d bytes, error %v; want nothing and an error", w.TcID, w.Comment, len(msg), err)
			}
			continue
		}
		if err != nil {
			t.Errorf("vector %d (%s): %v", w.TcID, w.Comment, err)
			continue
		}
		if sum := sha512.Sum512(msg); len(msg) != w.MsgLength || !bytes.Equal(sum[:], w.MsgSha512) {
			t.Errorf("vector %d (%s): got %d bytes with SHA-512 %x, want %d with %x", w.TcID, w.Comment, len(msg), sum, w.MsgLength, w.MsgSha512)
		}
		again, err := encryptChunksSalted(w.Key, ct[:saltSize], w.Ctx, msg)
		if err != nil || !bytes.Equal(again, ct) {
			t.Errorf("vector %d (%s): encrypting the message again gave other bytes (error %v)", w.TcID, w.Comment, err)
		}
	}
}

// The lengths around a chunk's end are where the end of a message can be
// mistaken.
func TestChunkedSizes(t *testing.T) {
	key, context := bytes.Repeat([]byte{7}, contentKeySize), []byte("context")
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2*chunkSize - 1, 2 * chunkSize, 2*chunkSize + 1} {
		msg := bytes.Repeat([]byte{'m'}, size)
		ct, err := encryptChunks(key, context, msg)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(ct), ciphertextSize(size); got != want {
			t.Errorf("size %d: ciphertext of %d bytes, want %d", size, got, want)
		}
		if got, ok := messageSize(len(ct)); !ok || got != size {
			t.Errorf("messageSize(%d) = %d, %v; want %d, true", len(ct), got, ok, size)
		}
		if got, err := decryptChunks(key, context, ct); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("size %d: got %d bytes, error %v", size, len(got), err)
		}
		for _, cut := range []int{1, tagSize, chunkSize, chunkSize + tagSize} {
			if cut > len(ct) {
				continue
			}
			if _, err := decryptChunks(key, context, ct[:len(ct)-cut]); err == nil {
				t.Errorf("size %d: opened with the last %d bytes cut off", size, cut)
			}
		}
	}
}

func TestMessageSizeImpossible(t *testing.T) {
	for _, n := range []int{0, saltSize, headerSize - 1, headerSize, headerSize + tagSize - 1,
		headerSize + chunkSize + tagSize, headerSize + chunkSize + 2*tagSize - 1} {
		if size, ok := messageSize(n); ok {
			t.Errorf("messageSize(%d) = %d, want none", n, size)
		}
	}
}

// FuzzDecryptChunks: whatever decrypts is the one encryption of its message.
func FuzzDecryptChunks(f *testing.F) {
	key := bytes.Repeat([]byte{7}, contentKeySize)
	for _, msg := range []string{"", "short", string(make([]byte, chunkSize))} {
		ct, err := encryptChunks(key, []byte("context"), []byte(msg))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte("context"), ct)
	}
	f.Fuzz(func(t *testing.T, context, ct []byte) {
		msg, err := decryptChunks(key, context, ct)
		if err != nil {
			return
		}
		again, err := encryptChunksSalted(key, ct[:saltSize], context, msg)
		if err != nil || !bytes.Equal(again, ct) {
			t.Errorf("%x decrypts, yet its message encrypts to %x", ct, again)
		}
	})
}
