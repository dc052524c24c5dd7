package digest

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Files larger than these, decompressed, are not CloudTrail's.
const (
	maxDigest = 64 << 20
	maxLog    = 2 << 30
)

// A problem is why a verdict is not Valid.
type problem struct {
	verdict Verdict
	code    Code
	reason  string
}

// errMissing is the problem of a file that is not there.
var errMissing = &problem{Missing, "", "not there"}

// content writes what a file holds, decompressed, to w. What does not decompress is Invalid by
// the code malformed. Bytes after the end of the gzip stream are malformed as well, and a second
// gzip member is content, as for all who read the file.
func (v *verifier) content(ctx context.Context, path string, limit int64, malformed Code, w io.Writer) *problem {
	if !fs.ValidPath(path) {
		return &problem{Unverified, Unreadable, "not a path that a copy can have"}
	}
	before, err := fs.Stat(v.fsys, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case err != nil:
		return &problem{Unverified, Unreadable, err.Error()}
	case !before.Mode().IsRegular():
		return &problem{Unverified, Unreadable, "not a regular file"}
	}
	f, err := v.fsys.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &problem{Unverified, Changed, "it vanished while the copy was read"}
	case err != nil:
		return &problem{Unverified, Unreadable, err.Error()}
	}
	defer f.Close()
	raw := &source{ctx: ctx, r: f}
	defer func() { v.advance(raw.n) }()
	in := v.inflaters.Get().(*inflater)
	defer v.inflaters.Put(in)
	p := in.inflate(raw, limit, malformed, w)
	if raw.err != nil {
		return &problem{Unverified, Unreadable, raw.err.Error()}
	}
	after, err := f.Stat()
	if err != nil {
		return &problem{Unverified, Unreadable, err.Error()}
	}
	if before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime()) || p == nil && raw.n != after.Size() {
		return &problem{Unverified, Changed, "it was written to while it was read"}
	}
	return p
}

// An inflater decompresses one file after another.
type inflater struct {
	buffered *bufio.Reader
	gzip     gzip.Reader
	buf      []byte
}

func newInflater() *inflater {
	return &inflater{buffered: bufio.NewReaderSize(nil, 32<<10), buf: make([]byte, 32<<10)}
}

// inflate writes what is gzip decompressed, and anything else as it is.
func (i *inflater) inflate(raw io.Reader, limit int64, malformed Code, w io.Writer) *problem {
	i.buffered.Reset(raw)
	var in io.Reader = i.buffered
	if magic, _ := i.buffered.Peek(2); string(magic) == "\x1f\x8b" {
		if err := i.gzip.Reset(i.buffered); err != nil {
			return &problem{Invalid, malformed, "gzip: " + err.Error()}
		}
		in = &i.gzip
	}
	// Neither end has a way of its own to copy, so that the buffer is used.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(in, limit+1), i.buf)
	switch {
	case err != nil:
		return &problem{Invalid, malformed, "gzip: " + err.Error()}
	case n > limit:
		return &problem{Unverified, TooLarge, fmt.Sprintf("more than %d MB: read no further", limit>>20)}
	}
	return nil
}

// A source counts what is read, remembers what went wrong below gzip, and ends with its context.
type source struct {
	ctx context.Context
	r   io.Reader
	n   int64
	err error
}

func (s *source) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(b)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
