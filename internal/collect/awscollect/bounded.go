package awscollect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxAnswer is how many bytes one answer may have, uncompressed. AWS's own largest pages
// have a few.
const maxAnswer = 64 << 20

var errTooLarge = fmt.Errorf("the answer has more than %d bytes", maxAnswer)

// bounded is a client that reads no endless answers, and loses none.
type bounded struct {
	aws.HTTPClient
	patience time.Duration // with one answer, its body included
}

// Do sends the request. The SDK closes its body as soon as there is an answer, when net/http
// may not have seen the body's end yet: its WriteTo then returns io.EOF, which is no end to
// io.Copy but an error that breaks the connection, and with it the rest of the answer.
func (b bounded) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), b.patience)
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body} // without WriteTo
	}
	out, err := b.HTTPClient.Do(r)
	if err != nil {
		cancel()
		return out, err
	}
	if out.Body == nil {
		out.Body = http.NoBody
	}
	out.Body = &boundedBody{out.Body, maxAnswer, cancel}
	return out, nil
}

type boundedBody struct {
	io.ReadCloser
	left   int64
	cancel func()
}

// Close ends the time for the answer, too.
func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	if err != nil && err != io.EOF {
		err = &lostAnswer{err}
	}
	return n, err
}

// A lostAnswer is an answer that broke off. A load only reads, so that it may ask again.
type lostAnswer struct{ err error }

func (l *lostAnswer) Error() string { return l.err.Error() }

func (l *lostAnswer) Unwrap() error { return l.err }

// IsLost reports whether an answer broke off, so that it is worth asking again.
func IsLost(err error) bool {
	_, lost := errors.AsType[*lostAnswer](err)
	return (lost || errors.Is(err, io.ErrUnexpectedEOF)) && !isTooLarge(err)
}

// isTooLarge reports whether an answer was given up.
func isTooLarge(err error) bool { return errors.Is(err, errTooLarge) }
