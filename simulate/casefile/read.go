package casefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// MaxLine is the longest line that is read, in bytes. A longer one is refused.
const MaxLine = 4 << 20

// Read yields a case for each line of a case file that is not blank, in order. The file's
// name is for error messages. One line is held in memory at a time.
//
// A line that is refused yields a Case and an error: [policy.ParseErrors] with everything
// that is wrong with the line, each with file, line and column. The Case's
// [Case.Eval] gives that error as a Result, which is a pass if the line expects "error".
// Reading goes on behind such a line. Only when r fails is the Case nil, and the iteration
// ends.
func Read(r io.Reader, name string) iter.Seq2[*Case, error] {
	return func(yield func(*Case, error) bool) {
		lines := lineReader{r: bufio.NewReaderSize(r, 64<<10)}
		for {
			src, whole, err := lines.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(nil, fmt.Errorf("%s:%d: %w", name, lines.at.Line, err))
				}
				return
			}
			if len(bytes.Trim(src, " \t\r\n")) == 0 && whole {
				continue
			}
			c := read(name, lines.at, src, whole)
			if !yield(c, c.err) {
				return
			}
		}
	}
}

func read(name string, at policy.Position, src []byte, whole bool) *Case {
	c := &Case{line: at.Line, id: strconv.Itoa(at.Line), strict: true}
	d := decoder{file: name, start: at, src: src, c: c}
	if !whole {
		d.fail(len(src), "", "the line is longer than %d bytes; split the file into one case per line", MaxLine)
	} else if root, err := jsontree.Parse(src); err != nil {
		se, ok := errors.AsType[*jsontree.SyntaxError](err)
		if !ok {
			se = &jsontree.SyntaxError{Reason: err.Error()}
		}
		d.fail(se.Offset, se.Pointer, "%s", se.Reason)
	} else {
		d.root(root)
	}
	if len(d.errs) > 0 {
		c.err = d.problems()
	}
	return c
}

// A lineReader reads lines into one buffer.
type lineReader struct {
	r   *bufio.Reader
	buf []byte
	at  policy.Position // of the line that next returned
	end int             // offset of the line behind it
}

// next returns the next line, good until the next call. Of a line that is too long it
// returns the beginning, and whole is false. The error is that of the reader, and io.EOF
// behind the last line.
func (l *lineReader) next() (line []byte, whole bool, err error) {
	l.at = policy.Position{Offset: l.end, Line: l.at.Line + 1, Column: 1}
	l.buf, whole = l.buf[:0], true
	for {
		part, err := l.r.ReadSlice('\n')
		l.end += len(part)
		if room := MaxLine - len(l.buf); len(bytes.TrimSuffix(part, []byte("\n"))) > room {
			part, whole = part[:room], false
		}
		if whole || len(l.buf) < MaxLine {
			l.buf = append(l.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && l.end > l.at.Offset:
			return l.buf, whole, nil // the last line has no line break
		case err != nil:
			return nil, false, err
		}
		return bytes.TrimSuffix(l.buf, []byte("\n")), whole, nil
	}
}
