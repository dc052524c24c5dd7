package org_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func readChanges(src string) ([]org.Change, error) {
	return org.ReadChanges(fstest.MapFS{
		"changes.json": {Data: []byte(src)},
		"regions.json": {Data: []byte(regions.String())},
	}, "changes.json")
}

// checkChangesRoundTrip writes a change, reads it and gets the same one.
func checkChangesRoundTrip(t require.TestingT, c org.Change) {
	first, err := json.Marshal([]org.Change{c})
	require.NoError(t, err)
	back, err := readChanges(string(first))
	require.NoError(t, err, "%s", first)
	require.Len(t, back, 1)
	require.Equal(t, c.String(), back[0].String())
	second, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
}

func TestChangesRoundTrip(t *testing.T) {
	s := sample()
	account := s.Accounts[0]
	changes := map[string]org.Change{
		"putControlPolicy":    org.PutControlPolicy(s.ControlPolicies[0]),
		"removeControlPolicy": org.RemoveControlPolicy("p-regions"),
		"attachControlPolicy": org.AttachControlPolicy("p-regions", workload),
		"detachControlPolicy": org.DetachControlPolicy("p-regions", workload),
		"enablePolicyType":    org.EnablePolicyType(policy.ResourceControl),
		"disablePolicyType":   org.DisablePolicyType(policy.ServiceControl),
		"putOU":               org.PutOU("r-ab12", org.OU{ID: "ou-new", Name: "New", Attached: []string{org.FullAWSAccess}}),
		"removeOU":            org.RemoveOU("ou-new"),
		"moveAccount":         org.MoveAccount(prod, "r-ab12"),
		"putAccount":          org.PutAccount("r-ab12", account),
		"removeAccount":       org.RemoveAccount(prod),
		"putUser":             org.PutUser(org.User{ARN: ana, ID: "AIDA", Groups: []string{"admins"}, Attached: []policy.ARN{readARN}, Inline: []org.InlinePolicy{{Name: "a", Document: readLogs}}, Boundary: readARN, Tags: map[string]string{"ü": "\n"}}),
		"putGroup":            org.PutGroup(org.Group{ARN: admins, Attached: []policy.ARN{readARN}}),
		"putRole":             org.PutRole(org.Role{ARN: app, Trust: trustEC2}),
		"putManagedPolicy":    org.PutManagedPolicy(prod, org.ManagedPolicy{ARN: readARN, Document: readLogs}),
		"putResource":         org.PutResource(prod, org.Resource{ARN: bucket, Policy: bucketPolicy, Owner: dev, BlockPublicAccess: true, ABAC: true, AWSManaged: true}),
		"putEndpoint":         org.PutEndpoint(prod, org.Endpoint{ID: "vpce-0a", VPC: "vpc-0", Service: "s3", Gateway: true, Policy: bucketPolicy}),
		"remove":              org.Remove(bucket),
		"removeEndpoint":      org.RemoveEndpoint("vpce-0a"),
		"markUnknown":         org.MarkUnknown(org.Gap{Subject: "p-secret", What: org.GapDocument, Reason: "r"}),
		"markKnown":           org.MarkKnown(org.Gap{Subject: prod}),
	}
	require.Len(t, changes, 21)
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			src, err := json.Marshal(c)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(src), `{"`+name+`":`), "%s", src)
			checkChangesRoundTrip(t, c)
		})
	}
}

// What is read does what was written.
func TestChangesReadDoTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, c := drawOrganization(t), drawChange(t)
		checkChangesRoundTrip(t, c)
		src, err := json.Marshal([]org.Change{c})
		require.NoError(t, err)
		back, err := readChanges(string(src))
		require.NoError(t, err)
		want, wantErr := o.Apply(c)
		got, gotErr := o.Apply(back...)
		require.Equal(t, wantErr == nil, gotErr == nil)
		if wantErr == nil {
			require.True(t, want.Equal(got))
		}
	})
}

func TestReadChangesErrors(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"no list", `{}`, []string{`changes.json:1:1: is an object; want an array`}},
		{"no JSON", "[\n {\"remove\" 1}]", []string{`changes.json:2:12: `}},
		{"not an object", `["x"]`, []string{`changes.json:1:2: /0: is a string; want an object with one change, such as attachControlPolicy`}},
		{"no change", `[{}]`, []string{`changes.json:1:2: /0: has 0 members; want one change in each object`}},
		{"two changes", `[{"remove": "arn:aws:s3:::logs", "removeOU": "ou-1"}]`, []string{`changes.json:1:2: /0: has 2 members; want one change in each object`}},
		{"unknown change", "[\n  {\"attachControlPolcy\": {}}]", []string{`changes.json:2:4: /0/attachControlPolcy: unknown member "attachControlPolcy"; did you mean "attachControlPolicy"?`}},
		{"missing member", `[{"moveAccount": {"account": "111122223333"}}]`, []string{`changes.json:1:18: /0/moveAccount: lacks "parent"; want account and parent`}},
		{"wrong types", `[{"removeOU": 1}, {"remove": "logs"}, {"enablePolicyType": "x"}]`, []string{
			`changes.json:1:15: /0/removeOU: is a number; want a string`,
			`changes.json:1:30: /1/remove: ARN "logs"`,
			`changes.json:1:60: /2/enablePolicyType: "x" is no type of control policy; want "scp" or "rcp"`,
		}},
		{"bad document", "[{\"putControlPolicy\": {\"id\": \"p-1\", \"kind\": \"scp\",\n \"document\": {\"Statement\": [{\"Effect\": \"Alow\"}]}}}]", []string{`changes.json:2:40: /Statement/0/Effect`}},
		{"no such file", `[{"putRole": {"arn": "arn:aws:iam::111122223333:role/a", "trust": "no.json"}}]`, []string{`changes.json:1:67: /0/putRole/trust: no file "no.json"`}},
		{"file outside", `[{"putRole": {"arn": "arn:aws:iam::111122223333:role/a", "trust": "../no.json"}}]`, []string{`changes.json:1:67: /0/putRole/trust: path "../no.json" does not lead to a file inside`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readChanges(test.src)
			require.Error(t, err)
			checkErrors(t, err)
			for _, want := range test.want {
				require.Contains(t, err.Error(), want)
			}
		})
	}
	got, err := readChanges(`[{"putControlPolicy": {"id": "p-1", "kind": "scp", "document": "regions.json"}}]`)
	require.NoError(t, err)
	require.Len(t, got, 1)
	_, err = org.ReadChanges(fstest.MapFS{}, "none.json")
	require.ErrorContains(t, err, "none.json: ")
}

// FuzzReadChanges reads any text: no panic, errors that say where, and what can be read
// is written and read again as the same.
func FuzzReadChanges(f *testing.F) {
	f.Add([]byte(`[{"attachControlPolicy": {"policy": "p-regions", "target": "r-ab12"}}]`))
	f.Add([]byte(`[{"putRole": {"arn": "arn:aws:iam::111122223333:role/a", "trust": {"Statement": []}}}, {}]`))
	f.Add([]byte(`[{"putOU": {"parent": "r-1", "ou": {"id": "ou-1"}}}, {"putAccount": {"account": {"id": "111122223333"}}}]`))
	f.Fuzz(func(t *testing.T, src []byte) {
		changes, err := readChanges(string(src))
		if err != nil {
			checkErrors(t, err)
			return
		}
		first, err := json.Marshal(changes)
		require.NoError(t, err)
		back, err := readChanges(string(first))
		if err != nil {
			return // such as an account without an ID, which need not be written
		}
		second, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	})
}
