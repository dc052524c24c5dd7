package policy

import (
	"fmt"
	"strings"
)

// CheckKind reports, as [ParseErrors], what AWS refuses when the document is attached as
// kind k, so that it could not be in force there: a Principal or NotPrincipal element in
// a policy that has none, NotPrincipal in an RCP, Resource or NotResource in a trust
// policy, and a resource with fewer than six ARN parts in a session policy. Everything
// that AWS stores and evaluates passes, however unwise.
func (d *Document) CheckKind(k Kind) error {
	var errs ParseErrors
	fail := func(i int, element, format string, args ...any) {
		path := fmt.Sprintf("/Statement/%d/%s", i, element)
		pos, _ := d.Position(path)
		errs = append(errs, &ParseError{File: d.file, Position: pos, Path: path, Err: fmt.Errorf(format, args...)})
	}
	for i, s := range d.statements {
		if !k.HasPrincipal() {
			if !s.Principal.IsZero() {
				fail(i, "Principal", "not allowed in a policy of kind %s: the principals are those that it is attached to; remove it", k)
			}
			if !s.NotPrincipal.IsZero() {
				fail(i, "NotPrincipal", "not allowed in a policy of kind %s: the principals are those that it is attached to; use a condition on aws:PrincipalArn", k)
			}
		}
		switch k {
		case ResourceControl:
			if !s.NotPrincipal.IsZero() {
				fail(i, "NotPrincipal", `not allowed in an RCP; want "Principal": "*" and a condition on aws:PrincipalArn`)
			}
		case RoleTrust:
			if !s.Resource.IsZero() {
				fail(i, "Resource", "not allowed in a trust policy: the resource is the role; remove it")
			}
			if !s.NotResource.IsZero() {
				fail(i, "NotResource", "not allowed in a trust policy: the resource is the role; remove it")
			}
		case SessionPolicy:
			for _, e := range []struct {
				name string
				list Patterns
			}{{"Resource", s.Resource}, {"NotResource", s.NotResource}} {
				for v := range e.list.All() {
					if strings.Trim(v, "*") != "" && arnParts(v) < 6 {
						fail(i, e.name, "%q has fewer than six ARN parts; STS refuses such a session policy, want arn:partition:service:region:account:resource", clip(v))
					}
				}
			}
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// arnParts counts the colon-separated parts, at most 6; colons inside ${…} do not separate.
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
