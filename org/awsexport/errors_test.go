package awsexport_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

const noUsers = `{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`

func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing": {map[string]string{"todo.txt": "x"}, "no file is the output of an AWS CLI command that is read, a record or a credential report\ntodo.txt: not read: its name ends in none of .json, .jsonl and .csv"},
		"wrong account behind a role": {
			map[string]string{"444455556666/gaad.json": details + "}"},
			"444455556666/gaad.json:1:1: this is of account 111122223333, and stands for account 444455556666; want each account's answers under its own ID",
		},
		"record of the wrong account": {
			map[string]string{"a.jsonl": `{"service": "iam", "operation": "GetAccountAuthorizationDetails", "account": "444455556666", "output": {"UserDetailList": [], "RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/ci"}]}}`},
			"a.jsonl:1:1: this is of account 111122223333, and stands for account 444455556666; want each account's answers under its own ID",
		},
		"report of the wrong account": {
			map[string]string{"444455556666/report.csv": "user,arn,mfa_active\n<root_account>,arn:aws:iam::111122223333:root,true\n"},
			"444455556666/report.csv: this is of account 111122223333, and stands for account 444455556666; want each account's answers under its own ID",
		},
		"bucket policy under the wrong account": {
			map[string]string{
				"111122223333/s3/list-buckets.json":           `{"Buckets": [{"Name": "logs"}], "Owner": {"ID": "o1"}}`,
				"111122223333/s3/get-bucket-policy.logs.json": `{"Policy": "{}"}`,
				"444455556666/s3/get-bucket-policy.logs.json": `{"Policy": "{}"}`,
			},
			"444455556666/s3/get-bucket-policy.logs.json:1:1: arn:aws:s3:::logs stands for account 444455556666, and for account 111122223333 at 111122223333/s3/list-buckets.json:1:1; want each account's answers under its own ID",
		},
		"two organizations": {
			map[string]string{
				"a.json": `{"Organization": {"Id": "o-aaaaaaaaaa", "MasterAccountId": "111122223333"}}`,
				"b.json": `{"Organization": {"Id": "o-bbbbbbbbbb", "MasterAccountId": "111122223333"}}`,
			},
			"b.json:1:18: this is of organization o-bbbbbbbbbb, and other files are of o-aaaaaaaaaa; want one organization",
		},
		"not as AWS writes it": {
			map[string]string{"111122223333/a.json": `{"UserDetailList": "none",` + "\n" + ` "GroupDetailList": [{"Arn": 1}]}`},
			"111122223333/a.json:1:20: is a string; want an array\n111122223333/a.json:2:30: is a number; want a string\n111122223333/a.json:2:22: has no Arn",
		},
		"time": {
			map[string]string{"111122223333/a.json": `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "CreateDate": "yesterday"}]}`},
			`111122223333/a.json:1:81: is no time; want one such as "2024-05-01T10:00:00Z"`,
		},
		"unit":                 {map[string]string{"a.jsonl": `{"unit": {"section": "iam", "state": "done"}}`}, `a.jsonl:1:10: "done" is no state of a unit; want "complete", "absent", "partial", "skipped" or "unknown"`},
		"unit without section": {map[string]string{"a.jsonl": `{"unit": {"state": "complete"}}`}, `a.jsonl:1:10: the unit has no section; want one such as "iam"`},
		"record of no account": {map[string]string{"a.jsonl": `{"service": "iam", "operation": "ListSAMLProviders", "account": "1", "output": {}}`}, `a.jsonl:1:65: "1" is no account ID; want 12 digits`},
		"record without output": {
			map[string]string{"a.jsonl": "\n" + `{"service": "iam", "operation": "ListSAMLProviders", "account": "111122223333"}`},
			"a.jsonl:2:1: the record has neither an output, an object, nor an error",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := awsexport.Read(files(tt.files))
			require.EqualError(t, err, tt.want)
		})
	}
	_, err := awsexport.Read(files(map[string]string{"111122223333/a.json": `{"UserDetailList": [` + strings.Repeat("1,", 9999) + `1]}`}))
	list, ok := err.(org.Errors)
	require.True(t, ok)
	require.LessOrEqual(t, len(list), 101, "errors are bounded")
}

func TestNotes(t *testing.T) {
	for name, tt := range map[string]struct {
		file, text string
		want       string
	}{
		"no JSON":              {"x.json", "hello", "x.json: line 1: no JSON: invalid character 'h' at start of value; what it holds is not known"},
		"empty":                {"x.json", "", "x.json: line 1: empty, as when the command that was to write it failed; what it holds is not known"},
		"other output":         {"x.json", `{"Vpcs": []}`, "x.json: 1:1: not recognised; name the file like the command that printed it, such as list-targets-for-policy.p-examplepolicy.json, in a directory named like the service if several have the command"},
		"a number":             {"x.json", "1", "x.json: a number; want the output of an AWS CLI command, or records"},
		"no pages":             {"x.json", "[]", "x.json: an empty array; want outputs of the AWS CLI"},
		"other operation":      {"x.jsonl", `{"service": "ec2", "operation": "DescribeVpcs", "output": {}}`, "x.jsonl: 1:1: DescribeVpcs of ec2 is not an operation that is read"},
		"other CSV":            {"x.csv", "a,b\n", "x.csv: not recognised: a credential report begins with the columns user and arn"},
		"whose policy":         {"list-targets-for-policy.json", `{"Targets": []}`, "list-targets-for-policy.json: does not say of which policy it is; name the file list-targets-for-policy.POLICY-ID.json"},
		"which account":        {"get-account-password-policy.json", `{"PasswordPolicy": {}}`, "get-account-password-policy.json: get-account-password-policy does not say of which account it is; put the file into a directory that is named like the account, such as 111122223333"},
		"two services":         {"list-users.json", `{"Users": []}`, "list-users.json: 1:1: not recognised; name the file like the command that printed it, such as list-targets-for-policy.p-examplepolicy.json, in a directory named like the service if several have the command"},
		"groups of two":        {"list-groups.json", `{"Groups": []}`, "list-groups.json: 1:1: not recognised; name the file like the command that printed it, such as list-targets-for-policy.p-examplepolicy.json, in a directory named like the service if several have the command"},
		"IAM policy":           {"111122223333/get-policy.json", `{"Policy": {"PolicyName": "x"}}`, "111122223333/get-policy.json: 1:1: not the output of get-policy, which has Policy"},
		"which key":            {"111122223333/get-key-policy.json", `{"Policy": "{}"}`, "111122223333/get-key-policy.json: get-key-policy does not say which resource it is about; name the file get-key-policy.NAME.json, in directories that are named like the account and the Region"},
		"which set":            {"get-inline-policy-for-permission-set.json", `{"InlinePolicy": ""}`, "get-inline-policy-for-permission-set.json: does not say of which permission set it is; name the file get-inline-policy-for-permission-set.ID.json, where ID is the last part of its ARN, such as ps-0123456789abcdef"},
		"error of the AWS CLI": {"x.json", "\nAn error occurred (ExpiredToken) when calling the ListWonders operation: The security token included in the request is expired\n", "x.json: the AWS CLI could not answer ListWonders: ExpiredToken"},
	} {
		t.Run(name, func(t *testing.T) {
			x := read(t, map[string]string{"111122223333/gaad.json": noUsers, tt.file: tt.text}, awsexport.WithoutOrganization())
			require.Len(t, x.Notes, 1)
			require.Equal(t, tt.want, x.Notes[0].String())
		})
	}
	x := read(t, map[string]string{"111122223333/gaad.json": noUsers, ".git/config.json": "x", ".hidden.json": "x"}, awsexport.WithoutOrganization())
	require.Empty(t, x.Notes)
}

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// A report that is cut off has only some users; the others are not known.
func TestCutOff(t *testing.T) {
	report := "user,arn,mfa_active\n<root_account>,arn:aws:iam::111122223333:root,true\nana,arn:aws:iam::111122"
	x := read(t, map[string]string{"gaad.json": details + "}", "report.csv": report}, awsexport.WithoutOrganization())
	a, _ := x.Organization.Account("111122223333")
	require.True(t, a.RootUser.MFA.Active)
	require.Nil(t, a.Users[0].Credentials)
	require.Equal(t, "report.csv: the report is cut off: line 3 has 2 of 3 columns; get-account-summary and get-account-password-policy not in the export", reasonOf(t, x, "credentials"))

	packed := zip(t, details+"}")
	x = read(t, map[string]string{"111122223333/gaad.json.gz": packed[:len(packed)-20]}, awsexport.WithoutOrganization())
	require.Contains(t, reasonOf(t, x, "iam"), "cut off: it ends in the middle of a JSON value")
	require.Len(t, x.Notes, 1)

	// Of records, those before are read.
	lines := ""
	for i, name := range []string{"ana", "bo"} {
		lines += fmt.Sprintf(`{"service": "iam", "operation": "GetAccountAuthorizationDetails", "account": "111122223333", "input": {"Marker": "%[1]d"}, "output": {"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/%[2]s"}], "IsTruncated": true, "Marker": "%[3]d"}}`+"\n", i, name, i+1)
	}
	lines = strings.Replace(lines, `{"Marker": "0"}`, "{}", 1)
	x = read(t, map[string]string{"a.jsonl": lines[:len(lines)-30]}, awsexport.WithoutOrganization())
	a, _ = x.Organization.Account("111122223333")
	require.Len(t, a.Users, 1)
	require.Equal(t, "a.jsonl:2: cut off: it ends in the middle of a JSON value", reasonOf(t, x, "iam"))
}

func reasonOf(t *testing.T, x *awsexport.Export, section string) string {
	t.Helper()
	for _, u := range x.Organization.Spec().Coverage {
		if u.Section == section && u.State == org.Partial {
			return u.Reason
		}
	}
	t.Fatalf("section %s is not partial", section)
	return ""
}

// Units of records are the coverage, unless the records say that less is known.
func TestUnits(t *testing.T) {
	x := read(t, map[string]string{"a.jsonl": `{"unit": {"account": "111122223333", "section": "iam", "state": "complete"}}
{"unit": {"account": "444455556666", "section": "iam", "state": "skipped", "reason": "the account is SUSPENDED"}}
{"unit": {"account": "111122223333", "region": "eu-west-3", "section": "sqs", "state": "complete"}}
{"unit": {"account": "111122223333", "region": "us-east-1", "section": "sqs", "state": "skipped", "reason": "not asked for"}}
{"unit": {"section": "organization", "state": "absent"}}
{"service": "sqs", "operation": "ListQueues", "account": "111122223333", "region": "eu-west-3", "input": {}, "output": {"QueueUrls": null}}
{"service": "iam", "operation": "GetAccountAuthorizationDetails", "account": "111122223333", "input": {"Filter": ["Role"]}, "output": {}}
{"service": "iam", "operation": "GetAccountAuthorizationDetails", "account": "444455556666", "error": {"code": "AccessDenied", "message": "no"}}`})
	require.Equal(t, "", x.Organization.ID())
	units := map[string]org.Unit{}
	for _, u := range x.Organization.Spec().Coverage {
		units[u.Account+" "+u.Region+" "+u.Section] = u
	}
	require.Equal(t, org.Partial, units["111122223333  iam"].State, "there are more kinds than roles")
	require.Equal(t, "the account is SUSPENDED", units["444455556666  iam"].Reason)
	require.Equal(t, org.Complete, units["111122223333 eu-west-3 sqs"].State)
	var about []string
	for g := range x.Organization.Gaps() {
		if strings.Contains(g.Subject, "sqs") || strings.Contains(g.Subject, "iam") {
			about = append(about, g.Subject+" "+g.What+" "+g.Reason)
		}
	}
	const why = " unlisted get-account-authorization-details is not in the export"
	require.Equal(t, []string{
		"arn:aws:iam::111122223333:group/*" + why, "arn:aws:iam::111122223333:policy/*" + why, "arn:aws:iam::111122223333:user/*" + why,
		"arn:aws:iam::444455556666:* unlisted AccessDenied: iam:GetAccountAuthorizationDetails",
		"arn:aws:sqs:* tags the export has no tags of resources of this service",
		"arn:aws:sqs:*:444455556666:* unlisted list-queues is not in the export",
		"arn:aws:sqs:us-east-1:111122223333:* unlisted not asked for",
	}, about)
}
