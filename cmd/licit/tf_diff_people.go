package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/identitycenter"
)

// A signIn is a permission set that somebody may sign in with to an account.
type signIn struct {
	Kind          string `json:"kind"` // user or group
	ID            string `json:"id"`
	PermissionSet string `json:"permissionSet"` // its name
	Account       string `json:"account"`
}

// A signInChange is one that a plan gives or takes away. Roles of permission sets stay the same
// where people are assigned them, or come into a group.
type signInChange struct {
	Change string `json:"change"` // gained or lost
	signIn
	Name string `json:"name,omitempty"` // of the user or group
}

func (c signInChange) line() string {
	return fmt.Sprintf("%s %s: %s %s in %s", c.Kind, cmp.Or(c.Name, c.ID), c.Change, c.PermissionSet, c.Account)
}

// signIns are all that an instance gives, to groups and to users, those in groups included, with
// their names.
func signIns(i *identitycenter.Instance) map[signIn]string {
	out := map[signIn]string{}
	if i == nil {
		return out
	}
	s := i.Spec()
	sets := map[string]string{}
	for n := range s.PermissionSets {
		sets[s.PermissionSets[n].ARN.String()] = s.PermissionSets[n].Name
	}
	users := map[string]identitycenter.User{}
	for _, u := range s.Users {
		users[u.ID] = u
	}
	groups := map[string]identitycenter.Group{}
	for _, g := range s.Groups {
		groups[g.ID] = g
	}
	for _, a := range s.Assignments {
		set := sets[a.PermissionSet.String()]
		people := groups[a.Group].Members
		if a.Group != "" {
			out[signIn{"group", a.Group, set, a.Account}] = groups[a.Group].Name
		} else {
			people = []string{a.User}
		}
		for _, id := range people {
			if !users[id].Disabled {
				out[signIn{"user", id, set, a.Account}] = users[id].Name
			}
		}
	}
	return out
}

// signInChanges are what differs, by name.
func signInChanges(before, after *identitycenter.Instance) []signInChange {
	was, is := signIns(before), signIns(after)
	var out []signInChange
	for s, name := range is {
		if _, ok := was[s]; !ok {
			out = append(out, signInChange{"gained", s, name})
		}
	}
	for s, name := range was {
		if _, ok := is[s]; !ok {
			out = append(out, signInChange{"lost", s, name})
		}
	}
	slices.SortFunc(out, func(a, b signInChange) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Change, b.Change), strings.Compare(a.PermissionSet, b.PermissionSet), strings.Compare(a.Account, b.Account))
	})
	return out
}

// signInSummary says how many users and groups there are to whom it makes a difference.
func signInSummary(list []signInChange) string {
	who := map[string]map[string]bool{"gained": {}, "lost": {}}
	for _, c := range list {
		who[c.Change][c.Kind+c.ID] = true
	}
	return fmt.Sprintf("of the users and groups of IAM Identity Center, %d can sign in to more, %d to less", len(who["gained"]), len(who["lost"]))
}

// signInExit is exit for a plan that changes who can sign in.
func (c *comparison) signInExit(err error, list []signInChange) error {
	s, isStatus := errors.AsType[status](err)
	if err != nil && (!isStatus || s != exitIndeterminate) || c.failOn == "" {
		return err
	}
	for _, change := range list {
		if c.failOn == "any" || c.failOn == change.Change {
			return status(exitNo)
		}
	}
	return err
}
