package simtest_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/simtest"
)

var update = flag.Bool("update", false, "update the golden files")

const world = `{
  "id": "o-a1b2c3d4e5", "managementAccount": "444455556666",
  "root": {"id": "r-ab12", "policyTypes": ["scp"], "attached": ["p-regionseu1"], "accounts": ["111122223333", "444455556666"]},
  "controlPolicies": [{"id": "p-regionseu1", "name": "regions", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": [
    {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Sid": "OutsideEU", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]}}],
  "accounts": [{"id": "444455556666"}, {"id": "111122223333", "attached": ["p-FullAWSAccess"],
    "users": [{"arn": "arn:aws:iam::111122223333:user/ana", "inline": [{"name": "orders", "document": {"Version": "2012-10-17", "Statement": [
      {"Sid": "Orders", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:ListQueues"], "Resource": "*"}]}}]}],
    "resources": [{"arn": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}]
}`

const (
	ana     = "arn:aws:iam::111122223333:user/ana"
	orders  = "arn:aws:sqs:eu-west-1:111122223333:orders"
	ireland = "aws:RequestedRegion=eu-west-1"
)

func organization(t testing.TB) *org.Organization {
	t.Helper()
	o, err := org.ReadFS(fstest.MapFS{"org.json": {Data: []byte(world)}})
	require.NoError(t, err)
	return o
}

// A recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	errors, logs []string
}

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) { r.Error(fmt.Sprintf(format, args...)) }

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	panic(r)
}

// record runs a function up to its first fatal failure.
func record(f func(t testing.TB)) (r *recorder) {
	r = &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
	}()
	f(r)
	return r
}

// Every verb passes where it should, and fails elsewhere with a text that is in a golden
// file.
func TestFailures(t *testing.T) {
	e := simtest.Env(t, organization(t))
	loose, err := simulate.Compile(organization(t))
	require.NoError(t, err)
	without, err := e.Apply(org.DetachControlPolicy("p-regionseu1", "r-ab12"), org.AttachControlPolicy(org.FullAWSAccess, "r-ab12"))
	require.NoError(t, err)
	unknown, err := e.Apply(org.MarkUnknown(org.Gap{Subject: ana, What: org.GapIdentityPolicies, Reason: "not exported"}))
	require.NoError(t, err)
	request := func(action policy.Action, region string) simulate.Request {
		return simulate.Request{
			Principal: policy.PrincipalFromARN(policy.MustParseARN(ana)), Action: action, Resource: policy.MustParseARN(orders),
			Keys: simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {region}}),
		}
	}
	send, abroad, purge := request("sqs:SendMessage", "eu-west-1"), request("sqs:SendMessage", "us-east-1"), request("sqs:PurgeQueue", "eu-west-1")
	unchanged := func(before, after *simulate.Environment, requests ...simulate.Request) func(testing.TB) {
		return func(t testing.TB) { simtest.Unchanged(t, before, after, slices.Values(requests)) }
	}
	allowed := func(e *simulate.Environment, args ...string) func(testing.TB) {
		return func(t testing.TB) { simtest.Allowed(t, e, args[0], args[1], args[2], args[3:]...) }
	}
	denied := func(e *simulate.Environment, args ...string) func(testing.TB) {
		return func(t testing.TB) { simtest.Denied(t, e, args[0], args[1], args[2], args[3:]...) }
	}
	var golden strings.Builder
	for _, test := range []struct {
		name  string
		run   func(testing.TB)
		fails bool
	}{
		{"allowed", allowed(e, ana, "sqs:SendMessage", orders, ireland), false},
		{"allowed, of several spellings", allowed(e, ana, "SQS:sendmessage", orders, "AWS:requestedregion=eu-west-1", "aws:UserAgent=a b"), false},
		{"allowed, but explicitly denied", allowed(e, ana, "sqs:SendMessage", orders, "aws:RequestedRegion=us-east-1"), true},
		{"allowed, but implicitly denied", allowed(e, ana, "sqs:PurgeQueue", orders, ireland), true},
		{"allowed, but unknown", allowed(loose, ana, "sqs:ListQueues", "*"), true},
		{"denied", denied(e, ana, "sqs:SendMessage", orders, "aws:RequestedRegion=us-east-1"), false},
		{"denied implicitly", denied(e, ana, "sqs:PurgeQueue", orders, ireland), false},
		{"denied, but allowed", denied(e, ana, "sqs:SendMessage", orders, ireland), true},
		{"denied, but unknown", denied(loose, ana, "sqs:ListQueues", "*"), true},
		{"denied, of nobody", denied(e, "arn:aws:iam::111122223333:user/anna", "sqs:PurgeQueue", orders, ireland), true},
		{"denied, of nothing", denied(e, ana, "sqs:PurgeQueu", orders, ireland), true},
		{"denied, of nonsense", denied(e, "ana", "sqs", "orders", "region=eu", "aws:UserAgent=a,,b"), true},
		{"unchanged", unchanged(e, without, send, purge), false},
		{"unchanged, whichever deny it is", unchanged(without, e, purge, request("sqs:PurgeQueue", "us-east-1")), false},
		{"unchanged, but gained", unchanged(e, without, send, abroad), true},
		{"unchanged, but lost", unchanged(without, e, abroad, abroad), true},
		{"unchanged, but not certain", unchanged(e, unknown, purge), true},
		{"unchanged, but not certain before either", unchanged(unknown, unknown, purge), true},
		{"unchanged, of nothing", unchanged(e, without), true},
		{"no organization", func(t testing.TB) { simtest.Env(t, nil) }, true},
	} {
		r := record(test.run)
		require.Equal(t, test.fails, len(r.errors) > 0, "%s: %q", test.name, r.errors)
		if test.fails {
			fmt.Fprintf(&golden, "== %s\n%s\n", test.name, strings.TrimRight(strings.Join(r.errors, "\n"), "\n"))
		}
	}
	name := filepath.Join("testdata", "failures.txt")
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(golden.String()), 0o666))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), golden.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A failure lists twenty requests.
func TestUnchangedLists(t *testing.T) {
	before := simtest.Env(t, organization(t))
	after, err := before.Apply(org.Remove(policy.MustParseARN(ana)))
	require.NoError(t, err)
	r := simulate.Request{
		Principal: policy.PrincipalFromARN(policy.MustParseARN(ana)), Action: "sqs:SendMessage", Resource: policy.MustParseARN(orders),
		Keys: simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {"eu-west-1"}}),
	}
	got := record(func(t testing.TB) {
		simtest.Unchanged(t, before, after, slices.Values(slices.Repeat([]simulate.Request{r}, 21)))
	})
	require.Len(t, got.errors, 1)
	require.True(t, strings.HasPrefix(got.errors[0], "21 of 21 requests are not decided as before\n"), got.errors[0])
	require.True(t, strings.HasSuffix(got.errors[0], "\nand 1 more"), got.errors[0])
	require.Equal(t, 20, strings.Count(got.errors[0], "\nnot certain: "), got.errors[0])
}

// A doubtful case is logged.
func TestWarnings(t *testing.T) {
	e := simtest.Env(t, organization(t))
	r := record(func(t testing.TB) {
		simtest.Denied(t, e, ana, "sqs:PurgeQueue", orders, "aws:RequestedRegio=eu-west-1")
	})
	require.Empty(t, r.errors)
	require.Len(t, r.logs, 1)
	require.Contains(t, r.logs[0], "warning: no condition key aws:RequestedRegio as of 20")
	require.Contains(t, r.logs[0], "; did you mean aws:RequestedRegion?")
}

var caseFiles = fstest.MapFS{
	"a.txtar":            {Data: []byte("In the environment.\n-- cases --\nallowed  " + ana + "  sqs:SendMessage  " + orders + "  " + ireland + "\n?indeterminate  " + ana + "  sqs:ListQueues  *\nexplicitDeny  " + ana + "  sqs:ListQueues  *\n")},
	"sub/own.txtar":      {Data: []byte("In its own.\n-- org.json --\n{\"accounts\": [{\"id\": \"111122223333\"}]}\n-- cases --\nallowed  arn:aws:iam::111122223333:root  sqs:SendMessage  " + orders + "\n")},
	"sub/cases.jsonl":    {Data: []byte(`{"request": {"principal": "*", "action": "sqs:SendMessage", "resource": "` + orders + `"}, "expect": "implicitDeny"}`)},
	"_parked.txtar":      {Data: []byte("not run")},
	".hidden/bad.txtar":  {Data: []byte("not run")},
	"node_modules/b.txt": {Data: []byte("not run")},
}

func TestRunFS(t *testing.T) {
	loose, err := simulate.Compile(organization(t))
	require.NoError(t, err)
	for _, e := range []*simulate.Environment{simtest.Env(t, organization(t)), loose} {
		simtest.RunFS(t, caseFiles, e)
	}
	simtest.RunFS(t, fstest.MapFS{"own.txtar": caseFiles["sub/own.txtar"], "cases.jsonl": caseFiles["sub/cases.jsonl"]}, nil)
}

// failing are runs that fail, by the name of their golden text.
var failing = map[string]fstest.MapFS{
	"cases": {
		"a.txtar": {Data: []byte("-- cases --\nallowed  " + ana + "  sqs:SendMessage  " + orders + "  " + ireland + "\nallowed  " + ana + "  sqs:PurgeQueue  " + orders + "  " + ireland + "\nallow  " + ana + "\n")},
		"b.txtar": {Data: []byte("no cases\n")},
		"c.jsonl": {Data: []byte(`{"request": {"principal": "*", "action": "sqs:SendMessage", "resource": "` + orders + `"}, "expect": "allowed"}`)},
	},
	"nothing":   {"a.txt": {}},
	"worldless": {"a.txtar": caseFiles["a.txtar"]},
	"layers":    {"a.txtar": caseFiles["a.txtar"]},
}

// TestRunFSFails runs itself: in the child process RunFS fails, and the parent reads what it
// wrote.
func TestRunFSFails(t *testing.T) {
	if name := os.Getenv("SIMTEST_FAILS"); name != "" {
		var e *simulate.Environment
		switch name {
		case "cases":
			e = simtest.Env(t, organization(t))
		case "layers":
			var err error
			e, err = simulate.CompileCustom()
			require.NoError(t, err)
		}
		simtest.RunFS(t, failing[name], e)
		return
	}
	var golden strings.Builder
	for _, name := range []string{"cases", "nothing", "worldless", "layers"} {
		child := exec.Command(os.Args[0], "-test.run=^TestRunFSFails$")
		child.Env = append(os.Environ(), "SIMTEST_FAILS="+name)
		out, err := child.CombinedOutput()
		require.Error(t, err, "%s", out)
		text := regexp.MustCompile(`\([0-9.]+s\)`).ReplaceAllString(string(out), "(time)")
		text = regexp.MustCompile(`(?m)simtest(_test)?\.go:\d+: `).ReplaceAllString(text, "simtest$1.go: ")
		text, _, _ = strings.Cut(text, "\nFAIL")
		fmt.Fprintf(&golden, "== %s\n%s\n", name, text)
	}
	name := filepath.Join("testdata", "runfs.txt")
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(golden.String()), 0o666))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), golden.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
