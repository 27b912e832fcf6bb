package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"comity/node/home"
	"comity/node/wire"
)

// examineKeys looks at who may read the files of keys.
func (s *session) examineKeys() (list []diagnosis, err error) {
	var open []string
	for _, folder := range []string{"keys", "officers"} {
		err := filepath.WalkDir(filepath.Join(s.home.Dir(), folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".pub") {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				open = append(open, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look at the keys: %w", err)
		}
	}
	for _, path := range open {
		list = append(list, bad("keys", "chmod 600 "+shellWord(path), "others on this machine can reach %s", path))
	}
	if len(open) == 0 {
		list = append(list, good("keys", "only their owner reaches them"))
	}
	return list, nil
}

// examineLeft says which copies a restore left beside the home that was killed: no
// purge reaches them.
func (s *session) examineLeft() (list []diagnosis) {
	dir, err := filepath.Abs(s.home.Dir())
	if err != nil {
		return nil
	}
	for _, path := range home.Stale(filepath.Dir(dir), home.PrefixNew) {
		list = append(list, bad("left over", "rm -r "+shellWord(path), "%s is what a restore left that was killed; no purge reaches it", path))
	}
	return list
}

// examineKeyAges says which keys are to be replaced, by the ledger's time of their
// enrolment: the date of a file changes when it is copied. Nothing ends because a key
// is old.
func examineKeyAges(st *wire.Status) (list []diagnosis) {
	for _, k := range dueKeys(st) {
		list = append(list, bad("key ages", k.do+"; it goes on working", "%s", k.text()))
	}
	if len(list) == 0 && len(st.Keys) > 0 {
		list = append(list, good("key ages", "%s; the first to be replaced is %s, in %s", count(st.KeysKnown), st.Keys[0].Label, plural(st.Keys[0].Left, "day", "days")))
	}
	return list
}

// examinePorts looks at what the node of this home serves to this machine alone.
func (s *session) examinePorts(ctx context.Context) []diagnosis {
	admin, err := s.home.Admin()
	list, _ := os.ReadDir(s.home.NodeDir())
	if err != nil || admin == "" || len(list) == 0 {
		return nil // none, or the node runs elsewhere
	}
	network, address := "tcp", admin
	if path, ok := strings.CutPrefix(admin, "unix:"); ok {
		network, address = "unix", path
	}
	c := &http.Client{Timeout: doctorPatience, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://node"+wire.PathLive, nil)
	if err != nil {
		return nil
	}
	resp, err := c.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return []diagnosis{bad("admin", "is the node running? systemctl status comity-node; else look at admin in comity.toml", "nothing answers at %s: %v", admin, err)}
	}
	resp.Body.Close()
	return []diagnosis{good("admin", "answers at %s, for %s and monitoring", admin, wire.PathLive)}
}
