package desk

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/blobs"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"
)

// Files returns the folder of sealed files beside the replica: those that are to
// be sent, and those that are fetched, until they are opened. It may be used
// after the desk is closed.
func (d *Desk) Files() *blobs.Folder { return d.files }

// OpenFiles opens the folder of sealed files of the replica in a folder, which need
// not be there: who reads through the bureau's desk has none.
func OpenFiles(dir string) (*blobs.Folder, error) {
	return blobs.Open(filepath.Join(dir, "attachments"))
}

// keepFiles is how long a sealed file stays that no statement names: its notice
// may wait for a second officer.
const keepFiles = 60 * 24 * time.Hour

// sweepFiles destroys what was purged, and what nobody has sent.
func (d *Desk) sweepFiles() error {
	old := time.Now().Add(-keepFiles) // by the clock of the files
	return d.files.Sweep(time.Now().Add(-24*time.Hour), func(f blobs.File) (bool, error) {
		a, err := state.ReadAttachment(d.store, f.Address)
		if err != nil || a == nil {
			return err == nil && f.Changed.Before(old), err
		}
		return state.PurgedAll(d.store, a.Notice)
	})
}

// Attach seals a file of a size for a part of a notice that these officers are
// about to write. The sealed file lies with the desk until it is sent.
func (d *Desk) Attach(by Officers, part seal.Compartment, name string, r io.Reader, size int64) (notice.Attachment, error) {
	o, err := d.author(&by)
	if err != nil {
		return notice.Attachment{}, err
	}
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(512)
	if err != nil && err != io.EOF {
		return notice.Attachment{}, err
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	plain := sha256.New()
	var key seal.AttachmentKey
	address, err := d.files.Put(func(w io.Writer) (err error) {
		key, err = seal.SealAttachment(seal.Context{Ledger: o.Ledger, Author: o.Author}, w, io.TeeReader(buffered, plain), size)
		return err
	})
	if err != nil {
		return notice.Attachment{}, err
	}
	a := notice.NewAttachment(part, name, kind, size, [32]byte(plain.Sum(nil)), address, key)
	a.Author = o.Author
	return a, nil
}

// stallLimit is for how long a transfer goes on trying without coming further.
const stallLimit = 45 * time.Second

// nothing is what a step has that could not learn how far it has come.
const nothing = math.MinInt64

// transfer repeats steps until one says that it is done. After an error that may
// pass it tries again, until it has come no further for stallLimit. What a step
// has only has to grow: while another node is waited for it is below zero.
func transfer(ctx context.Context, step func() (have int64, done bool, err error)) error {
	last, moved, pause := int64(nothing), time.Now(), 100*time.Millisecond
	for {
		have, done, err := step()
		if done {
			return nil
		}
		on := have > last
		if on {
			last, moved, pause = have, time.Now(), 100*time.Millisecond
		}
		still := time.Since(moved) >= stallLimit
		var lost *client.Unreachable
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && on:
			continue
		case err == nil && still:
			return errors.New("the transfer stands still")
		case err != nil && (still || !errors.As(err, &lost) && !wire.Retryable(err)):
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
			pause = min(2*pause, 3*time.Second)
		}
	}
}

// ErrNoFile means that a sealed file is neither at the node nor here.
var ErrNoFile = errors.New("its sealed file is neither here nor at the node")

// SendFiles hands the node the sealed files that a statement names, as far as it
// has them not, each from where an earlier transfer was cut. progress learns how
// many bytes the node has of all.
func SendFiles(ctx context.Context, c *client.Client, files *blobs.Folder, s *ledger.Statement, progress func(done, total uint64)) error {
	list, err := filesOf(s)
	if err != nil || len(list) == 0 {
		return err
	}
	var done, total uint64
	for _, a := range list {
		total += a.Size
	}
	for _, a := range list {
		err := transfer(ctx, func() (int64, bool, error) {
			return sendFile(ctx, c, files, a, func(have int64) { progress(done+uint64(have), total) })
		})
		if err != nil {
			return fmt.Errorf("attachment %x: %w", a.Address[:4], err)
		}
		done += a.Size
		progress(done, total)
	}
	return nil
}

// DropFiles removes the sealed files that a statement names, once the node has
// them.
func DropFiles(files *blobs.Folder, s *ledger.Statement) error {
	list, err := filesOf(s)
	for _, a := range list {
		err = errors.Join(err, files.Drop(a.Address))
	}
	return err
}

func filesOf(s *ledger.Statement) ([]ledger.Attachment, error) {
	if s.Class != ledger.ClassPublish && s.Class != ledger.ClassAmend {
		return nil, nil
	}
	p, err := ledger.ParsePublish(s.Public)
	if err != nil {
		return nil, err
	}
	return p.Attachments, nil
}

// sendFile sends until the node has all of it, or something goes wrong.
func sendFile(ctx context.Context, c *client.Client, files *blobs.Folder, a ledger.Attachment, progress func(int64)) (have int64, done bool, err error) {
	have = nothing
	st, err := c.PutAttachment(ctx, a.Address, int64(a.Size), 0, nil)
	for err == nil && !st.Held {
		have = st.Have
		progress(have)
		from := have
		piece, readErr := files.Read(a.Address, from, int(min(int64(a.Size)-from, wire.MaxPiece)))
		if errors.Is(readErr, blobs.ErrNotHeld) {
			return from, false, ErrNoFile
		}
		if readErr != nil {
			return from, false, readErr
		}
		if st, err = c.PutAttachment(ctx, a.Address, int64(a.Size), from, piece); err == nil && !st.Held && st.Have <= from {
			return from, false, nil // somebody else sends it too; the caller bounds how often
		}
	}
	if err != nil {
		return have, false, err // what the last good answer said
	}
	return st.Have, true, nil
}

// File is an attachment that a reader is about to fetch: what the part says of
// it, checked.
type File struct {
	notice.Attachment
	named ledger.Attachment
	ctx   seal.Context
	key   seal.AttachmentKey
	hash  [32]byte
}

// Fetchable returns an attachment of a view for fetching, or why it cannot be had.
func Fetchable(g *ledger.Genesis, v *notice.View, a notice.Attachment) (*File, error) {
	f := &File{Attachment: a, ctx: seal.Context{Ledger: keys.ID(g.Ledger), Author: a.Author}}
	err := v.Obtainable(&a)
	if err == nil {
		f.named, err = a.Public()
	}
	if err == nil {
		f.hash, err = a.Hash()
	}
	if err == nil {
		f.key, err = a.AttachmentKey()
	}
	if err == nil && a.Author == (keys.ID{}) {
		err = errors.New("the ledger here does not name it")
	}
	if err != nil {
		return nil, fmt.Errorf("%.40q: %w", a.Name, err)
	}
	return f, nil
}

// Take keeps the file for this process until release, for fetching, opening and
// dropping it: another that fetched it at the same time would write to the same part.
// waits is called once if another has it.
func (f *File) Take(ctx context.Context, files *blobs.Folder, waits func()) (release func() error, err error) {
	return files.Take(ctx, f.named.Address, waits)
}

// Fetch gets the sealed file from the node into the folder, from where an earlier
// transfer was cut. progress learns how far it is: first how much the node has,
// while it gets the file from others itself.
func (f *File) Fetch(ctx context.Context, c *client.Client, files *blobs.Folder, progress func(atNode bool, done, total uint64)) error {
	size := f.Sealed
	err := transfer(ctx, func() (int64, bool, error) {
		if held, ok := files.Size(f.named.Address); ok && held == size {
			return size, true, nil
		}
		st, err := c.AttachmentState(ctx, f.named.Address, 2*time.Second)
		if err != nil {
			return nothing, false, err
		}
		if !st.Held {
			progress(true, uint64(max(st.Have, 0)), uint64(size))
			if !st.Fetching {
				return nothing, false, &wire.Error{Code: wire.NotFound, Message: "no node that answers has the attachment"}
			}
			return min(max(st.Have, 0), size) - size - 1, false, nil // below what is here of it
		}
		return f.pull(ctx, c, files, progress)
	})
	if wire.CodeOf(err) == wire.Purged {
		err = errors.Join(err, files.Drop(f.named.Address))
	}
	return err
}

// pull gets what is missing from a node that has the file.
func (f *File) pull(ctx context.Context, c *client.Client, files *blobs.Folder, progress func(atNode bool, done, total uint64)) (int64, bool, error) {
	have := files.Begun(f.named.Address)
	for mixed := have > 0; ; {
		if have >= f.Sealed { // cut before its hash was looked at
			if err := files.DropPart(f.named.Address); err != nil {
				return 0, false, err
			}
			have = 0
		}
		piece, err := c.Attachment(ctx, f.named.Address, f.Sealed, have)
		if err != nil {
			return have, false, err
		}
		have, err = files.Append(f.named.Address, f.Sealed, have, piece)
		if errors.Is(err, blobs.ErrHash) && mixed { // the beginning may be another node's
			mixed, have = false, 0
			continue
		}
		if errors.Is(err, blobs.ErrHash) {
			err = &follow.Dishonest{Node: c.String(), Reason: "it gives other bytes for an attachment than the ledger names"}
		}
		if err != nil {
			return have, false, err
		}
		progress(false, uint64(have), uint64(f.Sealed))
		if have == f.Sealed {
			return have, true, nil
		}
	}
}

// Open writes the file to w. What was written before an error is to be thrown
// away.
func (f *File) Open(files *blobs.Folder, w io.Writer) error {
	r, err := files.Reader(f.named.Address)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	size, err := seal.OpenAttachment(f.ctx, f.key, io.MultiWriter(w, h), r, f.Sealed)
	if err == nil && (size != f.Size || [32]byte(h.Sum(nil)) != f.hash) {
		err = errors.New("it is not the file that the notice speaks of")
	}
	if err != nil {
		return fmt.Errorf("open %.40q: %w", f.Name, err)
	}
	return nil
}

// IsAt reports whether the file, opened, is at a path already.
func (f *File) IsAt(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return false, err
	}
	r, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(h, r)
	return err == nil && [32]byte(h.Sum(nil)) == f.hash, err
}

// Drop removes what was fetched, once it is opened.
func (f *File) Drop(files *blobs.Folder) error { return files.Drop(f.named.Address) }
