package awscollect

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxAnswer is how many bytes one answer may have, uncompressed. AWS's own largest pages
// have a few.
const maxAnswer = 64 << 20

var errTooLarge = fmt.Errorf("the answer has more than %d bytes", maxAnswer)

// bounded is a client that reads no endless answers.
type bounded struct{ aws.HTTPClient }

// Do sends the request.
func (b bounded) Do(r *http.Request) (*http.Response, error) {
	out, err := b.HTTPClient.Do(r)
	if err == nil && out.Body != nil {
		out.Body = &boundedBody{out.Body, maxAnswer}
	}
	return out, err
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// isTooLarge reports whether an answer was given up.
func isTooLarge(err error) bool { return errors.Is(err, errTooLarge) }
