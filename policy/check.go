package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// CheckKind reports, as [ParseErrors], what AWS refuses when the document is attached as
// kind k, so that it could not be in force there: a Principal or NotPrincipal element in
// a policy that has none, neither of them in one that must have it, NotPrincipal in an RCP, Resource or NotResource in a trust
// policy, and a resource with fewer than six ARN parts in a session policy. Everything
// that AWS stores and evaluates passes, however unwise.
func (d *Document) CheckKind(k Kind) error {
	c := kindCheck{doc: d}
	for i, s := range d.statements {
		c.path = fmt.Sprintf("/Statement/%d/", i)
		if !k.HasPrincipal() {
			c.refuse("Principal", !s.Principal.IsZero(), "not allowed in a policy of kind %s: the principals are those that it is attached to; remove it", k)
			c.refuse("NotPrincipal", !s.NotPrincipal.IsZero(), "not allowed in a policy of kind %s: the principals are those that it is attached to; use a condition on aws:PrincipalArn", k)
		}
		c.refuse("", k.HasPrincipal() && s.Principal.IsZero() && s.NotPrincipal.IsZero(),
			`Principal is missing, which a policy of kind %s must have; want "Principal": "*" or an object such as {"AWS": "111122223333"}`, k)
		// R-DOC-12: SCPs have the whole language, and an RCP that AWS would not store changes
		// no result (Organizations User Guide, “SCP syntax”, “RCP syntax”).
		switch k {
		case ResourceControl:
			c.refuse("NotPrincipal", !s.NotPrincipal.IsZero(), `not allowed in an RCP; want "Principal": "*" and a condition on aws:PrincipalArn`)
		case RoleTrust:
			c.refuse("Resource", !s.Resource.IsZero(), "not allowed in a trust policy: the resource is the role; remove it")
			c.refuse("NotResource", !s.NotResource.IsZero(), "not allowed in a trust policy: the resource is the role; remove it")
		case SessionPolicy:
			c.fullARNs("Resource", s.Resource)
			c.fullARNs("NotResource", s.NotResource)
		}
	}
	if len(c.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(c.errs, func(a, b *ParseError) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	c.errs.locate([]byte(d.src), d.start)
	return c.errs
}

type kindCheck struct {
	doc  *Document
	root *jsontree.Node // parsed at the first problem
	path string         // of the statement, with a slash at the end
	errs ParseErrors
}

func (c *kindCheck) refuse(element string, stands bool, format string, args ...any) {
	if !stands {
		return
	}
	e := &ParseError{File: c.doc.file, Path: strings.TrimSuffix(c.path+element, "/"), Err: fmt.Errorf(format, args...)}
	if c.root == nil {
		root, err := jsontree.Parse([]byte(c.doc.src))
		if err != nil {
			panic("policy: a document does not parse again: " + err.Error())
		}
		c.root = root
	}
	if n, ok := c.doc.lookup(c.root, e.Path); ok {
		e.Position.Offset = n.Start
	}
	c.errs = append(c.errs, e)
}

// fullARNs refuses what STS answers with MalformedPolicyDocument (R-RSC-7).
func (c *kindCheck) fullARNs(element string, list Patterns) {
	for i, v := range list.values {
		at := element
		if !list.scalar {
			at = fmt.Sprintf("%s/%d", element, i)
		}
		short := strings.Trim(v, "*") != "" && arnParts(v) < 6
		c.refuse(at, short, "%q has fewer than six ARN parts; STS refuses such a session policy, want arn:partition:service:region:account:resource", clip(v))
	}
}

// arnParts counts the colon-separated parts, at most 6; colons inside ${…} do not separate
// (R-VAR-8).
func arnParts(s string) int {
	n := 1
	for i := 0; i < len(s) && n < 6; i++ {
		switch s[i] {
		case ':':
			n++
		case '$':
			if strings.HasPrefix(s[i:], "${") {
				if end := strings.IndexByte(s[i:], '}'); end > 0 {
					i += end
				}
			}
		}
	}
	return n
}
