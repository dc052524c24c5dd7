package identitycenter

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A validator reports everything that is wrong with a Spec, in the order of the Spec.
type validator struct {
	spec   *Spec
	source *form.Source // nil: the Spec was not read from a file
	errs   org.Errors
	seen   map[thing]*form.Path
	sets   map[string]bool
	users  map[string]bool
	groups map[string]bool
}

// A thing is a name in its name space.
type thing struct{ space, name string }

func validate(s *Spec, source *form.Source) org.Errors {
	v := &validator{
		spec: s, source: source, seen: make(map[thing]*form.Path),
		sets: make(map[string]bool), users: make(map[string]bool), groups: make(map[string]bool),
	}
	for _, p := range s.PermissionSets {
		v.sets[p.ARN.String()] = true
	}
	for _, u := range s.Users {
		v.users[u.ID] = true
	}
	for _, g := range s.Groups {
		v.groups[g.ID] = true
	}
	var top *form.Path
	v.instance(top)
	for i := range s.PermissionSets {
		v.permissionSet(top.Member("permissionSets").At(i), &s.PermissionSets[i])
	}
	for i, u := range s.Users {
		p := top.Member("users").At(i)
		v.id(p.Member("id"), "user", u.ID)
		if u.Name == "" {
			v.fail(p.Member("name"), "missing; want the user name")
		}
		v.unique(p.Member("name"), "user name", strings.ToLower(u.Name))
		v.texts(p, u.Name, u.DisplayName, u.Email)
	}
	for i, g := range s.Groups {
		p := top.Member("groups").At(i)
		v.id(p.Member("id"), "group", g.ID)
		v.texts(p, g.Name)
		for j, id := range g.Members {
			at := p.Member("members").At(j)
			v.unique(at, "member of group "+g.ID, id)
			if !v.users[id] && !v.hasGap(GapUsers) {
				v.dangling(at, "group "+g.ID, "user", id, maps.Keys(v.users))
			}
		}
	}
	for i, a := range s.Assignments {
		v.assignment(top.Member("assignments").At(i), a)
	}
	for i, a := range s.Attributes {
		p := top.Member("attributes").At(i)
		v.id(p.Member("key"), "attribute", a.Key)
		v.texts(p, a.Source...)
		if len(a.Source) == 0 {
			v.fail(p.Member("source"), `missing; want where it comes from, such as "${path:userName}"`)
		}
	}
	for i, g := range s.Gaps {
		p := top.Member("gaps").At(i)
		v.texts(p, g.Subject, g.What, g.Reason)
		if g.Subject == "" {
			v.fail(p.Member("subject"), "missing; want the ARN or ID that the gap is about")
		}
	}
	return v.errs
}

func (v *validator) instance(top *form.Path) {
	if a := v.spec.ARN; a.Service() != "sso" || !strings.HasPrefix(a.Resource(), "instance/") {
		v.fail(top.Member("arn"), "%q is not the ARN of an instance; want arn:aws:sso:::instance/ssoins-…", form.Clip(a.String()))
	}
	if o := v.spec.Owner; o != "" && !policy.IsAccountID(o) {
		v.fail(top.Member("owner"), "%q is no account ID; want 12 digits", form.Clip(o))
	}
	if r := v.spec.Region; r != "" && !region.MatchString(r) {
		v.fail(top.Member("region"), "%q is no Region; want one such as \"eu-west-3\"", form.Clip(r))
	}
	v.texts(top, v.spec.IdentityStore)
}

var (
	region     = regexp.MustCompile(`^([a-z]{2}|eusc)(-[a-z]+)+-\d+$`)
	setNames   = regexp.MustCompile(`^[\w+=,.@-]{1,32}$`)
	policyName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	policyPath = regexp.MustCompile(`^/([\x21-\x7e]*/)?$`)
)

// The longest names and paths of policies, in characters. In the patterns, limits as long as
// these would cost every program a millisecond when it starts.
const (
	maxPolicyName = 128
	maxPolicyPath = 512
)

func (v *validator) permissionSet(p *form.Path, s *PermissionSet) {
	if s.ARN.Service() != "sso" || !strings.HasPrefix(s.ARN.Resource(), "permissionSet/") {
		v.fail(p.Member("arn"), "%q is not the ARN of a permission set; want arn:aws:sso:::permissionSet/ssoins-…/ps-…", form.Clip(s.ARN.String()))
	} else {
		v.unique(p.Member("arn"), "permission set", s.ARN.String())
	}
	if !setNames.MatchString(s.Name) {
		v.fail(p.Member("name"), "%q is no name of a permission set; want 1 to 32 letters, digits and any of _+=,.@-", form.Clip(s.Name))
	} else {
		v.unique(p.Member("name"), "permission set", s.Name)
	}
	v.texts(p, s.ARN.String(), s.Description, s.RelayState)
	if s.SessionDuration != 0 {
		if err := checkDuration(s.SessionDuration); err != nil {
			v.fail(p.Member("sessionDuration"), "%w", err)
		}
	}
	for i, a := range s.Managed {
		at := p.Member("managed").At(i)
		v.unique(at, "managed policy of "+s.Name, a.String())
		v.awsManaged(at, a)
	}
	for i, r := range s.CustomerManaged {
		at := p.Member("customerManaged").At(i)
		v.unique(at, "customer managed policy of "+s.Name, r.Path+r.Name)
		v.reference(at, r)
	}
	if b := s.Boundary; b.Managed.IsValid() {
		v.awsManaged(p.Member("boundary").Member("managed"), b.Managed)
		if b.CustomerManaged != (PolicyReference{}) {
			v.fail(p.Member("boundary"), "has two policies; want one")
		}
	} else if b.CustomerManaged != (PolicyReference{}) {
		v.reference(p.Member("boundary").Member("customerManaged"), b.CustomerManaged)
	}
	if s.Inline != nil {
		if err := s.Inline.CheckKind(policy.IdentityBased); err != nil {
			v.kind(p.Member("inline"), err)
		}
	}
	for k, value := range s.Tags {
		v.texts(p.Member("tags"), k, value)
	}
}

func (v *validator) awsManaged(p *form.Path, a policy.ARN) {
	if a.Service() != "iam" || a.AccountID() != "aws" || !strings.HasPrefix(a.Resource(), "policy/") {
		v.fail(p, "%q is not the ARN of a managed policy of AWS; want arn:aws:iam::aws:policy/…", form.Clip(a.String()))
	}
}

func (v *validator) reference(p *form.Path, r PolicyReference) {
	if len(r.Name) > maxPolicyName || !policyName.MatchString(r.Name) {
		v.fail(p.Member("name"), "%q is no name of a policy; want 1 to 128 letters, digits and any of _+=,.@-", form.Clip(r.Name))
	}
	if r.Path != "" && (len(r.Path) > maxPolicyPath || !policyPath.MatchString(r.Path)) {
		v.fail(p.Member("path"), `%q is no path; want "/" or one such as "/division/team/"`, form.Clip(r.Path))
	}
}

// kind reports what AWS refuses in an inline policy, at its own place.
func (v *validator) kind(p *form.Path, err error) {
	list, ok := errors.AsType[policy.ParseErrors](err)
	if !ok {
		v.fail(p, "%w", err)
		return
	}
	for _, e := range list {
		if v.source != nil && e.File != "" {
			v.errs = append(v.errs, e)
			continue
		}
		v.fail(p, "%w", e)
	}
}

func (v *validator) assignment(p *form.Path, a Assignment) {
	if !policy.IsAccountID(a.Account) {
		v.fail(p.Member("account"), "%q is no account ID; want 12 digits", form.Clip(a.Account))
	}
	const who = "assignment"
	if !v.sets[a.PermissionSet.String()] {
		v.dangling(p.Member("permissionSet"), who, "permission set", a.PermissionSet.String(), maps.Keys(v.sets))
	}
	switch {
	case (a.User == "") == (a.Group == ""):
		v.fail(p, "has a user and a group, or neither; want one of them")
		return
	case a.User != "" && !v.users[a.User] && !v.hasGap(GapUsers):
		v.dangling(p.Member("user"), who, "user", a.User, maps.Keys(v.users))
	case a.Group != "" && !v.groups[a.Group] && !v.hasGap(GapUsers):
		v.dangling(p.Member("group"), who, "group", a.Group, maps.Keys(v.groups))
	}
	v.unique(p, "assignment", fmt.Sprint(a.Account, " ", a.PermissionSet, " ", a.User, a.Group))
}

func (v *validator) hasGap(what string) bool {
	return slices.ContainsFunc(v.spec.Gaps, func(g org.Gap) bool { return g.What == what })
}

func (v *validator) place(p *form.Path) (file string, at policy.Position) {
	if v.source == nil {
		return "", policy.Position{}
	}
	return v.source.File, v.source.Locate(p.Tokens())
}

func (v *validator) fail(p *form.Path, format string, args ...any) {
	file, at := v.place(p)
	v.errs = append(v.errs, &org.SpecError{File: file, Position: at, Path: p.String(), Err: fmt.Errorf(format, args...)})
}

func (v *validator) dangling(p *form.Path, from, kind, name string, known iter.Seq[string]) {
	file, at := v.place(p)
	e := &org.ReferenceError{File: file, Position: at, Path: p.String(), From: from, Kind: kind, Name: name, Want: "list it, or add a gap"}
	const suggestions = 50 // names are compared with all others; a file of nothing but errors must not take minutes
	if len(v.errs) < suggestions {
		e.Suggestion = levenshtein.Closest(name, known)
	}
	v.errs = append(v.errs, e)
}

func (v *validator) id(p *form.Path, space, id string) {
	if id == "" {
		v.fail(p, "missing; want the %s's ID", space)
		return
	}
	v.texts(p, id)
	v.unique(p, space, id)
}

func (v *validator) unique(p *form.Path, space, name string) {
	t := thing{space, name}
	if first, ok := v.seen[t]; ok {
		where := first.String()
		if file, at := v.place(first); at.IsValid() {
			where = file + ":" + at.String()
		}
		v.fail(p, "%s %q is listed twice; the first is at %s", space, form.Clip(name), where)
		return
	}
	v.seen[t] = p
}

func (v *validator) texts(p *form.Path, list ...string) {
	for _, s := range list {
		if !utf8.ValidString(s) {
			v.fail(p, "%q is not UTF-8", form.Clip(s))
		}
	}
}
