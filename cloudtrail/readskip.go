package cloudtrail

import (
	"errors"
	"fmt"
)

// value passes over the value that is next, of any length. It is false if there is none that
// ends: the text goes on at the next record.
func (d *walker) value() bool {
	start := d.offset()
	switch end := d.balance(0); end {
	case balanced:
		return true
	case ended:
		d.truncated(start)
	default:
		d.fail(FaultSyntax, errors.New("is not JSON"))
		d.resync(false)
	}
	return false
}

// drop passes over a value that is too long to be read.
func (d *walker) drop(element bool) bool {
	start := d.offset()
	switch end := d.balance(0); end {
	case balanced:
		return true
	case ended:
		d.truncated(start)
		return false
	default:
		d.fail(FaultSyntax, fmt.Errorf("is not JSON"))
		return d.resync(element)
	}
}

// recover goes on after a record that is not JSON: after its end, if its brackets and quotes
// say where that is, or at what looks like the next record.
func (d *walker) recover(element bool) bool {
	if element && d.balance(maxRecord) == balanced {
		if c, ok := d.w.space(); ok && (c == ',' || c == ']') {
			return true
		}
	}
	return d.resync(element)
}

type balanceEnd uint8

const (
	balanced   balanceEnd = iota // the position is after the value
	ended                        // the text ends before
	unbalanced                   // brackets do not match, or a string goes over the end of a line
)

// balance passes over a value by its brackets and quotes alone. If it is not balanced, the
// position is where that shows, or stays if within is positive: then no more than within
// bytes are looked at.
func (d *walker) balance(within int) balanceEnd {
	var open []byte
	text, escaped := false, false
	i := 0
	for {
		c, ok := d.w.peek(i)
		if !ok {
			if within == 0 {
				d.w.pos = d.w.end
			}
			return ended
		}
		if within > 0 && i > within {
			return unbalanced
		}
		if within == 0 && i >= chunk {
			d.w.pos, i = d.w.pos+i, 0
		}
		bad := false
		switch {
		case text && escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case text && c == '"':
			text = false
		case text:
			bad = c == '\n'
		case c == '"':
			text = true
		case c == '{' || c == '[':
			open = append(open, c+2) // the closing bracket
			bad = len(open) > 10000
		case c == '}' || c == ']' || c == ',' || c == ':':
			if len(open) == 0 {
				d.w.pos += i
				if i == 0 {
					return unbalanced
				}
				return balanced
			}
			if c == '}' || c == ']' {
				bad = open[len(open)-1] != c
				open = open[:len(open)-1]
			}
		case isSpace(c) && len(open) == 0:
			d.w.pos += i
			return balanced
		}
		if bad {
			if within == 0 {
				d.w.pos += i
			}
			return unbalanced
		}
		i++
		if !text && len(open) == 0 && (c == '"' || c == '}' || c == ']') {
			d.w.pos += i
			return balanced
		}
	}
}

// resync goes on at the next record: the next object that begins with eventVersion, as those
// of CloudTrail do, or outside of arrays the next line that begins like one.
func (d *walker) resync(element bool) bool {
	for {
		c, ok := d.w.peek(0)
		if !ok {
			return false
		}
		d.w.pos++
		switch {
		case c == '\n' && !element:
			if next, ok := d.w.peek(0); ok && (next == '{' || next >= '0' && next <= '9') {
				return true
			}
		case c == ',' || c == '[' || c == '}' || c == '\n':
			if next, ok := d.w.peek(0); ok && next == '{' && d.firstName() == "eventVersion" {
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
