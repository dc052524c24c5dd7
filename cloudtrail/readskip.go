package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
)

// value passes over the value that is next, of any length. It is false if there is none that
// ends: the text goes on at the next record.
func (d *walker) value(element bool) bool {
	start := d.offset()
	switch _, end := d.balance(0, false); end {
	case balanced:
		return true
	case ended:
		d.truncated(start)
		return false
	}
	d.fail(FaultSyntax, errors.New("is not JSON"))
	return d.resync(element) && element
}

// recover goes on after a record that is not JSON: after its end, if its brackets and quotes
// say where that is, or at what looks like the next record. Of it, so many bytes are good. It is
// false at the end.
func (d *walker) recover(element bool, good int) bool {
	n, end := 0, unbalanced
	if d.spent <= 4*maxRecord+16*d.w.offset() { // so that the time is bounded if all is damaged
		n, end = d.balance(maxRecord, !element)
		d.spent += int64(n)
	}
	if end == balanced {
		c, ok := d.w.peek(n)
		for ; ok && isSpace(c); c, ok = d.w.peek(n) {
			n++
		}
		if !element && (!ok || c == '{' || isDigit(c)) || element && (c == ']' || c == ',' && d.alike(n+1)) {
			d.w.pos += n
			return true
		}
	}
	// The next record may begin before the damage shows: a string that was cut off goes on to
	// its first quote.
	d.w.pos += max(0, good-1024)
	return d.resync(element)
}

// alike is whether what is so far from the position begins as what is at the position does.
func (d *walker) alike(n int) bool {
	c, ok := d.w.peek(n)
	for ; ok && isSpace(c); c, ok = d.w.peek(n) {
		n++
	}
	return ok && c == d.w.buf[d.w.pos]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

type balanceEnd uint8

const (
	balanced   balanceEnd = iota // the position is after the value
	ended                        // the text ends before
	unbalanced                   // brackets do not match, or a string goes over the end of a line
)

// balance passes over a value by its brackets and quotes alone. With lines, it also ends before
// a line that begins as a record does.
//
// With within, no more bytes than that are looked at, the position stays, and n is the length of
// the value. If within is 0, no more than a chunk of the value is in memory, and the position
// goes after it, or to where the text ends or it shows that it is not balanced.
func (d *walker) balance(within int, lines bool) (n int, end balanceEnd) {
	var open []byte // the closing brackets
	text := false
	i := 0
	stop := func(end balanceEnd) (int, balanceEnd) {
		if within == 0 {
			d.w.pos += i
		}
		return i, end
	}
	for {
		if within == 0 && i >= chunk {
			d.w.pos, i = min(d.w.pos+i, d.w.end), 0
		}
		c, ok := d.w.peek(i)
		if !ok {
			i = d.w.end - d.w.pos
			return stop(ended)
		}
		if within > 0 && i > within {
			return stop(unbalanced)
		}
		if c == '\n' && lines && i > 0 {
			if next, ok := d.w.peek(i + 1); ok && (next == '{' || isDigit(next)) {
				return stop(balanced)
			}
		}
		switch {
		case text && c == '\\':
			d.w.peek(i + 1)
			i++
		case text && c == '"':
			text = false
		case text && c == '\n':
			return stop(unbalanced)
		case text:
			i += plainLength(d.w.buf[d.w.pos+i:d.w.end]) - 1
		case c == '"':
			text = true
		case c == '{' || c == '[':
			open = append(open, c+2)
			if len(open) > 10000 {
				return stop(unbalanced)
			}
		case len(open) == 0 && (c == '}' || c == ']' || c == ',' || c == ':' || isSpace(c)):
			if i == 0 {
				return stop(unbalanced)
			}
			return stop(balanced)
		case c == '}' || c == ']':
			if open[len(open)-1] != c {
				return stop(unbalanced)
			}
			open = open[:len(open)-1]
		}
		i++
		if !text && len(open) == 0 && (c == '"' || c == '}' || c == ']') {
			return stop(balanced)
		}
	}
}

// plainLength is how many bytes of a string go on before its end, an escape or the end of the
// line; the first one does.
func plainLength(text []byte) int {
	for _, c := range []byte("\"\\\n") {
		if at := bytes.IndexByte(text[1:], c); at >= 0 {
			text = text[:at+1]
		}
	}
	return len(text)
}

// resync goes on at the next record: the next object that begins with eventVersion, as those
// of CloudTrail do, or outside of arrays the next object after another, or line that begins
// like one. It is false if there is none.
func (d *walker) resync(element bool) bool {
	for {
		c, ok := d.w.peek(0)
		if !ok {
			d.cut = true // nothing that is left to report
			return false
		}
		d.w.pos++
		switch c {
		case ',', '[', '}', '\n', ' ', '\t', '\r':
			next, ok := d.w.peek(0)
			if !element && ok && (c == '\n' && (next == '{' || isDigit(next)) || c == '}' && next == '{') {
				return true
			}
			if ok && next == '{' && string(d.firstName()) == "eventVersion" {
				d.synced = true
				return true
			}
		}
	}
}

func (d *walker) nextLine() {
	for c, ok := d.w.peek(0); ok && c != '\n'; c, ok = d.w.peek(0) {
		d.w.pos++
	}
}

// tooLong passes over a record that is not read.
func (d *walker) tooLong(element bool) bool {
	d.fail(FaultLarge, fmt.Errorf("a record is longer than %d bytes", maxRecord))
	return d.value(element)
}
