package collect

import "fmt"

// Pages go through a list of any number of pages, and never in a circle. The zero Pages are
// before the first.
type Pages struct {
	Token *string // of the page to ask for; nil: the first
	Done  bool    // there is none

	empty         int
	mark          string // a token of an earlier page
	since, atMost int    // pages since the mark, and before there is another
}

// mostEmpty is how many pages one after the other may be empty. AWS returns empty pages with
// a token now and then.
const mostEmpty = 1000

// Next takes down how many things were on a page, and how the list goes on. The error is a
// [Failure] if it does not: what it was to tell would be missing.
func (p *Pages) Next(n int, token *string, more bool) error {
	if !more {
		p.Done = true
		return nil
	}
	if p.empty++; n > 0 {
		p.empty = 0
	}
	switch {
	case token == nil || *token == "":
		return &Failure{CodeUnexpected, "a page has no token of the next one"}
	case p.mark == *token || p.Token != nil && *p.Token == *token:
		return &Failure{CodeEndlessPages, "a page leads back to an earlier one"}
	case p.empty > mostEmpty:
		return &Failure{CodeEndlessPages, fmt.Sprintf("%d empty pages one after the other", mostEmpty)}
	}
	if p.since++; p.since > p.atMost { // a circle of any length comes upon a mark in it
		p.mark, p.since, p.atMost = *token, 0, max(1, 2*p.atMost)
	}
	p.Token = token
	return nil
}
