package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// shop is an organization of two accounts, in the one of which ana reads logs.
func shop() fakeaws.World {
	read := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*")}))
	full := []string{org.FullAWSAccess}
	root := &org.Credentials{Password: &org.Password{}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{}, Certificates: []org.Certificate{}}
	return fakeaws.World{Reader: "LicitReader", Organization: org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "111122223333", DelegatedAdministrators: []org.DelegatedAdministrator{}, TrustedServices: []string{},
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: full, Accounts: []string{"111122223333", "444455556666"}},
		Accounts: []org.Account{
			{ID: "111122223333", Name: "Management", State: "ACTIVE", Attached: full, RootUser: root},
			{ID: "444455556666", Name: "Production", State: "ACTIVE", Attached: full, RootUser: root, Users: []org.User{{
				ARN: policy.MustParseARN("arn:aws:iam::444455556666:user/ana"), ID: "AIDAEXAMPLEANA", Inline: []org.InlinePolicy{{Name: "logs", Document: read}},
			}}},
		},
	}}
}

// loads runs a command line with credentials of the management account.
func loads(t *testing.T, s *fakeaws.Server, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stderr: &errs, linter: rulesOfLint{}, facts: embeddedFacts(), ref: nil,
		aws: func(context.Context) (aws.Config, error) { return s.Config(t, "111122223333"), nil }}
	code = a.run(args, &out)
	return code, out.String(), errs.String()
}

func TestLoad(t *testing.T) {
	s := fakeaws.New(t, shop())
	dir := t.TempDir()
	code, stdout, stderr := loads(t, s, "load", "--out", dir, "--role", "LicitReader", "--regions", "eu-west-3")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "organization o-exampleorgid, management account 111122223333, SCPs enabled")
	o, err := org.ReadFS(os.DirFS(dir))
	require.NoError(t, err)
	_, ok := o.User(policy.MustParseARN("arn:aws:iam::444455556666:user/ana"))
	require.True(t, ok)
	info, err := os.Stat(dir + "/.load/load.json")
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "only the user who loads reads what AWS answered")

	// What is young is not read again.
	s.Forget()
	code, again, stderr := loads(t, s, "load", "--out", dir, "--role", "LicitReader", "--regions", "eu-west-3")
	require.Zero(t, code, stderr)
	require.Equal(t, stdout, again)
	require.Len(t, s.Calls(), 1)
}

func TestLoadPartial(t *testing.T) {
	s := fakeaws.New(t, shop())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListKeys", Account: "444455556666"}, Kind: fakeaws.Deny})
	dir := t.TempDir()
	code, _, stderr := loads(t, s, "load", "--out", dir, "--role", "LicitReader", "--regions", "eu-west-3", "--sections", "iam,kms", "--progress", "json")
	require.Equal(t, exitPartial, code)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	require.Equal(t, "licit: kms of 444455556666 in eu-west-3: AccessDeniedException: kms:ListKeys", lines[len(lines)-1])
	states := make(map[string]string)
	for _, line := range lines[:len(lines)-1] {
		var p progressJSON
		require.NoError(t, json.Unmarshal([]byte(line), &p))
		states[p.Section+" "+p.Account] = p.State
	}
	require.Equal(t, map[string]string{
		"organization 111122223333": "complete", "iam 111122223333": "complete", "iam 444455556666": "complete",
		"kms 111122223333": "complete", "kms 444455556666": "partial",
	}, states)
	_, err := org.ReadFS(os.DirFS(dir))
	require.NoError(t, err, "a snapshot with gaps is one")
	code, stdout, _ := loads(t, s, "snapshot", "check", dir)
	require.Equal(t, exitPartial, code, "check says what load said")
	require.Contains(t, stdout, ": valid, with ")

	s.Heal()
	code, _, stderr = loads(t, s, "load", "--out", dir, "--role", "LicitReader", "--regions", "eu-west-3", "--sections", "iam,kms", "--progress", "none")
	require.Zero(t, code, stderr)
	require.Empty(t, stderr)
	code, stdout, _ = loads(t, s, "snapshot", "check", dir)
	require.Zero(t, code)
	require.Contains(t, stdout, ": complete, but for ")
}

func TestLoadErrors(t *testing.T) {
	s := fakeaws.New(t, shop())
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"load"}, "licit: --out: missing; want the directory for the snapshot"},
		{[]string{"load", "--out", "x", "--progress", "loud"}, `--progress "loud": want text, json or none`},
		{[]string{"load", "--out", t.TempDir(), "--accounts", "prod"}, `"prod" is no account ID; want twelve digits`},
		{[]string{"load", "--out", t.TempDir(), "--sections", "ec2"}, `"ec2" is no section; want some of organization,`},
		{[]string{"load", "--out", t.TempDir(), "--regions", "Paris"}, `"Paris" is no Region`},
		{[]string{"load", "--out", t.TempDir(), "--accounts", "000000000000"}, "account 000000000000 is not in the organization"},
	} {
		code, stdout, stderr := loads(t, s, test.args...)
		require.Equal(t, exitError, code, "%q", test.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, test.want)
	}
	s.Inject(fakeaws.Fault{Kind: fakeaws.Expired})
	dir := t.TempDir()
	code, _, stderr := loads(t, s, "load", "--out", dir)
	require.Equal(t, exitError, code)
	require.Contains(t, stderr, "licit: the credentials: ExpiredToken")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	var errs bytes.Buffer
	a := &app{stderr: &errs, facts: embeddedFacts(), aws: func(context.Context) (aws.Config, error) { return aws.Config{}, errors.New("no profile orders") }}
	require.Equal(t, exitError, a.run([]string{"load", "--out", dir}, &bytes.Buffer{}))
	require.Contains(t, errs.String(), "no profile orders")
}
