package casefile

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// The bounds of what is worth reading; no case that a person or a generator means comes
// near.
const (
	maxProblems = 100
	maxKeys     = 1000
)

// A decoder turns the syntax tree of one line into its Case.
type decoder struct {
	file    string
	start   policy.Position // of the line
	src     []byte
	c       *Case
	errs    policy.ParseErrors
	session simulate.SessionSpec
	hasSpec bool // the session says something
}

// at is the place in the file of an offset in the line, which has no line breaks.
func (d *decoder) at(offset int) policy.Position {
	return policy.Position{Offset: d.start.Offset + offset, Line: d.start.Line, Column: d.start.Column + offset}
}

func (d *decoder) fail(offset int, path, format string, args ...any) {
	d.add(&policy.ParseError{File: d.file, Position: d.at(offset), Path: path, Err: fmt.Errorf(format, args...)})
}

func (d *decoder) add(e *policy.ParseError) {
	switch n := len(d.errs); {
	case n < maxProblems:
		d.errs = append(d.errs, e)
	case n == maxProblems:
		last := policy.Position{Offset: math.MaxInt, Line: d.start.Line, Column: d.start.Column}
		d.errs = append(d.errs, &policy.ParseError{File: d.file, Position: last, Err: fmt.Errorf("more than %d problems; the others are not listed", maxProblems)})
	}
}

// documentErrors adds what is wrong with the document at path.
func (d *decoder) documentErrors(path string, err error) {
	list, ok := errors.AsType[policy.ParseErrors](err)
	if !ok {
		d.fail(0, path, "%s", err)
		return
	}
	for _, e := range list {
		e.Path = path + e.Path
		d.add(e)
	}
}

func (d *decoder) problems() error {
	slices.SortStableFunc(d.errs, func(a, b *policy.ParseError) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	return d.errs
}

var (
	caseMembers = []string{"id", "request", "identityPolicies", "boundary", "sessionPolicies", "scps", "rcps",
		"resourcePolicy", "endpointPolicies", "managementAccount", "s3", "expect", "strict"}
	requestMembers = []string{"principal", "action", "resource", "resourceAccount", "context", "multivalued",
		"roleArn", "issuingUser", "principalId", "objectOwner", "wildcardOnly"}
	s3Members       = []string{"blockPublicAccess", "bucketABAC"}
	endpointMembers = []string{"kind", "policy"}
)

func (d *decoder) root(n *jsontree.Node) {
	c := d.c
	d.known(n) // a line that is refused keeps what it says of itself
	if !d.object(n, "", "a case, an object with a request", caseMembers, d.caseMember) {
		return
	}
	if _, ok := n.Member("request"); !ok {
		d.fail(n.Start, "/request", `missing; want an object with principal and action`)
	}
	c.layers.GivenKeysOnly = true
	d.behind(n)
	if d.hasSpec || c.request.Principal.Kind() == policy.FederatedUser {
		s, err := simulate.NewSession(d.session)
		if err != nil {
			d.documentErrors("/sessionPolicies", err)
		}
		c.request.Session = s
	}
}

// behind refuses a role or issuing user that cannot be the one behind the session.
func (d *decoder) behind(n *jsontree.Node) {
	p, path := d.c.request.Principal, ""
	switch role := policy.PrincipalFromARN(d.session.Role); {
	case p.Kind() == policy.RoleSession && role.IsValid():
		if role.AccountID() == p.AccountID() && role.Name() == p.Name() && role.ARN().Partition() == p.ARN().Partition() {
			return
		}
		path = "/request/roleArn"
	case p.Kind() == policy.FederatedUser && d.session.IssuingUser.IsValid() && d.session.IssuingUser.AccountID() != p.AccountID():
		path = "/request/issuingUser"
	default:
		return
	}
	if v, ok := n.Lookup(path); ok {
		d.fail(v.Start, path, "%q cannot be behind the session %q; want the same account, and the role's name", clip(v.Text), clip(p.String()))
	}
}

// known reads ID and expectation ahead, wherever they stand.
func (d *decoder) known(n *jsontree.Node) {
	if id, ok := n.Member("id"); ok && id.Kind == jsontree.String {
		d.c.id = id.Text
	}
	if e, ok := n.Member("expect"); ok && e.Kind == jsontree.String && isExpectation(e.Text) {
		d.c.expect = Expectation(e.Text)
	}
}

func isExpectation(s string) bool {
	switch Expectation(s) {
	case ExpectAllowed, ExpectExplicitDeny, ExpectImplicitDeny, ExpectIndeterminate, ExpectError:
		return true
	}
	return false
}

func (d *decoder) caseMember(name, path string, v *jsontree.Node) {
	l := &d.c.layers
	switch name {
	case "id":
		d.text(v, path)
	case "request":
		d.request(v, path)
	case "identityPolicies":
		l.Identity = d.documents(v, path, policy.IdentityBased)
	case "boundary":
		l.Boundary = d.boundary(v, path)
	case "sessionPolicies":
		d.session.Policies = d.documents(v, path, policy.SessionPolicy)
		d.hasSpec = d.hasSpec || len(d.session.Policies) > 0
	case "scps":
		l.ServiceControl = d.levels(v, path, policy.ServiceControl)
	case "rcps":
		l.ResourceControl = d.levels(v, path, policy.ResourceControl)
	case "resourcePolicy":
		if v.Kind != jsontree.Null {
			l.Resource = d.document(v, path, policy.ResourceBased)
		}
	case "endpointPolicies":
		d.list(v, path, "a list of documents", func(path string, e *jsontree.Node) {
			l.Endpoints = append(l.Endpoints, d.endpoint(e, path))
		})
	case "managementAccount":
		l.ManagementAccount = d.account(v, path)
	case "s3":
		d.object(v, path, "an object", s3Members, func(name, path string, v *jsontree.Node) {
			switch name {
			case "blockPublicAccess":
				l.BlockPublicAccess = d.boolean(v, path)
			case "bucketABAC":
				l.BucketABAC = d.boolean(v, path)
			}
		})
	case "expect":
		if text, ok := d.text(v, path); ok && !isExpectation(text) {
			d.fail(v.Start, path, "unknown expectation %q; want allowed, explicitDeny, implicitDeny, indeterminate or error", clip(text))
		}
	case "strict":
		d.c.strict = d.boolean(v, path)
	}
}

func (d *decoder) request(n *jsontree.Node, path string) {
	if !d.object(n, path, "an object with principal and action", requestMembers, d.requestMember) {
		return
	}
	for _, name := range requestMembers[:2] {
		if _, ok := n.Member(name); !ok {
			d.fail(n.Start, path+"/"+name, "missing; every request has one")
		}
	}
	if names, ok := n.Member("multivalued"); ok {
		d.multivalued(names, path+"/multivalued")
	}
}

func (d *decoder) requestMember(name, path string, v *jsontree.Node) {
	r, l := &d.c.request, &d.c.layers
	switch name {
	case "principal":
		if text, ok := d.text(v, path); ok {
			p, err := policy.ParsePrincipal(text)
			d.note(v, path, err)
			r.Principal = p
		}
	case "action":
		if text, ok := d.text(v, path); ok {
			a, err := policy.ParseAction(text)
			d.note(v, path, err)
			r.Action = a
		}
	case "resource":
		if text, ok := d.text(v, path); ok && text != "*" {
			a, err := policy.ParseARN(text)
			d.note(v, path, err)
			r.Resource = a
		}
	case "resourceAccount":
		l.ResourceAccount = d.account(v, path)
	case "context":
		r.Keys = d.context(v, path)
	case "roleArn":
		d.session.Role = d.identity(v, path, policy.Role)
	case "issuingUser":
		d.session.IssuingUser = d.identity(v, path, policy.User)
	case "principalId":
		d.session.PrincipalID, _ = d.text(v, path)
		d.hasSpec = true
	case "objectOwner":
		l.ObjectOwner = d.account(v, path)
	case "wildcardOnly":
		l.WildcardOnly = d.boolean(v, path)
	}
}

func (d *decoder) note(v *jsontree.Node, path string, err error) {
	if err != nil {
		d.fail(v.Start, path, "%w", err)
	}
}

// identity reads the ARN of a user or role.
func (d *decoder) identity(v *jsontree.Node, path string, kind policy.PrincipalKind) policy.ARN {
	text, ok := d.text(v, path)
	if !ok {
		return policy.ARN{}
	}
	a, err := policy.ParseARN(text)
	if err != nil || policy.PrincipalFromARN(a).Kind() != kind {
		d.fail(v.Start, path, "%q is not the ARN of a %s; want one such as arn:aws:iam::111122223333:%s/name", clip(text), kind, kind)
		return policy.ARN{}
	}
	d.hasSpec = true
	return a
}

func (d *decoder) account(v *jsontree.Node, path string) string {
	text, ok := d.text(v, path)
	if ok && !policy.IsAccountID(text) {
		d.fail(v.Start, path, "%q is not an account ID; want twelve digits", clip(text))
		return ""
	}
	return text
}

// context implements R-CTX-3: names that differ only in case are refused.
func (d *decoder) context(n *jsontree.Node, path string) simulate.Keys {
	keys, seen := map[string][]string{}, map[string]string{}
	if n.Kind == jsontree.Object && len(n.Members) > maxKeys {
		d.fail(n.Start, path, "%d condition keys; want at most %d", len(n.Members), maxKeys)
		return simulate.Keys{}
	}
	d.object(n, path, "an object of condition keys", nil, func(name, path string, v *jsontree.Node) {
		folded := fold(name)
		if other, ok := seen[folded]; ok {
			d.fail(v.Start, path, "condition key %q stands before as %q; the names of condition keys are not case-sensitive, keep one", clip(name), clip(other))
			return
		}
		seen[folded] = name
		keys[name] = d.values(v, path)
	})
	return simulate.KeysFrom(keys)
}

func (d *decoder) values(v *jsontree.Node, path string) []string {
	const want = "a string or a list of strings"
	switch v.Kind {
	case jsontree.String:
		return []string{v.Text}
	case jsontree.Array:
		out := make([]string, 0, len(v.Elements))
		d.list(v, path, want, func(path string, e *jsontree.Node) {
			if text, ok := d.text(e, path); ok {
				out = append(out, text)
			}
		})
		return out
	case jsontree.Bool, jsontree.Number:
		d.fail(v.Start, path, "%s; want %s, such as %q", v.Kind, want, clip(v.Text))
	default:
		d.fail(v.Start, path, "%s; want %s", v.Kind, want)
	}
	return nil
}

func (d *decoder) multivalued(n *jsontree.Node, path string) {
	if n.Kind == jsontree.Array && len(n.Elements) > maxKeys {
		d.fail(n.Start, path, "%d condition keys; want at most %d", len(n.Elements), maxKeys)
		return
	}
	d.list(n, path, "a list of condition keys", func(path string, e *jsontree.Node) {
		if name, ok := d.text(e, path); ok {
			d.c.request.Keys = d.c.request.Keys.WithMultivalued(name)
		}
	})
}

func (d *decoder) boundary(n *jsontree.Node, path string) []*policy.Document {
	switch n.Kind {
	case jsontree.Null:
		return nil
	case jsontree.Array:
		return d.documents(n, path, policy.PermissionsBoundary)
	}
	if doc := d.document(n, path, policy.PermissionsBoundary); doc != nil {
		return []*policy.Document{doc}
	}
	return nil
}

func (d *decoder) endpoint(n *jsontree.Node, path string) simulate.EndpointPolicy {
	_, kind := n.Member("kind")
	_, wrapped := n.Member("policy")
	if !kind && !wrapped {
		return simulate.EndpointPolicy{Policy: d.document(n, path, policy.VPCEndpoint)}
	}
	var out simulate.EndpointPolicy
	d.object(n, path, "an object", endpointMembers, func(name, path string, v *jsontree.Node) {
		switch name {
		case "kind":
			text, ok := d.text(v, path)
			if ok && text != "gateway" && text != "interface" {
				d.fail(v.Start, path, "unknown kind %q; want gateway or interface", clip(text))
			}
			out.Gateway = text == "gateway"
		case "policy":
			if v.Kind != jsontree.Null {
				out.Policy = d.document(v, path, policy.VPCEndpoint)
			}
		}
	})
	if !kind {
		d.fail(n.Start, path+"/kind", "missing; want gateway or interface")
	}
	return out
}

func (d *decoder) levels(n *jsontree.Node, path string, kind policy.Kind) [][]*policy.Document {
	var out [][]*policy.Document
	d.list(n, path, "a list with a list of documents for each level", func(path string, e *jsontree.Node) {
		out = append(out, d.documents(e, path, kind))
	})
	return out
}

func (d *decoder) documents(n *jsontree.Node, path string, kind policy.Kind) []*policy.Document {
	var out []*policy.Document
	d.list(n, path, "a list of documents", func(path string, e *jsontree.Node) {
		if doc := d.document(e, path, kind); doc != nil {
			out = append(out, doc)
		}
	})
	return out
}

// document reads a policy document that could be in force as this kind; nil if it is not one.
func (d *decoder) document(n *jsontree.Node, path string, kind policy.Kind) *policy.Document {
	if n.Kind != jsontree.Object {
		d.fail(n.Start, path, "%s; want a policy document, an object with Version and Statement", n.Kind)
		return nil
	}
	doc, err := policy.ParseAt(d.file, d.at(n.Start), d.src[n.Start:n.End])
	if err == nil {
		err = doc.CheckKind(kind)
	}
	if err != nil {
		d.documentErrors(path, err)
		return nil
	}
	return doc
}

// object calls each for the members of an object, once per name. A nil known means that
// all names are. It reports whether n is an object.
func (d *decoder) object(n *jsontree.Node, path, want string, known []string, each func(name, path string, v *jsontree.Node)) bool {
	if n.Kind != jsontree.Object {
		d.fail(n.Start, path, "%s; want %s", n.Kind, want)
		return false
	}
	duplicate := duplicates(n.Members)
	for i := range n.Members {
		m := &n.Members[i]
		at := path + "/" + jsontree.Escape(clip(m.Name))
		switch {
		case duplicate != nil && duplicate[i]:
			d.fail(m.NameStart, at, "duplicate member %q; keep one", clip(m.Name))
		case known != nil && !slices.Contains(known, m.Name):
			d.fail(m.NameStart, at, "unknown member %q%s", clip(m.Name), suggest(m.Name, known))
		default:
			each(m.Name, at, &m.Value)
		}
	}
	return true
}

// duplicates says of each member whether its name stood before; nil if none did.
func duplicates(members []jsontree.Member) []bool {
	const few = 16 // quicker to compare than to remember
	var seen map[string]bool
	if len(members) > few {
		seen = make(map[string]bool, len(members))
	}
	var out []bool
	for i := range members {
		name := members[i].Name
		again := seen[name]
		if seen == nil {
			again = slices.ContainsFunc(members[:i], func(m jsontree.Member) bool { return m.Name == name })
		} else {
			seen[name] = true
		}
		if again {
			if out == nil {
				out = make([]bool, len(members))
			}
			out[i] = true
		}
	}
	return out
}

func (d *decoder) list(n *jsontree.Node, path, want string, each func(path string, e *jsontree.Node)) {
	if n.Kind != jsontree.Array {
		d.fail(n.Start, path, "%s; want %s", n.Kind, want)
		return
	}
	for i := range n.Elements {
		each(path+"/"+strconv.Itoa(i), &n.Elements[i])
	}
}

func (d *decoder) text(n *jsontree.Node, path string) (string, bool) {
	if n.Kind != jsontree.String {
		d.fail(n.Start, path, "%s; want a string", n.Kind)
		return "", false
	}
	return n.Text, true
}

func (d *decoder) boolean(n *jsontree.Node, path string) bool {
	if n.Kind != jsontree.Bool {
		d.fail(n.Start, path, "%s; want true or false", n.Kind)
		return false
	}
	return n.Text == "true"
}

// suggest says which name is meant: the one that differs in case only, or all.
func suggest(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(k, name) || strings.EqualFold(k+"s", name) || strings.EqualFold(k, name+"s") {
			return fmt.Sprintf("; did you mean %q?", k)
		}
	}
	return "; want " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

// fold gives names that differ only in case one spelling.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

// clip shortens what a message quotes.
func clip(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
