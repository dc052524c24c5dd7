package cloudtrail

import "io"

const (
	firstChunk = 64 << 10  // bytes read at first, which is all of most log files
	chunk      = 128 << 10 // bytes read at once later; more do not stay in the processor's cache
)

// A window is the part of a text that is in memory: buf[pos:end] is not consumed yet.
type window struct {
	src    io.Reader
	buf    []byte
	pos    int
	end    int
	base   int64 // offset of buf[0] in the text
	shared bool  // events alias buf, whose bytes must stay
	err    error // what src said after buf[:end]; io.EOF at its end
	step   int   // bytes read at once; 0: firstChunk, then chunk
}

func (w *window) offset() int64 { return w.base + int64(w.pos) }

// fill reads more, and keeps what is not consumed. It is false at the end.
func (w *window) fill() bool {
	if w.err != nil {
		return false
	}
	if w.end == len(w.buf) {
		w.room()
	}
	start := w.end
	for idle := 0; w.err == nil && w.end < len(w.buf); {
		n, err := w.src.Read(w.buf[w.end:])
		w.end, w.err = w.end+n, err
		if idle++; n > 0 {
			idle = 0
		}
		if idle == 100 {
			w.err = io.ErrNoProgress
		}
	}
	return w.end > start
}

// room makes room after what is not consumed.
func (w *window) room() {
	left := w.buf[w.pos:w.end]
	to := w.buf
	if w.shared || len(left) >= len(w.buf)/2 {
		size := max(w.step, 2*len(left))
		switch {
		case w.step > 0:
		case len(w.buf) == 0:
			size = firstChunk
		default:
			size = max(size, chunk)
		}
		to, w.shared = make([]byte, size), false
	}
	copy(to, left)
	w.base += int64(w.pos)
	w.buf, w.pos, w.end = to, 0, len(left)
}

// peek returns the byte at i after the position.
func (w *window) peek(i int) (byte, bool) {
	for w.pos+i >= w.end {
		if !w.fill() {
			return 0, false
		}
	}
	return w.buf[w.pos+i], true
}

// space skips white space, and returns the byte that follows without consuming it.
func (w *window) space() (byte, bool) {
	for {
		for w.pos < w.end {
			if c := w.buf[w.pos]; !isSpace(c) {
				return c, true
			}
			w.pos++
		}
		if !w.fill() {
			return 0, false
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// Read reads on where the position is.
func (w *window) Read(to []byte) (int, error) {
	if w.pos == w.end && !w.fill() {
		return 0, w.err
	}
	n := copy(to, w.buf[w.pos:w.end])
	w.pos += n
	return n, nil
}
