package serviceref

import (
	"slices"
	"strings"
)

// A format is an ARN format, taken apart: plain text, and variables.
type format struct {
	text    string // variables as one byte each, see below
	early   int    // bytes of text up to the fifth colon, that included
	service string // "" if it is a variable
}

// Bytes of a format's text that stand for a variable. They are no UTF-8.
const (
	part   = 0xF8 // stops at : and /
	toPath = 0xF9 // stops at :
	toList = 0xFA // stops at /
	open   = 0xFB // goes on to the end
)

// readFormats takes the formats of all types apart, by their place in ARNs.
func (b *body) readFormats() []format {
	out := make([]format, len(b.ARNs))
	for si := range b.Services {
		b.Load(si)
		s := &b.Services[si]
		if s.Types == s.TypesAfter {
			continue
		}
		first, after := b.Types[s.Types].ARNs, b.Types[s.TypesAfter-1].ARNsAfter
		var all []string
		for i := first; i < after; i++ {
			out[i] = newFormat(b.ARNs[i])
			all = append(all, out[i].text)
		}
		slices.Sort(all)
		for i := first; i < after; i++ {
			out[i].closeEnd(all)
		}
	}
	return out
}

func newFormat(arn string) format {
	var text []byte
	early, colons := 0, 0
	for i := 0; i < len(arn); i++ {
		if strings.HasPrefix(arn[i:], "${") {
			if end := strings.IndexByte(arn[i:], '}'); end > 0 {
				i += end
				text = append(text, open)
				continue
			}
		}
		text = append(text, arn[i])
		if arn[i] == ':' {
			if colons++; colons == 5 {
				early = len(text)
			}
		}
	}
	for i := range text {
		switch {
		case text[i] != open || i+1 == len(text):
		case text[i+1] == ':', i < early:
			text[i] = toPath
		case text[i+1] == '/':
			text[i] = toList
		}
	}
	f := format{text: string(text), early: early}
	if s := servicePart(f.text); strings.IndexByte(s, toPath) < 0 {
		f.service = s
	}
	return f
}

// closeEnd lets a variable at the end stop where another format of the service goes on.
func (f *format) closeEnd(all []string) {
	n := len(f.text)
	if n == 0 || f.text[n-1] != open {
		return
	}
	head := f.text[:n-1]
	goesOn := func(variable, sep byte) bool {
		next := head + string([]byte{variable, sep})
		i, _ := slices.BinarySearch(all, next)
		return i < len(all) && strings.HasPrefix(all[i], next)
	}
	colon, slash := goesOn(toPath, ':'), goesOn(toList, '/')
	last := byte(open)
	switch {
	case colon && slash:
		last = part
	case colon:
		last = toPath
	case slash:
		last = toList
	}
	f.text = head + string([]byte{last})
}

// takes reports whether byte c may stand in the variable.
func takes(variable, c byte) bool {
	switch variable {
	case part:
		return c != ':' && c != '/'
	case toPath:
		return c != ':'
	case toList:
		return c != '/'
	}
	return true
}

// intersects reports whether some ARN of the format matches the pattern. Variables stand
// for any text, and for at least one byte after the fifth colon. The state is the set of
// places in the format that the pattern read so far can have reached.
func (f *format) intersects(pattern string) bool {
	if pattern == "" {
		return false
	}
	for colons := strings.Count(pattern, ":"); colons < 5; colons++ {
		pattern += ":*" // a short ARN (IAM User Guide, “IAM JSON policy elements: Resource”)
	}
	n := len(f.text)
	colons := 0
	var buf [2]places
	if 2*n+2 > len(buf[0].set) {
		return false
	}
	now, next := &buf[0], &buf[1]
	now.add(0)
	f.skip(now)
	for i := range len(pattern) {
		c := pattern[i]
		next.clear()
		for at := now.from; at < now.to; at++ {
			switch {
			case !now.set[at]:
			case c == '*':
				next.add(at)
			case at/2 < n:
				f.step(next, at, c)
			}
		}
		switch c {
		case '*':
			f.flood(next, colons < 5)
		case ':':
			colons++
		}
		f.skip(next)
		if next.from >= next.to {
			return false
		}
		now, next = next, now
	}
	return now.set[2*n]
}

// places are places in a format. Bit 2i: before element i; bit 2i+1: inside variable i, after
// a byte of it. Those that are set are from one on and before another: a pattern without
// wildcards has reached few.
type places struct {
	set      [512]bool
	from, to int
}

func (p *places) clear() {
	clear(p.set[p.from:p.to])
	p.from, p.to = 0, 0
}

func (p *places) add(at int) {
	if p.set[at] = true; p.to == 0 {
		p.from = at
	}
	p.from, p.to = min(p.from, at), max(p.to, at+1)
}

// step is one byte of the pattern, or ? for any.
func (f *format) step(next *places, at int, c byte) {
	e := f.text[at/2]
	switch {
	case e >= part:
		if c == '?' || takes(e, c) {
			next.add(at | 1)
		}
	case c == '?' || c == e:
		next.add(at + 2)
	}
}

// flood lets a star read any part of the format; before the fifth colon it stays between
// two colons.
func (f *format) flood(p *places, early bool) {
	for at := p.from / 2 * 2; at < p.to && at < 2*len(f.text); at += 2 {
		e := f.text[at/2]
		if !p.set[at] && !p.set[at+1] || early && e == ':' {
			continue
		}
		if e >= part {
			p.add(at + 1)
		}
		p.add(at + 2)
	}
}

// skip leaves variables: after a byte of them, or without any before the fifth colon.
func (f *format) skip(p *places) {
	for at := p.from; at < p.to; at++ {
		if i := at / 2; p.set[at] && i < len(f.text) && f.text[i] >= part && (at%2 == 1 || i < f.early) {
			p.add(2 * (i + 1))
		}
	}
}

// serviceOf is the service of a pattern; "" if wildcards may stand for it.
func serviceOf(pattern string) string {
	if head := strings.IndexAny(pattern, "*?"); head >= 0 && strings.Count(pattern[:head], ":") < 3 {
		return ""
	}
	return servicePart(pattern)
}

// servicePart is the third part of an ARN.
func servicePart(s string) string {
	for range 2 {
		_, rest, ok := strings.Cut(s, ":")
		if !ok {
			return "*"
		}
		s = rest
	}
	s, _, _ = strings.Cut(s, ":")
	return s
}
