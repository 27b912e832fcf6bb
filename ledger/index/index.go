package index

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"comity/ledger"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	"github.com/ncruces/go-sqlite3/vfs"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // registers the encrypting VFS
)

// Format is the version of the file and of the terms in it. An index of another
// version is built anew: raise it whenever [Terms] gives other terms.
const Format = 9

const fileName = "notices.db"

// cacheKiB is the page cache of each of the three connections.
const cacheKiB = 32 << 10

// KeySize is the length of the key of an index.
const KeySize = 32

// ErrDamaged is returned when the file is not what was written. Close the index,
// [Remove] it, and open a new one.
var ErrDamaged = errors.New("the index is damaged")

// Options say what an index is of.
type Options struct {
	Key    [KeySize]byte
	Ledger ledger.Hash
	Keys   ledger.Hash // names the set of keys whose notices are in it
}

// Index is an open index. Its methods may be called by several goroutines; one
// at a time updates, while others find.
type Index struct {
	dir string

	writing sync.Mutex // guards writer
	writer  *conn

	reading sync.Mutex // guards reader
	reader  *conn      // is writer where connections cannot share memory

	checking sync.Mutex // guards checker; taken after reading
	checker  *conn      // answers checkpoints, which wait for no search; likewise

	mu       sync.RWMutex // guards position
	position uint64
}

// Open opens the index in a folder, which it makes if need be. What is there
// and cannot be used is removed. One process at a time may have it open: the
// caller sees to that.
func Open(dir string, o Options) (*Index, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	ix, err := open(dir, &o)
	if errors.Is(err, ErrDamaged) {
		if err = Remove(dir); err == nil {
			ix, err = open(dir, &o)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	return ix, nil
}

// Remove removes the index in a folder that nobody has open.
func Remove(dir string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(filepath.Join(dir, fileName+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove index: %w", err)
		}
	}
	return nil
}

func open(dir string, o *Options) (_ *Index, err error) {
	ix := &Index{dir: dir}
	defer func() {
		if err != nil {
			ix.Close()
		}
	}()
	path := filepath.Join(dir, fileName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return ix, guard(func() error {
		if ix.writer, err = connect(path, o); err != nil {
			return err
		}
		if ix.position, err = ix.writer.prepare(o); err != nil {
			return err
		}
		ix.reader, ix.checker = ix.writer, ix.writer
		if vfs.SupportsSharedMemory {
			if ix.reader, err = connect(path, o); err != nil {
				return err
			}
			if ix.checker, err = connect(path, o); err != nil {
				return err
			}
			// SQLite gives them the mode of any file; the folder hides them already.
			err = errors.Join(os.Chmod(path+"-wal", 0o600), os.Chmod(path+"-shm", 0o600))
		}
		return err
	})
}

// Position returns how many entries of the log are in the index.
func (ix *Index) Position() uint64 {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.position
}

// Close releases the file.
func (ix *Index) Close() error {
	ix.writing.Lock()
	defer ix.writing.Unlock()
	ix.reading.Lock()
	defer ix.reading.Unlock()
	ix.checking.Lock()
	defer ix.checking.Unlock()
	var err error
	for _, c := range []**conn{&ix.checker, &ix.reader, &ix.writer} {
		if *c != nil && (*c != ix.writer || c == &ix.writer) {
			err = errors.Join(err, (*c).close())
		}
		*c = nil
	}
	return err
}

// read calls do with the connection that reads.
func (ix *Index) read(do func(c *conn) error) error { return ix.use(&ix.reading, &ix.reader, do) }

// check calls do with the connection of checkpoints, for what takes no time.
func (ix *Index) check(do func(c *conn) error) error { return ix.use(&ix.checking, &ix.checker, do) }

func (ix *Index) use(lock *sync.Mutex, c **conn, do func(c *conn) error) error {
	if !vfs.SupportsSharedMemory {
		lock = &ix.writing
	}
	lock.Lock()
	defer lock.Unlock()
	if *c == nil {
		return errClosed
	}
	return guard(func() error { return do(*c) })
}

var errClosed = errors.New("the index is closed")

// guard calls do. Errors that say that the file is bad match [ErrDamaged]: so
// does a panic, because SQLite may stumble over a page that was never SQLite's.
// That a disk is full, or a call interrupted, says nothing about the file.
func guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	err = do()
	for _, code := range []sqlite3.ErrorCode{sqlite3.CORRUPT, sqlite3.NOTADB, sqlite3.IOERR, sqlite3.ERROR, sqlite3.MISMATCH} {
		if errors.Is(err, code) {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}

// conn is a connection with its prepared statements. One goroutine uses it.
type conn struct {
	*sqlite3.Conn
	statements map[string]*sqlite3.Stmt
	tidying    bool // segments are being merged: see tidy
}

func connect(path string, o *Options) (*conn, error) {
	db, err := sqlite3.OpenFlags("file:"+escape(path)+"?vfs=adiantum", sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: db, statements: make(map[string]*sqlite3.Stmt)}
	// The key comes first: FTS5 reads the file when it registers.
	if err = c.Exec("PRAGMA hexkey='" + hex.EncodeToString(o.Key[:]) + "'"); err != nil {
		err = errors.New("the key was not taken") // SQLite's text would show it
	} else if err = fts5.Register(db); err == nil {
		err = c.Exec(fmt.Sprintf(`PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; PRAGMA journal_mode=%s;
			PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;
			PRAGMA cache_size=-%d; PRAGMA wal_autocheckpoint=4000`, journalMode(), cacheKiB))
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func journalMode() string {
	if vfs.SupportsSharedMemory {
		return "WAL"
	}
	return "TRUNCATE"
}

// escape writes a path for the URI of a file.
func escape(path string) string {
	var b []byte
	for i := range len(path) {
		switch c := path[i]; c {
		case '%', '?', '#':
			b = fmt.Appendf(b, "%%%02x", c)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

const schema = `
CREATE TABLE meta(k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID;
CREATE TABLE notice(n INTEGER PRIMARY KEY, bureau TEXT NOT NULL, ended INTEGER NOT NULL, opened INTEGER NOT NULL, events BLOB NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, current INTEGER NOT NULL, judge INTEGER NOT NULL, version INTEGER NOT NULL,
  urgency INTEGER NOT NULL, term INTEGER NOT NULL, unread INTEGER NOT NULL, pending INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0,
  names TEXT NOT NULL DEFAULT '');
CREATE INDEX notice_pending ON notice(n) WHERE pending;
CREATE INDEX notice_term ON notice(bureau, term) WHERE NOT ended;
CREATE INDEX notice_unread ON notice(urgency DESC, version, term) WHERE unread AND NOT pending;
CREATE INDEX notice_judge ON notice(urgency DESC, version, term) WHERE judge AND NOT pending;
CREATE TABLE term(n INTEGER PRIMARY KEY, t TEXT NOT NULL);
CREATE TABLE reply(e INTEGER PRIMARY KEY, n INTEGER NOT NULL, asks INTEGER NOT NULL);
CREATE INDEX reply_n ON reply(n);
CREATE VIRTUAL TABLE find USING fts5(t, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '_'");
INSERT INTO find(find, rank) VALUES('secure-delete', 1);
CREATE TABLE waits(term INTEGER PRIMARY KEY, unread INTEGER NOT NULL, judge INTEGER NOT NULL);
CREATE TRIGGER notice_added AFTER INSERT ON notice BEGIN` + waitsMore + `END;
CREATE TRIGGER notice_changed AFTER UPDATE ON notice BEGIN` + waitsLess + waitsMore + `END;
CREATE TRIGGER notice_removed AFTER DELETE ON notice BEGIN` + waitsLess + `END;`

// The table waits counts, by their last days, what [Index.Unread] and [Index.Judge]
// list: to count a million rows takes as long as to read them.
const (
	waitsMore = `
  INSERT INTO waits SELECT NEW.term, NEW.unread, NEW.judge WHERE NOT NEW.pending AND (NEW.unread OR NEW.judge)
    ON CONFLICT(term) DO UPDATE SET unread = unread + excluded.unread, judge = judge + excluded.judge; `
	waitsLess = `
  UPDATE waits SET unread = unread - OLD.unread, judge = judge - OLD.judge WHERE term = OLD.term AND NOT OLD.pending; `
)

// prepare makes the tables of an empty file, and returns the position of one
// that is not. [ErrDamaged] is for a file that cannot be used, whatever is
// wrong with it.
func (c *conn) prepare(o *Options) (position uint64, err error) {
	want := map[string]string{"ledger": string(o.Ledger[:]), "keys": string(o.Keys[:]), "format": fmt.Sprint(Format)}
	tables, err := c.number("SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	if tables == 0 {
		tx := c.Begin()
		defer tx.End(&err)
		if err = c.Exec(schema); err != nil {
			return 0, err
		}
		for k, v := range want {
			if err = c.do("INSERT INTO meta(k, v) VALUES(?, ?)", k, []byte(v)); err != nil {
				return 0, err
			}
		}
		return 0, c.do("INSERT INTO meta(k, v) VALUES('position', ?)", uint64(0))
	}
	for k, v := range want {
		got := ""
		if err := c.query("SELECT v FROM meta WHERE k = ?", func(s *sqlite3.Stmt) error { got = s.ColumnText(0); return nil }, k); err != nil {
			return 0, err
		}
		if got != v {
			return 0, fmt.Errorf("%w: it is of another %s", ErrDamaged, k)
		}
	}
	n, err := c.number("SELECT v FROM meta WHERE k = 'position'")
	return uint64(n), err
}

// statement returns a prepared statement with its arguments.
func (c *conn) statement(sql string, args []any) (*sqlite3.Stmt, error) {
	s := c.statements[sql]
	if s == nil {
		var err error
		if s, _, err = c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
		c.statements[sql] = s
	}
	for i, a := range args {
		var err error
		switch a := a.(type) {
		case uint64:
			err = s.BindInt64(i+1, int64(a))
		case int64:
			err = s.BindInt64(i+1, a)
		case int:
			err = s.BindInt64(i+1, int64(a))
		case bool:
			err = s.BindBool(i+1, a)
		case string:
			err = s.BindText(i+1, a)
		case []byte:
			err = s.BindBlob(i+1, a)
		default:
			panic(fmt.Sprintf("index: argument of type %T", a))
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// do runs a statement that returns no rows.
func (c *conn) do(sql string, args ...any) error { return c.query(sql, nil, args...) }

// errEnough ends a query early.
var errEnough = errors.New("enough")

// query calls row for each row, until it returns an error.
func (c *conn) query(sql string, row func(*sqlite3.Stmt) error, args ...any) error {
	s, err := c.statement(sql, args)
	if err != nil {
		return err
	}
	for err == nil && s.Step() {
		if row != nil {
			err = row(s)
		}
	}
	if err == errEnough {
		err = nil
	}
	return errors.Join(err, s.Reset())
}

// number returns the one number that a query gives, 0 for none.
func (c *conn) number(sql string) (n int64, err error) {
	err = c.query(sql, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}

func (c *conn) close() error {
	var err error
	for _, s := range c.statements {
		err = errors.Join(err, s.Close())
	}
	clear(c.statements)
	return errors.Join(err, c.Close())
}
