package awscollect

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/internal/collect"
)

// maxPages is how far a list is read: none has so many.
const maxPages = 50_000

// list reads the pages of a list one after the other. page asks for the page with the
// token, nil for the first one, and returns how much is on it and the next one's token. A
// list that is not read to its end leaves an error in the records and nothing else.
func (r *reader) list(ctx context.Context, page func(token *string) (n int, next *string, err error)) error {
	to := recordingOf(ctx)
	mark := to.to.Mark()
	err := follow(page)
	if f, ok := err.(*collect.Failure); ok { // not of a call
		if op, ok := r.section.operation(to.last.Service, to.last.Operation); ok {
			err = to.fail(op, f, "")
		}
	}
	if err != nil {
		to.to.Discard(mark)
	}
	return err
}

func follow(page func(token *string) (int, *string, error)) error {
	n := 0
	for p := (collect.Pages{}); !p.Done; n++ {
		if n == maxPages {
			return &collect.Failure{Code: collect.CodeEndlessPages, Message: fmt.Sprintf("more than %d pages", maxPages)}
		}
		things, next, err := page(p.Token)
		if err == nil {
			err = p.Next(things, next, next != nil && *next != "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// marked is a page of a list that says whether it is cut, and with which token it goes on
// then.
func marked(n int, truncated bool, token *string) (int, *string, error) {
	switch {
	case !truncated:
		return n, nil, nil
	case aws.ToString(token) == "":
		return 0, nil, &collect.Failure{Code: collect.CodeUnexpected, Message: "a page has no token of the next one"}
	}
	return n, token, nil
}

// each reads n things, some at a time, and records them in their order.
func (r *reader) each(ctx context.Context, n int, read func(ctx context.Context, i int) error) error {
	return recordingOf(ctx).to.Each(ctx, n, r.section.width, func(ctx context.Context, i int, part *collect.Recorder) error {
		return read(record(ctx, part), i)
	})
}
