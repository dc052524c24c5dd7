package tfplan

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// isID is the form of what Organizations calls its things by, and of account IDs.
var isID = regexp.MustCompile(`^((p|r|ou)-[0-9A-Za-z-]{4,}|\d{12})$`)

// wants remembers that a resource names a managed policy, which may be one that comes later.
func (e *editor) wants(in *instance, p policy.ARN) {
	if _, ok := e.wanted[p]; !ok {
		e.wanted[p] = in.address
	}
}

// dangling marks the policies that the plan attaches or bounds with, and that are neither in
// the snapshot nor in the plan nor embedded: Terraform doesn't check that they are there, and
// what they say is not known.
func (e *editor) dangling() {
	for _, p := range slices.SortedFunc(maps.Keys(e.wanted), policy.ARN.Compare) {
		if !e.has(p) && !isEmbedded(p) {
			e.unknown(p.String(), org.GapDocument, e.wanted[p]+": neither the snapshot nor the plan has the policy that it names")
		}
	}
}

// isEmbedded reports whether a managed policy of AWS need not be listed to be attached.
func isEmbedded(p policy.ARN) bool {
	user, err := policy.ParseARN("arn:" + p.Partition() + ":iam::111122223333:user/ana")
	if err != nil {
		return false
	}
	_, err = org.Standalone(org.Account{ID: "111122223333", Users: []org.User{{ARN: user, Attached: []policy.ARN{p}}}})
	return err == nil
}

// has reports whether a managed policy is there after the plan.
func (e *editor) has(p policy.ARN) bool {
	if a := e.accounts[p.AccountID()]; a != nil {
		return a.policies[p] != nil
	}
	_, ok := e.o.ManagedPolicy(p)
	return ok
}

// addressed puts before each error the addresses of what the plan does with what the error is
// about, as far as it can be told by names.
func (e *editor) addressed(err error) error {
	list := []error{err}
	if many, ok := errors.AsType[org.Errors](err); ok {
		list = many
	}
	for i, err := range list {
		if at := e.about(err.Error()); at != "" {
			list[i] = fmt.Errorf("%s: %w", at, err)
		}
	}
	return joined(list)
}

// about finds the resources that most of the names in a text are those of.
func (e *editor) about(text string) string {
	found := map[string]int{}
	for _, in := range e.plan.instances {
		if in.mode != "managed" || !(in.creates() || in.updates() || in.deletes()) {
			continue
		}
		seen := map[string]bool{}
		for _, v := range []values{in.before, in.after} {
			for attr := range v.known {
				if s := v.plain(attr); strings.HasPrefix(s, "arn:") || isID.MatchString(s) {
					seen[s] = true
				}
			}
		}
		for _, p := range e.out.Placeholders {
			if p.Address == in.address {
				seen[p.Value] = true
			}
		}
		for s := range seen {
			if strings.Contains(text, s) {
				found[in.address]++
			}
		}
	}
	most := 0
	for _, n := range found {
		most = max(most, n)
	}
	maps.DeleteFunc(found, func(_ string, n int) bool { return n < most })
	return strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}
