package org

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
)

// A validator reports everything that is wrong with a Spec, in the order of the Spec.
type validator struct {
	spec   *Spec
	locate func(tokens []string) place // nil: the Spec was not read from files
	errs   Errors

	// What can be referred to, collected before anything is checked.
	gaps     gaps
	accounts map[string]*Account
	control  map[string]*ControlPolicy
	policies map[policy.ARN]*ManagedPolicy

	// What has been seen so far, and where.
	seen    map[thing]*form.Path
	checked map[attachment]bool
}

// A thing is a name in its name space.
type thing struct{ space, name string }

// An attachment is a document in a place of some kind.
type attachment struct {
	doc  *policy.Document
	kind policy.Kind
}

// validate returns all problems of s. It does not change s.
func validate(s *Spec, locate func([]string) place) Errors {
	v := &validator{
		spec: s, locate: locate,
		gaps:     indexGaps(s.Gaps),
		accounts: make(map[string]*Account, len(s.Accounts)),
		control:  make(map[string]*ControlPolicy, len(s.ControlPolicies)),
		policies: make(map[policy.ARN]*ManagedPolicy),
		seen:     make(map[thing]*form.Path),
		checked:  make(map[attachment]bool),
	}
	v.collect()
	var top *form.Path
	v.text(top.Member("id"), s.ID)
	v.managementAccount(top.Member("managementAccount"))
	v.root(top.Member("root"))
	for i := range s.ControlPolicies {
		v.controlPolicy(top.Member("controlPolicies").At(i), &s.ControlPolicies[i])
	}
	for i := range s.Accounts {
		v.account(top.Member("accounts").At(i), &s.Accounts[i])
	}
	for i, g := range s.Gaps {
		v.gap(top.Member("gaps").At(i), g)
	}
	v.organizationFacts(top)
	return v.errs
}

func (v *validator) collect() {
	for i := range v.spec.ControlPolicies {
		p := &v.spec.ControlPolicies[i]
		if _, ok := v.control[p.ID]; !ok {
			v.control[p.ID] = p
		}
	}
	for i := range v.spec.Accounts {
		a := &v.spec.Accounts[i]
		if _, ok := v.accounts[a.ID]; !ok {
			v.accounts[a.ID] = a
		}
		for j := range a.Policies {
			p := &a.Policies[j]
			if _, ok := v.policies[p.ARN]; !ok && (isAWSManaged(p.ARN) || p.ARN.AccountID() == a.ID) {
				v.policies[p.ARN] = p
			}
		}
	}
}

func (v *validator) place(p *form.Path) place {
	if v.locate == nil {
		return place{path: p.String()}
	}
	return v.locate(p.Tokens())
}

func (v *validator) fail(p *form.Path, format string, args ...any) {
	at := v.place(p)
	v.errs = append(v.errs, &SpecError{File: at.file, Position: at.at, Path: at.path, Err: fmt.Errorf(format, args...)})
}

// A reference is a name that should exist.
type reference struct{ from, kind, name, want string }

// dangling reports that nothing has the name.
func (v *validator) dangling(p *form.Path, r reference, known iter.Seq[string]) {
	at := v.place(p)
	e := &ReferenceError{File: at.file, Position: at.at, Path: at.path, From: r.from, Kind: r.kind, Name: r.name, Want: r.want}
	const suggestions = 50 // names are compared with all others; a file of nothing but errors must not take minutes
	if len(v.errs) < suggestions {
		e.Suggestion = levenshtein.Closest(r.name, known)
	}
	v.errs = append(v.errs, e)
}

// text reports a text that no JSON file can hold.
func (v *validator) text(p *form.Path, s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	v.fail(p, "%q is not UTF-8", form.Clip(s))
	return false
}

// id reports an ID that is missing, not UTF-8, or taken.
func (v *validator) id(p *form.Path, space, id, want string) bool {
	switch {
	case id == "":
		v.fail(p, "missing; want %s", want)
		return false
	case !v.text(p, id):
		return false
	}
	return v.unique(p, thing{space, id}, id)
}

func (v *validator) unique(p *form.Path, t thing, shown string) bool {
	if first, ok := v.seen[t]; ok {
		v.fail(p, "%s %q is listed twice; the first is at %s", t.space, form.Clip(shown), v.place(first))
		return false
	}
	v.seen[t] = p
	return true
}

// once reports whether name i of a list stands there for the first time, and if not,
// the failure. first holds what stood before.
func (v *validator) once(p *form.Path, first map[string]int, i int, name, what string) bool {
	if j, ok := first[name]; ok {
		v.fail(p.At(i), "%s %q is listed twice; the first is at %s", what, form.Clip(name), v.place(p.At(j)))
		return false
	}
	first[name] = i
	return true
}

func (v *validator) tags(p *form.Path, tags map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		if k == "" {
			v.fail(p.Member(k), "empty tag key")
		}
		if v.text(p.Member(k), k) {
			v.text(p.Member(k), tags[k])
		}
	}
}

// document checks that d can be in force as a policy of kind k. A document is reported
// once, however often it is attached.
func (v *validator) document(p *form.Path, d *policy.Document, k policy.Kind) {
	if d == nil || v.checked[attachment{d, k}] {
		return
	}
	v.checked[attachment{d, k}] = true
	err := d.CheckKind(k)
	if err == nil {
		return
	}
	problems, ok := errors.AsType[policy.ParseErrors](err)
	if !ok {
		v.fail(p, "%w", err)
		return
	}
	for _, e := range problems {
		if e.File != "" {
			v.errs = append(v.errs, e)
		} else {
			v.fail(p, "%w", e)
		}
	}
}

func (v *validator) gap(p *form.Path, g Gap) {
	if g.Subject == "" {
		v.fail(p.Member("subject"), "missing; want an ARN, in which * stands for any text, or the ID of an account, OU, root or control policy")
	}
	v.text(p.Member("subject"), g.Subject)
	v.text(p.Member("what"), g.What)
	v.text(p.Member("reason"), g.Reason)
}
