package org_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// snapshot makes a file system of name, text, name, text, ….
func snapshot(files ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(strings.TrimPrefix(files[i+1], "\n"))}
	}
	return out
}

const allowAll = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`

func TestReadFSErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  []string
	}{
		"no org.json": {
			snapshot(),
			[]string{`org.json: file does not exist; want a snapshot directory, with an org.json in it`},
		},
		"syntax": {
			snapshot("org.json", "{\n  \"id\": o-1\n}"),
			[]string{`org.json:2:9: /id: invalid character 'o' at start of value`},
		},
		"truncated": {
			snapshot("org.json", "{\n  \"id\": \"o-1\","),
			[]string{`org.json:2:15: the text ends in the middle of a JSON value; it looks truncated`},
		},
		"text after it": {
			snapshot("org.json", "{}\n}"),
			[]string{`org.json:2:1: text after the JSON value; remove it`},
		},
		"no object": {
			snapshot("org.json", `[]`),
			[]string{`org.json:1:1: is an array; want an object, the organization`},
		},
		"members": {
			snapshot("org.json", `
{
  "id": "o-1",
  "id": "o-2",
  "acounts": [],
  "root": {"id": 7, "policyTypes": ["SCP", 1], "x": null},
  "managementAccount": null,
  "controlPolicies": {},
  "gaps": [1, {"subject": true}]
}`),
			[]string{
				`org.json:3:3: /id: duplicate member "id"; keep one`,
				`org.json:4:3: /acounts: unknown member "acounts"; did you mean "accounts"?`,
				`org.json:5:18: /root/id: is a number; want a string`,
				`org.json:5:37: /root/policyTypes/0: "SCP" is no type of control policy; want "scp" or "rcp"`,
				`org.json:5:44: /root/policyTypes/1: is a number; want "scp" or "rcp"`,
				`org.json:5:48: /root/x: unknown member "x"; want id, policyTypes, attached, ous or accounts`,
				`org.json:6:24: /managementAccount: is null; leave the member out if there is nothing to say`,
				`org.json:7:22: /controlPolicies: is an object; want an array`,
				`org.json:8:12: /gaps/0: is a number; want an object, a gap`,
				`org.json:8:27: /gaps/1/subject: is a boolean; want a string`,
			},
		},
		"members of an account": {
			snapshot("org.json", `
{"accounts": [
  {"id": "111122223333", "name": "prod", "blockPublicAccess": "yes",
    "tags": {"a": 1, "b": "x", "b": "y"},
    "users": [{"arn": "arn:aws:iam", "attached": [null, "x"]}],
    "groups": [{"arn": 3}],
    "roles": [{"turst": {}}],
    "resources": [{"policy": true}],
    "policies": "none",
    "endpoints": [[]]},
  7
]}`),
			[]string{
				`org.json:2:63: /accounts/0/blockPublicAccess: is a string; want true or false`,
				`org.json:3:19: /accounts/0/tags/a: is a number; want a string`,
				`org.json:3:32: /accounts/0/tags/b: duplicate member "b"; keep one`,
				`org.json:4:23: /accounts/0/users/0/arn: ARN "arn:aws:iam": 3 parts; want 6: arn:partition:service:region:account:resource`,
				`org.json:4:51: /accounts/0/users/0/attached/0: is null; want an ARN`,
				`org.json:4:57: /accounts/0/users/0/attached/1: ARN "x": does not start with "arn:"; want arn:partition:service:region:account:resource`,
				`org.json:5:24: /accounts/0/groups/0/arn: is a number; want an ARN`,
				`org.json:6:16: /accounts/0/roles/0/turst: unknown member "turst"; did you mean "trust"?`,
				`org.json:7:30: /accounts/0/resources/0/policy: is a boolean; want a policy document, or the path of its file`,
				`org.json:8:17: /accounts/0/policies: is a string; want an array`,
				`org.json:9:19: /accounts/0/endpoints/0: is an array; want an object, a VPC endpoint`,
				`org.json:10:3: /accounts/1: is a number; want an account, or the path of its file`,
			},
		},
		"tags that are none": {
			snapshot("org.json", `{"accounts": [{"id": "111122223333", "tags": []}]}`),
			[]string{`org.json:1:46: /accounts/0/tags: is an array; want an object of tag keys and values`},
		},
		"paths": {
			snapshot("org.json", `
{"accounts": [
  "../111122223333.json",
  "",
  "accounts\\111122223333.json",
  "accounts/111122223333.json",
  "accounts/444455556666.json",
  "accounts/444455556666.json",
  "accounts"
]}`, "accounts/444455556666.json", `{"id": "444455556666"}`),
			[]string{
				`org.json:2:3: /accounts/0: path "../111122223333.json" does not lead to a file inside the snapshot; want one relative to its directory, without . and ..`,
				`org.json:3:3: /accounts/1: empty path; want the object itself, or the path of its file`,
				`org.json:4:3: /accounts/2: path "accounts\\111122223333.json" has a backslash; want "/" between its parts`,
				`org.json:5:3: /accounts/3: no file "accounts/111122223333.json" in the snapshot: file does not exist`,
				`org.json:7:3: /accounts/5: "accounts/444455556666.json" is listed twice; keep one`,
				`org.json:8:3: /accounts/6: file "accounts": read accounts: invalid argument`,
			},
		},
		"account files": {
			snapshot("org.json", `{"accounts": ["accounts/111122223333.json", "accounts/444455556666.json"]}`,
				"accounts/111122223333.json", "{\n",
				"accounts/444455556666.json", "{\n  \"name\": 1,\n  \"id\": \"111122223333\"}"),
			[]string{
				`accounts/111122223333.json:2:1: the text ends in the middle of a JSON value; it looks truncated`,
				`accounts/444455556666.json:2:11: /name: is a number; want a string`,
				`accounts/444455556666.json:3:9: /id: is "111122223333", but the file is that of account 444455556666; want the same account in both`,
			},
		},
		"account file not named": {
			snapshot("org.json", `{}`, "accounts/111122223333.json", `{"id": "111122223333"}`, "accounts/README", "", "accounts/111122223333/roles/app/trust.json", allowAll),
			[]string{`accounts/111122223333.json: not named in org.json; add "accounts/111122223333.json" to its accounts, or remove the file`,
				`accounts/111122223333/roles/app/trust.json: nothing names this document, so it is not in force; attach it, or remove the file`},
		},
		"documents": {
			snapshot("org.json", `
{
  "root": {"id": "r-1", "policyTypes": ["scp"], "attached": ["p-1", "p-4"]},
  "controlPolicies": [
    {"id": "p-1", "kind": "scp", "document": "p/1.json"},
    {"id": "p-2", "kind": "scp", "document": "p/1.json"},
    {"id": "p-3", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": {
      "Effect": "allow", "Action": "*", "Resource": "*"}}}
  ]
}`, "p/1.json", "{\n  \"Statement\": [\n    {\"Efect\": \"Allow\"}\n  ]\n}"),
			[]string{
				`org.json:2:69: /root/attached/1: root r-1: no control policy "p-4"; did you mean "p-1"?`,
				`org.json:7:17: /Statement/Effect: unknown effect "allow"; want "Allow" or "Deny", in this spelling`,
				`p/1.json:3:5: /Statement/0/Effect: missing; want "Allow" or "Deny"`,
				`p/1.json:3:5: /Statement/0/Action: missing; want Action or NotAction`,
				`p/1.json:3:6: /Statement/0/Efect: unknown element "Efect"; did you mean "Effect"?`,
			},
		},
		"document of another kind": {
			snapshot("org.json", `
{"accounts": [{"id": "111122223333", "roles": [{"arn": "arn:aws:iam::111122223333:role/app",
  "trust": `+allowAll+`}],
  "policies": [{"arn": "arn:aws:iam::111122223333:policy/P", "document": "p.json"}]}]}`,
				"p.json", "{\"Statement\": {\n\t\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\"}}"),
			[]string{
				`org.json:2:51: /Statement/0: Principal is missing, which a policy of kind trust must have; want "Principal": "*" or an object such as {"AWS": "111122223333"}`,
				`org.json:2:98: /Statement/0/Resource: not allowed in a trust policy: the resource is the role; remove it`,
				`p.json:2:34: /Statement/0/Principal: not allowed in a policy of kind identity: the principals are those that it is attached to; remove it`,
			},
		},
		"references": {
			snapshot("org.json", `
{
  "managementAccount": "999900001111",
  "root": {
    "id": "r-1", "policyTypes": ["scp"], "attached": ["p-FullAWSAcces"],
    "accounts": ["111122223333", "444455556666"],
    "ous": [{"id": "ou-1", "accounts": ["111122223333"],
      "ous": [{"id": "ou-2", "ous": [{"id": "ou-1"}]}]}]
  },
  "accounts": ["accounts/111122223333.json", {"id": "999900001112"}]
}`, "accounts/111122223333.json", `
{
  "id": "111122223333",
  "attached": ["p-x"],
  "users": [
    {"arn": "arn:aws:iam::111122223333:user/ana", "groups": ["admins"],
     "attached": ["arn:aws:iam::111122223333:policy/P"]},
    {"groups": ["logs"],
     "boundary": "arn:aws:iam::aws:policy/Nothing"}
  ]
}`),
			[]string{
				`org.json:2:24: /managementAccount: managementAccount: no account "999900001111"; did you mean "999900001112"?`,
				`org.json:4:55: /root/attached/0: root r-1: no control policy "p-FullAWSAcces"; did you mean "p-FullAWSAccess"?`,
				`org.json:5:34: /root/accounts/1: the tree: no account "444455556666"; list it under accounts, or add a gap with this subject`,
				`org.json:6:41: /root/ous/0/accounts/0: account 111122223333 is in two places; the other is at org.json:5:18, keep one`,
				`org.json:7:45: /root/ous/0/ous/0/ous/0/id: OU cycle: ou-1 is inside itself (ou-1 > ou-2 > ou-1)`,
				`org.json:9:53: /accounts/1/id: account 999900001112 is nowhere in the tree; put it below the root or an OU`,
				`accounts/111122223333.json:3:16: /attached/0: account 111122223333: no control policy "p-x"; list it under controlPolicies, or add a gap with this subject`,
				`accounts/111122223333.json:5:62: /users/0/groups/0: user arn:aws:iam::111122223333:user/ana: no group "admins"; list it under the account's groups by its name without path, or add a gap for its ARN`,
				`accounts/111122223333.json:6:19: /users/0/attached/0: user arn:aws:iam::111122223333:user/ana: no managed policy "arn:aws:iam::111122223333:policy/P"; list it under the account's policies, or add a gap with this subject`,
				`accounts/111122223333.json:7:5: /users/1/arn: missing; want arn:aws:iam::111122223333:user/…`,
				`accounts/111122223333.json:7:17: /users/1/groups/0: user : no group "logs"; list it under the account's groups by its name without path, or add a gap for its ARN`,
				`accounts/111122223333.json:8:18: /users/1/boundary: user : no managed policy "arn:aws:iam::aws:policy/Nothing"; list it under the account's policies, or add a gap with this subject`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := org.ReadFS(tt.files)
			require.Equal(t, tt.want, lines(err))
		})
	}
}

func TestReadFSErrorTypes(t *testing.T) {
	_, err := org.ReadFS(snapshot())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = org.ReadFS(snapshot("org.json", "{\n\"managementAccount\": \"999900001111\"}"))
	ref, ok := asError[*org.ReferenceError](err)
	require.True(t, ok)
	require.Equal(t, "org.json", ref.File)
	require.Equal(t, policy.Position{Offset: 23, Line: 2, Column: 22}, ref.Position)
	_, err = org.ReadFS(snapshot("org.json", `{"accounts": [{"id": "1"}]}`))
	spec, ok := asError[*org.SpecError](err)
	require.True(t, ok)
	require.Equal(t, "/accounts/0/id", spec.Path)
	_, err = org.ReadFS(snapshot("org.json", `{"accounts": [{"id": "111122223333", "resources": [{"arn": "arn:aws:s3:::logs", "policy": {}}]}]}`))
	doc, ok := asError[*policy.ParseError](err)
	require.True(t, ok)
	require.Equal(t, "org.json", doc.File)
	require.Equal(t, 91, doc.Position.Column)
}

func TestReadFSKeepsOneDocumentPerFile(t *testing.T) {
	o, err := org.ReadFS(snapshot("org.json", `{"accounts": ["a.json", "b.json"]}`,
		"a.json", `{"id": "111122223333", "policies": [{"arn": "arn:aws:iam::aws:policy/P", "document": "p.json"}, {"arn": "arn:aws:iam::111122223333:policy/Q", "document": "p.json"}]}`,
		"b.json", `{"id": "444455556666", "policies": [{"arn": "arn:aws:iam::aws:policy/P", "document": "p.json"}]}`,
		"p.json", allowAll))
	require.NoError(t, err)
	s := o.Spec()
	require.Same(t, s.Accounts[0].Policies[0].Document, s.Accounts[0].Policies[1].Document)
	require.Same(t, s.Accounts[0].Policies[0].Document, s.Accounts[1].Policies[0].Document)
	require.Equal(t, "p.json", s.Accounts[0].Policies[0].Document.File())
}

func TestParse(t *testing.T) {
	o, err := org.Parse([]byte(`{"accounts": [{"id": "111122223333", "roles": [{"arn": "arn:aws:iam::111122223333:role/app"}]}]}`))
	require.NoError(t, err)
	_, ok := o.Role(app)
	require.True(t, ok)

	start := policy.Position{Offset: 100, Line: 12, Column: 3}
	_, err = org.ParseAt("story.txtar", start, []byte("{\"id\": 1,\n\"accounts\": [\"accounts/111122223333.json\",\n {\"id\": \"111122223333\", \"policies\": [{\"document\": {}}]}]}"))
	require.Equal(t, []string{
		`story.txtar:12:10: /id: is a number; want a string`,
		`story.txtar:13:14: /accounts/0: "accounts/111122223333.json" is a path, and there is only this one text; want the object itself`,
		`story.txtar:14:51: /Statement: missing; want a statement or an array of statements`,
	}, lines(err))
	_, err = org.Parse([]byte(`{"accounts": [{"id": "111122223333"}, {"id": "111122223333"}]}`))
	require.EqualError(t, err, `1:46: /accounts/1/id: account ID "111122223333" is listed twice; the first is at 1:22`)
}

func TestReadDeeplyNestedOUs(t *testing.T) {
	const depth = 3000
	src := `{"root": {"id": "r-1", "ous": [` + strings.Repeat(`{"id": "", "ous": [`, depth) + strings.Repeat(`]}`, depth) + `]}}`
	_, err := org.Parse([]byte(src))
	require.Len(t, lines(err), 7)
}
