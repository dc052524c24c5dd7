package awsexport

import (
	"fmt"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
)

// A callKey names a call: what was asked of whom, whatever page it is.
type callKey struct {
	op, account, region, subject string
}

func (s *state) keyOf(r *record) callKey {
	k := callKey{op: r.op.key(), account: r.account}
	if r.op.global {
		k.account = ""
	}
	if r.op.regional {
		k.region = r.region
	}
	k.subject = r.op.subjectOf(r)
	return k
}

// A call is what is known of the answer to one call.
type call struct {
	last   bool              // there is a page behind which there is nothing
	first  bool              // there is a page that continues no other
	chain  bool              // pages say which they continue
	tokens map[string]bool   // of pages that continue; true: the next page is there
	open   map[string]string // files of the AWS CLI whose last page continues, and the place of its token
	more   string            // the place of a token that is left over
	failed string
	absent bool
}

func (s *state) call(k callKey) *call {
	c := s.calls[k]
	if c == nil {
		c = &call{tokens: make(map[string]bool), open: make(map[string]string)}
		s.calls[k] = c
	}
	return c
}

func (c *call) fail(reason string) {
	if c.failed == "" {
		c.failed = reason
	}
}

// page takes down whether the answer goes on.
func (c *call) page(r *record) {
	token := ""
	for _, name := range tokenMembers {
		t := r.output.get(name)
		if t.is() && t.kind() != jsontree.String {
			c.fail(fmt.Sprintf("%s: %s is %s; want a string", t.place(), name, t.kind()))
		} else if t.is() && t.n.Text != "" {
			token = t.n.Text
			break
		}
	}
	if truncated, ok := firstOf(r.output.get("IsTruncated"), r.output.get("Truncated")).flag(); ok && !truncated && !r.output.get("NextToken").is() { // which the AWS CLI adds for --max-items
		token = ""
	} else if truncated && token == "" {
		token = "IsTruncated"
	}
	from := ""
	for _, name := range tokenInputs {
		if t := r.input.get(name); t.kind() == jsontree.String && t.n.Text != "" {
			from = t.n.Text
			break
		}
	}
	c.chain = c.chain || !r.plain
	if from == "" {
		c.first = true
	} else {
		c.tokens[from] = true
	}
	if token == "" {
		c.last = true
		delete(c.open, r.at.s.File)
		return
	}
	if !c.tokens[token] {
		c.tokens[token] = false // wanted
	}
	c.more = r.at.place() + ": there is more, which is not in the export: a token of the next page is left over"
	if r.plain { // which file goes on where it stops, files don't say
		c.open[r.at.s.File] = c.more
	}
}

// state is how well the answer is known, and why not better.
func (c *call) state() (org.State, string) {
	switch {
	case c == nil:
		return org.Unknown, "not in the export"
	case c.failed != "":
		return org.Partial, c.failed
	case c.absent:
		return org.Absent, ""
	case !c.last:
		return org.Partial, c.more
	case len(c.open) > 0:
		return org.Partial, c.open[sorted(c.open)[0]]
	case c.chain && !c.first:
		return org.Partial, "the first page is not in the export"
	case c.chain:
		for _, continued := range c.tokens {
			if !continued {
				return org.Partial, c.more
			}
		}
	}
	return org.Complete, ""
}

// known is the answer to the question whether a call has been answered completely; if not,
// the reason says why.
func (s *state) known(k callKey) (reason string, ok bool) {
	st, reason := s.calls[k].state()
	switch st {
	case org.Unknown:
		reason = firstText(s.skipped(k), reason)
	case org.Complete:
		reason = s.lostPage(k, s.calls[k])
	}
	return reason, (st == org.Complete || st == org.Absent) && reason == ""
}

// skipped is why a call was left out on purpose, "" if it was not.
func (s *state) skipped(k callKey) string {
	op := operations[k.op]
	account := k.account
	if op.global {
		account = ""
	}
	for _, u := range s.unitsOf(account, op.section) {
		if u.State == org.Skipped && (k.region == "" || u.Region == "" || u.Region == k.region) {
			return u.Reason
		}
	}
	return ""
}
