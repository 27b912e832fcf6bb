package audit

import (
	"fmt"
	"os"
)

// list is a file of records of one length, which only grows. Its end is in
// memory, and pages that are read again are.
type list struct {
	f     *os.File
	width int // of a record
	done  int64
	tail  []byte // of the records from done on
	pages [listPages]listPage
}

const (
	listTail  = 64 << 10
	listPages = 1 << 10 // pages in memory
	pageLen   = 4 << 10
)

type listPage struct {
	no   int64 // + 1; 0 for none
	data []byte
}

func newList(f *os.File, width int) *list {
	return &list{f: f, width: width, tail: make([]byte, 0, listTail+width)}
}

// add appends one record.
func (l *list) add(record []byte) error {
	l.tail = append(l.tail, record...)
	if len(l.tail) < listTail {
		return nil
	}
	if _, err := l.f.WriteAt(l.tail, l.done*int64(l.width)); err != nil {
		return fmt.Errorf("temporary files: %w", err)
	}
	// The page at the old end was read, if at all, when it was not full.
	l.pages[l.done*int64(l.width)/pageLen%listPages].no = 0
	l.done += int64(len(l.tail) / l.width)
	l.tail = l.tail[:0]
	return nil
}

// get copies record i into buf. There is one.
func (l *list) get(i int64, buf []byte) error {
	if i >= l.done {
		from := (i - l.done) * int64(l.width)
		copy(buf[:l.width], l.tail[from:])
		return nil
	}
	at := i * int64(l.width)
	for n := 0; n < l.width; {
		page, err := l.page(at / pageLen)
		if err != nil {
			return err
		}
		from := at % pageLen
		if from >= int64(len(page)) {
			return fmt.Errorf("temporary files: record %d is not there", i)
		}
		c := copy(buf[n:l.width], page[from:])
		n, at = n+c, at+int64(c)
	}
	return nil
}

func (l *list) page(no int64) ([]byte, error) {
	p := &l.pages[no%listPages]
	if p.no == no+1 {
		return p.data, nil
	}
	if p.data == nil {
		p.data = make([]byte, pageLen)
	}
	p.no = 0
	size := l.done * int64(l.width)
	p.data = p.data[:min(pageLen, size-no*pageLen)]
	if _, err := l.f.ReadAt(p.data, no*pageLen); err != nil {
		return nil, fmt.Errorf("temporary files: %w", err)
	}
	p.no = no + 1
	return p.data, nil
}

// each calls do for the records from the first on.
func (l *list) each(do func(i int64, record []byte)) error {
	buf := make([]byte, 1024*l.width)
	for i := int64(0); i < l.done; {
		n := min(1024, l.done-i)
		part := buf[:n*int64(l.width)]
		if _, err := l.f.ReadAt(part, i*int64(l.width)); err != nil {
			return fmt.Errorf("temporary files: %w", err)
		}
		for ; len(part) > 0; part, i = part[l.width:], i+1 {
			do(i, part[:l.width])
		}
	}
	for i, rest := l.done, l.tail; len(rest) > 0; i, rest = i+1, rest[l.width:] {
		do(i, rest[:l.width])
	}
	return nil
}
