package awscollect

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/internal/collect"
)

// How far a list is read. AWS returns empty pages with a token now and then, and no list
// has so many pages.
const (
	maxPages = 50_000
	maxEmpty = 1_000
)

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
	var token *string
	empty := 0
	for pages := 1; ; pages++ {
		n, next, err := page(token)
		switch empty++; {
		case err != nil:
			return err
		case next == nil || *next == "":
			return nil
		case n > 0:
			empty = 0
		}
		switch {
		case token != nil && *token == *next:
			return &collect.Failure{Code: collect.CodeEndlessPages, Message: "a page leads to itself"}
		case empty >= maxEmpty:
			return &collect.Failure{Code: collect.CodeEndlessPages, Message: fmt.Sprintf("%d empty pages one after the other", empty)}
		case pages >= maxPages:
			return &collect.Failure{Code: collect.CodeEndlessPages, Message: fmt.Sprintf("more than %d pages", maxPages)}
		}
		token = next
	}
}

// each reads n things, some at a time, and records them in their order.
func (r *reader) each(ctx context.Context, n int, read func(ctx context.Context, i int) error) error {
	return recordingOf(ctx).to.Each(ctx, n, r.section.width, func(ctx context.Context, i int, part *collect.Recorder) error {
		return read(record(ctx, part), i)
	})
}
