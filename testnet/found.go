package testnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/node/home"
)

// Options says what [Found] founds. The zero value is five bureaus with the
// usual officers on ports that are free.
type Options struct {
	Bureaus  int                // 1 to 15; 5 when zero
	BasePort int                // port of the first node, the next one follows; any free ports when zero
	Officers []home.OfficerSpec // of each bureau; [Officers] when nil
	Name     string             // of the ledger; "Exercise" when empty
	Profile  string             // of the nodes, as in their configuration
	Log      string             // level of the nodes' logs, as in their configuration
	Far      bool               // nodes listen elsewhere than at their addresses, where long lines are laid
	Quota    ledger.Quota       // of each bureau; no limit when zero
	Format   uint8              // with which the ledger begins; the newest when zero
	Clock    func() time.Time   // as [Consortium.SetClock]
}

// Found makes the homes of n bureaus in dir, which must not exist or be empty,
// and installs the charter that all of them signed. On an error it leaves
// nothing behind. The nodes do not run yet, and nobody is enrolled.
func Found(dir string, o Options) (*Consortium, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("found consortium: %w", err)
	}
	if o.Bureaus == 0 {
		o.Bureaus = 5
	}
	if o.Bureaus < 1 || o.Bureaus > len(bureaus) {
		return nil, fmt.Errorf("found consortium: %d bureaus; a charter has 1 to %d", o.Bureaus, len(bureaus))
	}
	if list, err := os.ReadDir(dir); err == nil && slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == fileMarker }) {
		return nil, fmt.Errorf("found consortium: %s already holds one; start it, or remove it first", dir)
	}
	err = home.Whole(dir, func(tmp string) error { return fill(tmp, dir, o) })
	if err != nil {
		return nil, fmt.Errorf("found consortium: %w", err)
	}
	c, err := Load(dir)
	if err != nil {
		return nil, err
	}
	c.SetClock(o.Clock)
	return c, nil
}

// fill makes the homes in tmp, which will be renamed to dir.
func fill(tmp, dir string, o Options) error {
	if o.Officers == nil {
		o.Officers = Officers()
	}
	if o.Name == "" {
		o.Name = "Exercise"
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	n := o.Bureaus
	if o.Far {
		n *= 2
	}
	addresses, err := addresses(n, o.BasePort)
	if err != nil {
		return err
	}
	listen := make([]string, o.Bureaus)
	if o.Far {
		listen = addresses[o.Bureaus:]
	}
	homes := make([]*home.Home, o.Bureaus)
	errs := make([]error, o.Bureaus)
	var wg sync.WaitGroup
	for i := range homes {
		wg.Go(func() {
			homes[i], errs[i] = home.Create(filepath.Join(tmp, bureaus[i].code), home.CreateOptions{
				Bureau: bureaus[i].code, Name: bureaus[i].name, Address: addresses[i], Listen: listen[i],
				Admin: adminOf(filepath.Join(dir, bureaus[i].code)), Profile: o.Profile, Log: o.Log, Officers: o.Officers,
			})
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if _, err := home.Found(homes, home.Terms{Name: o.Name, Created: o.Clock(), Quota: o.Quota, Format: o.Format}, nil); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(tmp, fileMarker), []byte(markerText), 0o600)
}

// adminOf returns the admin setting of the home that will be in dir: a socket
// in it, unless the name would be too long for one.
func adminOf(dir string) string {
	const socket = "admin.sock"
	// 103 bytes fit, and a home is made under a longer name than it gets.
	if len(filepath.Join(dir, socket)) > 103-len(".comity-new-1234567890") {
		return ""
	}
	return "unix:" + socket
}
