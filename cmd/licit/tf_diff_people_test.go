package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// TestSignInChanges holds who can sign in to more or less: those who are assigned a set, those
// who come into a group, and nobody who is disabled or has another name only.
func TestSignInChanges(t *testing.T) {
	instance := policy.MustParseARN("arn:aws:sso:::instance/ssoins-1234567890abcdef")
	orders := policy.MustParseARN("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef")
	made := func(edit func(s *identitycenter.Spec)) *identitycenter.Instance {
		s := identitycenter.Spec{
			ARN: instance, PermissionSets: []identitycenter.PermissionSet{{ARN: orders, Name: "Orders"}},
			Users:       []identitycenter.User{{ID: "u-1", Name: "ana"}, {ID: "u-2", Name: "ben"}, {ID: "u-3", Name: "eve", Disabled: true}},
			Groups:      []identitycenter.Group{{ID: "g-1", Name: "developers", Members: []string{"u-1"}}},
			Assignments: []identitycenter.Assignment{{PermissionSet: orders, Account: "444455556666", Group: "g-1"}},
			Gaps:        []org.Gap{{Subject: instance.String(), What: identitycenter.GapUsers}},
		}
		edit(&s)
		i, err := identitycenter.New(s)
		require.NoError(t, err)
		return i
	}
	before := made(func(*identitycenter.Spec) {})
	for _, test := range []struct {
		name string
		edit func(s *identitycenter.Spec)
		want []string
	}{
		{"members", func(s *identitycenter.Spec) { s.Groups[0].Members = []string{"u-2", "u-3"} },
			[]string{"user ana: lost Orders in 444455556666", "user ben: gained Orders in 444455556666"}},
		{"assigned twice", func(s *identitycenter.Spec) {
			s.Assignments = append(s.Assignments, identitycenter.Assignment{PermissionSet: orders, Account: "444455556666", User: "u-1"})
		}, nil},
		{"another account", func(s *identitycenter.Spec) { s.Assignments[0].Account = "111122223333" },
			[]string{"group developers: gained Orders in 111122223333", "group developers: lost Orders in 444455556666", "user ana: gained Orders in 111122223333", "user ana: lost Orders in 444455556666"}},
		{"somebody who is not known", func(s *identitycenter.Spec) {
			s.Assignments = append(s.Assignments, identitycenter.Assignment{PermissionSet: orders, Account: "111122223333", User: "u-9"})
		}, []string{"user u-9: gained Orders in 111122223333"}},
		{"names", func(s *identitycenter.Spec) { s.Users[0].Name, s.Groups[0].Name = "ana.lopez", "engineers" }, nil},
		{"another name of the set", func(s *identitycenter.Spec) { s.PermissionSets[0].Name = "Sales" },
			[]string{"group developers: gained Sales in 444455556666", "group developers: lost Orders in 444455556666", "user ana: gained Sales in 444455556666", "user ana: lost Orders in 444455556666"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range signInChanges(before, made(test.edit)) {
				got = append(got, c.line())
			}
			assert.Equal(t, test.want, got)
		})
	}
	assert.Len(t, signInChanges(nil, before), 2)
	assert.Empty(t, signInChanges(nil, nil))
}

// TestSignInExit holds what who can sign in makes of the exit code.
func TestSignInExit(t *testing.T) {
	gained, broken := []signInChange{{Change: "gained"}}, errors.New("broken")
	for _, test := range []struct {
		failOn string
		err    error
		list   []signInChange
		want   error
	}{
		{"", nil, gained, nil},
		{"gained", nil, gained, status(exitNo)},
		{"any", nil, gained, status(exitNo)},
		{"lost", nil, gained, nil},
		{"gained", status(exitIndeterminate), gained, status(exitNo)},
		{"lost", status(exitIndeterminate), gained, status(exitIndeterminate)},
		{"gained", broken, gained, broken},
		{"gained", nil, nil, nil},
	} {
		c := comparison{failOn: test.failOn}
		assert.Equal(t, test.want, c.signInExit(test.err, test.list), "%+v", test)
	}
}
