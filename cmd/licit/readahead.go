package main

import (
	"bufio"
	"io"

	"github.com/licit-dev/licit/simulate/casefile"
)

// A caseReader reads cases while others are decided, in order. It never holds more than
// a few batches.
type caseReader struct {
	batches chan []*casefile.Case
	done    chan struct{}
	err     error // why reading ended, once batches is closed
}

// batchSize is how many cases are handed over at once.
const batchSize = 64

func readAhead(r io.Reader, name string) *caseReader {
	c := &caseReader{batches: make(chan []*casefile.Case, 4), done: make(chan struct{})}
	go c.read(r, name)
	return c
}

func (c *caseReader) read(r io.Reader, name string) {
	defer close(c.batches)
	var batch []*casefile.Case
	send := func() bool {
		if len(batch) == 0 {
			return true
		}
		select {
		case c.batches <- batch:
			batch = nil
			return true
		case <-c.done:
			return false
		}
	}
	// What has been read is handed over before more is waited for, so that a program at
	// both ends gets its answers.
	for one, err := range casefile.Read(readerFunc(func(b []byte) (int, error) {
		if !send() {
			return 0, io.EOF
		}
		return r.Read(b)
	}), name) {
		if one == nil {
			c.err = err
			break
		}
		if batch = append(batch, one); len(batch) == batchSize && !send() {
			return
		}
	}
	send()
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// next waits for more cases; before it does, it flushes the results of those before.
func (c *caseReader) next(out *bufio.Writer) (batch []*casefile.Case, more bool) {
	select {
	case batch, more = <-c.batches:
	default:
		_ = out.Flush() // the error comes again with the next write
		batch, more = <-c.batches
	}
	return batch, more
}

// stop ends reading when nobody wants more.
func (c *caseReader) stop() { close(c.done) }
