package org_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
)

func TestAbsentIsNotUnknown(t *testing.T) {
	o := mustNew(t, sample())
	again, err := org.ReadFS(readDir(t, func() string { dir := t.TempDir(); write(t, o, dir); return dir }()))
	require.NoError(t, err)
	a, _ := again.Account(prod)
	require.Equal(t, &org.Credentials{MFA: &org.MFA{Active: true}, AccessKeys: []org.AccessKey{}}, a.RootUser)
	b, _ := again.Account(dev)
	require.NotNil(t, b.Providers)
	require.Nil(t, b.RootUser)
	require.NotNil(t, again.Spec().TrustedServices)

	for name, edit := range map[string]func(s *org.Spec){
		"access keys":     func(s *org.Spec) { s.Accounts[1].RootUser.AccessKeys = nil },
		"certificates":    func(s *org.Spec) { s.Accounts[1].RootUser.Certificates = []org.Certificate{} },
		"password":        func(s *org.Spec) { s.Accounts[1].RootUser.Password = &org.Password{} },
		"MFA devices":     func(s *org.Spec) { s.Accounts[1].RootUser.MFA.Devices = []org.MFADevice{} },
		"MFA":             func(s *org.Spec) { s.Accounts[1].RootUser.MFA = nil },
		"root user":       func(s *org.Spec) { s.Accounts[2].RootUser = &org.Credentials{} },
		"password policy": func(s *org.Spec) { s.Accounts[2].PasswordPolicy = nil },
		"providers":       func(s *org.Spec) { s.Accounts[2].Providers = nil },
		"delegation":      func(s *org.Spec) { s.DelegatedAdministrators = nil },
		"trust":           func(s *org.Spec) { s.TrustedServices = nil },
		"last use":        func(s *org.Spec) { s.Accounts[1].Roles[0].Used = org.Usage{Never: true} },
		"session":         func(s *org.Spec) { s.Accounts[1].Roles[0].MaxSession = 0 },
		"report":          func(s *org.Spec) { s.Accounts[1].Users[0].Accessed = nil },
		"empty report":    func(s *org.Spec) { s.Accounts[1].Groups[0].Accessed = &org.AccessReport{} },
		"tracked actions": func(s *org.Spec) { s.Accounts[1].Users[0].Accessed.Services[1].Actions = nil },
		"role's report": func(s *org.Spec) {
			s.Accounts[1].Roles[0].Accessed = &org.AccessReport{Services: []org.ServiceUse{{Service: "s3", Used: org.Usage{Never: true}, Actions: []org.ActionUse{{Action: "s3:ListBucket", Used: org.Usage{At: date("2024-05-01")}}}}}}
		},
		"findings":      func(s *org.Spec) { s.Accounts[1].Findings = nil },
		"no findings":   func(s *org.Spec) { s.Accounts[2].Findings = []org.Finding{} },
		"a finding":     func(s *org.Spec) { s.Accounts[1].Findings[0].Public = false },
		"its principal": func(s *org.Spec) { s.Accounts[1].Findings[0].Principal = nil },
		"creation":      func(s *org.Spec) { s.Accounts[1].Users[0].Created = time.Time{} },
		"coverage":      func(s *org.Spec) { s.Coverage = nil },
	} {
		s := sample()
		edit(&s)
		other := mustNew(t, s)
		require.False(t, o.Equal(other), name)
		dir := t.TempDir()
		require.NoError(t, other.WriteDir(dir))
		back, err := org.ReadFS(readDir(t, dir))
		require.NoError(t, err, name)
		require.True(t, other.Equal(back), name)
	}
}

func TestFactErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(s *org.Spec)
		want string
	}{
		"delegated administrator": {
			func(s *org.Spec) { s.DelegatedAdministrators[0].Account = "4" },
			`/delegatedAdministrators/0/account: "4" is no account ID; want 12 digits`,
		},
		"delegated administrator twice": {
			func(s *org.Spec) {
				s.DelegatedAdministrators = append(s.DelegatedAdministrators, org.DelegatedAdministrator{Account: dev})
			},
			`/delegatedAdministrators/1/account: delegated administrator "444455556666" is listed twice; the first is at /delegatedAdministrators/0/account`,
		},
		"unit without section": {func(s *org.Spec) { s.Coverage[0].Section = "" }, `/coverage/0/section: missing; want what was read, such as "iam"`},
		"unit without reason":  {func(s *org.Spec) { s.Coverage[1].Reason = "" }, "/coverage/1/reason: missing; want why it is partial"},
		"unit twice": {
			func(s *org.Spec) { s.Coverage = append(s.Coverage, s.Coverage[0]) },
			`/coverage/2: part of AWS's state "iam" is listed twice; the first is at /coverage/0`,
		},
		"unknown state": {func(s *org.Spec) { s.Coverage[1].State = 9 }, "/coverage/1/state: 9 is no state"},
		"provider of another account": {
			func(s *org.Spec) {
				s.Accounts[1].Providers[0].ARN = arn("arn:aws:iam::444455556666:saml-provider/Okta")
			},
			`/accounts/1/providers/0/arn: "arn:aws:iam::444455556666:saml-provider/Okta" is not the ARN of an identity provider; want arn:aws:iam::111122223333:saml-provider/… or …:oidc-provider/…`,
		},
		"password policy":         {func(s *org.Spec) { s.Accounts[1].PasswordPolicy.MaxAge = -1 }, "/accounts/1/passwordPolicy: has a negative number"},
		"default password policy": {func(s *org.Spec) { s.Accounts[1].PasswordPolicy.Default = true }, "/accounts/1/passwordPolicy: is AWS's default, and says more; want one or the other"},
		"devices without MFA":     {func(s *org.Spec) { s.Accounts[1].Users[0].Credentials.MFA.Active = false }, "/accounts/1/users/0/credentials/mfa/active: is false, and there are devices; want true, or no devices"},
		"used and never used":     {func(s *org.Spec) { s.Accounts[1].Roles[0].Used.Never = true }, "/accounts/1/roles/0/used/never: is true, and there is a time of use; want one or the other"},
		"time of no JSON file":    {func(s *org.Spec) { s.Accounts[1].Users[0].Created = date("2024-01-01").AddDate(9000, 0, 0) }, "/accounts/1/users/0/created: 11024-01-01 00:00:00 +0000 UTC is no time of this era; want a year from 1 to 9999"},
		"service twice": {
			func(s *org.Spec) { s.Accounts[1].Users[0].Accessed.Services[1].Service = "ec2" },
			`/accounts/1/users/0/accessed/services/1: service "ec2" is listed twice; the first is at /accounts/1/users/0/accessed/services/0`,
		},
		"finding without ID": {func(s *org.Spec) { s.Accounts[1].Findings[0].ID = "" }, "/accounts/1/findings/0/id: missing; want the finding's ID"},
		"finding twice": {
			func(s *org.Spec) { s.Accounts[1].Findings = append(s.Accounts[1].Findings, s.Accounts[1].Findings[0]) },
			`/accounts/1/findings/1/id: finding of arn:aws:access-analyzer:eu-west-3:111122223333:analyzer/outside "f-1" is listed twice; the first is at /accounts/1/findings/0/id`,
		},
		"session with nanoseconds": {func(s *org.Spec) { s.Accounts[1].Roles[0].MaxSession = 1 }, "/accounts/1/roles/0/maxSession: 1ns is no whole number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample()
			tt.edit(&s)
			_, err := org.New(s)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestReadFactErrors(t *testing.T) {
	for text, want := range map[string]string{
		`"rootUser": {"password": {"enabled": true, "changed": "yesterday"}}`:            `accounts.json:1:78: /rootUser/password/changed: "yesterday" is no time; want one such as "2024-05-01T10:00:00Z"`,
		`"rootUser": {"accessKeys": [{"active": true, "created": 1}]}`:                   `accounts.json:1:80: /rootUser/accessKeys/0/created: is a number; want a time such as "2024-05-01T10:00:00Z"`,
		`"rootUser": {"accessKeys": {}}`:                                                 `accounts.json:1:51: /rootUser/accessKeys: is an object; want an array`,
		`"passwordPolicy": {"default": true, "maxAge": 1.5}`:                             `accounts.json:1:70: /passwordPolicy/maxAge: is a number; want a whole number`,
		`"passwordPolicy": {"default": true, "maxage": 1}`:                               `accounts.json:1:60: /passwordPolicy/maxage: unknown member "maxage"; did you mean "maxAge"?`,
		`"roles": [{"arn": "arn:aws:iam::111122223333:role/app", "maxSession": "PT1H"}]`: `accounts.json:1:94: /roles/0/maxSession: is a string; want a whole number`,
	} {
		_, err := org.ReadFS(fstest.MapFS{
			"org.json":      {Data: []byte(`{"accounts": ["accounts.json"]}`)},
			"accounts.json": {Data: []byte(`{"id": "111122223333", ` + text + `}`)},
		})
		require.EqualError(t, err, want)
	}
	for text, members := range map[string][]string{
		`"rootUser": {"password": {}}`:                                             {"/rootUser/password/enabled"},
		`"rootUser": {"mfa": {}}`:                                                  {"/rootUser/mfa/active"},
		`"rootUser": {"accessKeys": [{"id": "AKIAIOSFODNN7EXAMPLE"}]}`:             {"/rootUser/accessKeys/0/active"},
		`"rootUser": {"certificates": [{}]}`:                                       {"/rootUser/certificates/0/active"},
		`"users": [{"arn": "arn:aws:iam::111122223333:user/ana", "accessed": {}}]`: {"/users/0/accessed/services"},
		`"passwordPolicy": {"default": false, "requireSymbols": true}`: {
			"/passwordPolicy/minimumLength", "/passwordPolicy/requireNumbers", "/passwordPolicy/requireUppercase", "/passwordPolicy/requireLowercase", "/passwordPolicy/usersMayChange",
		},
	} {
		_, err := org.ReadFS(fstest.MapFS{
			"org.json":      {Data: []byte(`{"accounts": ["accounts.json"]}`)},
			"accounts.json": {Data: []byte(`{"id": "111122223333", ` + text + `}`)},
		})
		require.Error(t, err, text)
		lines := strings.Split(err.Error(), "\n")
		require.Len(t, lines, len(members), "%v", err)
		for i, m := range members {
			require.Regexp(t, `^accounts\.json:1:\d+: `+m+`: missing; leave out the whole object if this is not known$`, lines[i])
		}
	}
	_, err := org.Parse([]byte(`{"coverage": [{"section": "iam", "state": "done"}]}`))
	require.EqualError(t, err, `1:43: /coverage/0/state: is no state; want one of unknown, complete, absent, partial, skipped`)
}
