package serviceref_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

func fold(s string) string { return strings.ToLower(s) }

// Whatever a refresh brings, facts do not become fewer.
func TestCounts(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	services, actions, types, formats, wildcard, advisory, dependent, only := 0, 0, 0, 0, 0, 0, 0, 0
	levels := map[serviceref.Level]int{}
	for s := range r.Services() {
		services++
		require.NotEmpty(t, s.Name, s.Prefix)
		for x := range r.ResourceTypes(s.Prefix) {
			types++
			formats += len(slices.Collect(x.ARNFormats()))
		}
	}
	for name := range r.Actions("*") {
		actions++
		a, ok := r.Action(name)
		require.True(t, ok, name)
		levels[a.Level()]++
		if a.WildcardOnly() {
			wildcard++
		}
		d, known := a.Dependents()
		if known {
			advisory++
		}
		if len(slices.Collect(d)) > 0 {
			dependent++
			require.True(t, known, name)
		}
		if is, _ := a.PermissionOnly(); is {
			only++
		}
	}
	require.GreaterOrEqual(t, services, 456)
	require.GreaterOrEqual(t, actions, 22_000)
	require.GreaterOrEqual(t, types, 2_300)
	require.GreaterOrEqual(t, formats, 2_340)
	require.GreaterOrEqual(t, advisory, 19_900)
	require.GreaterOrEqual(t, dependent, 1_583)
	require.GreaterOrEqual(t, only, 1_286)
	require.InDelta(t, 30, 100*wildcard/actions, 5)
	require.Len(t, levels, 5)
	require.NotContains(t, levels, serviceref.Level(0))
}

// The files that the module embeds stay within their budget of 1 MiB.
func TestEmbeddedSize(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range []string{"services.bin", "policies.bin", "events.txt"} {
		b, err := os.ReadFile("data/" + name)
		require.NoError(t, err)
		total += len(b)
	}
	require.LessOrEqual(t, total, 1<<20)
}

// The image taken apart and written again is the same, byte for byte.
func TestImageIsDeterministic(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("data/services.bin")
	require.NoError(t, err)
	h, err := sar.DecodeHead(string(src))
	require.NoError(t, err)
	f, err := h.Facts()
	require.NoError(t, err)
	again, err := sar.Encode(f)
	require.NoError(t, err)
	require.True(t, bytes.Equal(src, again))

	src, err = os.ReadFile("data/policies.bin")
	require.NoError(t, err)
	var list []sar.Policy
	p, err := sar.DecodePolicies(string(src))
	require.NoError(t, err)
	for _, row := range p.Rows {
		chunk, err := p.Inflate(row.Chunk)
		require.NoError(t, err)
		list = append(list, sar.Policy{ARN: sar.PolicyPrefix + row.Name, Version: row.Version, Date: row.Date, Document: row.Document(chunk)})
	}
	again, err = sar.EncodePolicies(list)
	require.NoError(t, err)
	require.True(t, bytes.Equal(src, again))
}

// Every action, resource type and service is found under its name in any case, and what
// it refers to exists.
func TestEveryLookUp(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for s := range r.Services() {
		got, ok := r.Service(swapCase(s.Prefix))
		require.True(t, ok)
		require.Equal(t, s, got)
		supports, known := r.SupportsRCP(s.Prefix)
		require.Equal(t, supports, s.RCP)
		require.True(t, known)
		for x := range r.ResourceTypes(swapCase(s.Prefix)) {
			same, ok := r.ResourceType(s.Prefix, swapCase(x.Name()))
			require.True(t, ok)
			require.Equal(t, x, same)
			require.True(t, x.IsValid())
			require.Equal(t, s.Prefix, x.Service())
			for f := range x.ARNFormats() {
				require.True(t, strings.HasPrefix(f, "arn:"), f)
			}
		}
		keys := slices.Collect(r.ServiceKeys(s.Prefix))
		require.True(t, slices.IsSortedFunc(keys, func(a, b serviceref.KeyInfo) int { return strings.Compare(fold(a.Name), fold(b.Name)) }))
	}
	before := ""
	for name := range r.Actions("*") {
		key := strings.Replace(fold(string(name)), ":", "\x00", 1)
		require.Less(t, before, key)
		before = key
		for _, spelled := range []string{string(name), swapCase(string(name))} {
			a, ok := r.Action(policy.Action(spelled))
			if !ok || !a.IsValid() || a.Action() != name {
				t.Fatal(spelled)
			}
		}
		a, _ := r.Action(name)
		for k := range a.Keys() {
			if !a.HasKey(k.Name) {
				t.Fatal(name, k.Name)
			}
		}
		for x := range a.Resources() {
			if x.Type.Service() != name.Service() {
				t.Fatal(name, x.Type.Name())
			}
			for k := range x.Keys() {
				if !a.HasKey(k.Name) {
					t.Fatal(name, k.Name)
				}
			}
		}
	}
	for _, name := range []policy.Action{"", "s3", "s3:", ":GetObject", "s3:GetObjec", "s3:GetObjectX", "zzz:Get", "s3:*", "s3 :GetObject"} {
		a, ok := r.Action(name)
		require.False(t, ok, name)
		require.False(t, a.IsValid())
		require.Empty(t, slices.Collect(r.ARNFormats(name)))
	}
	_, ok := r.Service("")
	require.False(t, ok)
	_, ok = r.ResourceType("s3", "")
	require.False(t, ok)
	_, ok = r.ResourceType("none", "bucket")
	require.False(t, ok)
	require.Empty(t, slices.Collect(r.ServiceKeys("none")))
	require.Empty(t, slices.Collect(r.ResourceTypes("none")))
}

func TestAction(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	get, ok := r.Action("s3:getobject")
	require.True(t, ok)
	require.Equal(t, policy.Action("s3:GetObject"), get.Action())
	require.Equal(t, serviceref.LevelRead, get.Level())
	require.False(t, get.WildcardOnly())
	for key, want := range map[string]bool{
		"s3:authType": true, "S3:EXISTINGOBJECTTAG/team": true, "aws:PrincipalOrgID": true, "aws:ResourceTag/a": true,
		"s3:prefix": false, "aws:RequestTag/a": false, "aws:TagKeys": false, "none:Key": false, "": false,
	} {
		require.Equal(t, want, get.HasKey(key), key)
	}
	list, _ := r.Action("s3:ListAllMyBuckets")
	require.True(t, list.WildcardOnly())
	require.Equal(t, serviceref.LevelList, list.Level())
	run, _ := r.Action("ec2:RunInstances")
	required := []string{}
	for x := range run.Resources() {
		if x.Required {
			required = append(required, x.Type.Name())
		}
	}
	require.Subset(t, required, []string{"image", "instance", "network-interface", "subnet"})
	tag, _ := r.Action("iam:TagRole")
	require.Equal(t, serviceref.LevelTagging, tag.Level())
	for l := serviceref.LevelList; l <= serviceref.LevelPermissionsManagement; l++ {
		got, err := serviceref.ParseLevel(swapCase(l.String()))
		require.NoError(t, err)
		require.Equal(t, l, got)
	}
	_, err := serviceref.ParseLevel("unset")
	require.EqualError(t, err, `"unset" is no access level; want List, Read, Write, Tagging, PermissionsManagement`)
}

func TestActions(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	count := func(p string) int { return len(slices.Collect(r.Actions(p))) }
	require.Equal(t, []policy.Action{"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}, slices.Collect(r.Actions("SQS:getqueue*")))
	require.Equal(t, []policy.Action{"s3:GetObject"}, slices.Collect(r.Actions("s3:?etObjec?")))
	require.Equal(t, count("*"), count("*:*"))
	require.Equal(t, count("*"), count("**"))
	require.Greater(t, count("ec2:*"), 700)
	for _, p := range []string{"", "s3", "s3*", "s*:Get*", "*:Get*", "s3:", "s3: Get*", "none:*", "?"} {
		require.Zero(t, count(p), p)
	}
	for range r.Actions("s3:*") {
		break
	}
}

func TestResourceTypesOf(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for pattern, want := range map[string]string{
		"arn:aws:s3:::logs":                                                "s3:bucket",
		"arn:aws:s3:::logs/a":                                              "s3:object",
		"arn:aws:s3:::logs/*":                                              "s3:object",
		"arn:aws:s3:::logs/a/b/c":                                          "s3:object",
		"arn:aws:iam::111122223333:role/a/b/app":                           "iam:role",
		"arn:aws:iam::*:role/*":                                            "iam:role",
		"arn:aws:dynamodb:eu-west-1:111122223333:table/orders":             "dynamodb:table",
		"arn:aws:dynamodb:eu-west-1:111122223333:table/orders/index/x":     "dynamodb:index",
		"arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026": "dynamodb:stream",
		"arn:aws:sqs:eu-west-1:111122223333:orders":                        "sqs:queue",
		"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f":      "logs:log-group",
		"arn:*:sqs:*:*:orders":                                             "sqs:queue",
		"arn:aws:s3:::logs*":                                               "s3:bucket s3:object",
		"arn:aws:sqs:eu-west-1:*":                                          "sqs:queue",
		"arn:aws:none:eu-west-1:111122223333:x":                            "",
		"arn:aws:sqs":                                                      "sqs:queue",
		"":                                                                 "",
	} {
		var got []string
		for x := range r.ResourceTypesOf(pattern) {
			if service := strings.Split(pattern+"::", ":")[2]; x.Service() == service {
				got = append(got, x.Service()+":"+x.Name())
			}
		}
		require.Equal(t, want, strings.Join(got, " "), pattern)
	}
	all := 0
	for s := range r.Services() {
		all += len(slices.Collect(r.ResourceTypes(s.Prefix)))
	}
	require.Len(t, slices.Collect(r.ResourceTypesOf("*")), all)
	require.Len(t, slices.Collect(r.ResourceTypesOf("arn:*")), all)
	// A format with plain words in place of its variables is of its type.
	for s := range r.Services() {
		for x := range r.ResourceTypes(s.Prefix) {
			for f := range x.ARNFormats() {
				arn := fill(f)
				found := false
				for y := range r.ResourceTypesOf(arn) {
					found = found || x == y
				}
				require.True(t, found, "%s %s: %s", s.Prefix, x.Name(), arn)
			}
		}
	}
}

// fill puts a word in place of every variable.
func fill(format string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(format, "${")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		_, format, _ = strings.Cut(rest, "}")
		out.WriteString("abc")
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	day := func(s string) *serviceref.Reference {
		d, err := time.Parse(time.DateOnly, s)
		require.NoError(t, err)
		return r.AsOf(d)
	}
	require.Equal(t, 10240, r.SCPLimit())
	require.Equal(t, 5120, day("2026-04-30").SCPLimit())
	require.Equal(t, 5120, day("2026-05-14").SCPLimit())
	require.Equal(t, 10240, day("2026-05-15").SCPLimit())
	require.True(t, r.SCPFullLanguage())
	require.False(t, day("2025-09-18").SCPFullLanguage())
	require.True(t, day("2025-09-19").SCPFullLanguage())
	for _, test := range []struct {
		service, day    string
		supports, known bool
	}{
		{"s3", "2024-11-12", false, true},
		{"S3", "2024-11-13", true, true},
		{"ecr", "2024-11-12", false, true},
		{"ecr", "2024-11-13", false, false},
		{"ecr", "2025-06-19", false, false},
		{"ECR", "2025-06-20", true, true},
		{"logs", "2026-01-22", true, true},
		{"dynamodb", "2026-01-22", false, false},
		{"DynamoDB", "2026-06-01", true, true},
		{"wafv2", "2024-11-12", false, true},
		{"wafv2", "2026-06-01", false, false},
		{"wafv2", r.Date(), true, true},
		{"wafv2", "2030-01-01", true, true},
		{"ec2", "2026-06-01", false, true},
		{"ec2", "2030-01-01", false, true},
	} {
		supports, known := day(test.day).SupportsRCP(test.service)
		require.Equal(t, []bool{test.supports, test.known}, []bool{supports, known}, "%s on %s", test.service, test.day)
	}
	require.Equal(t, "2026-06-01", day("2026-06-01").Day())
	require.Equal(t, r.Date(), r.Day())
	s, ok := day("2024-01-01").Service("s3")
	require.True(t, ok)
	require.False(t, s.RCP)
	for _, service := range []string{"ec2", "wafv2"} {
		_, ok = r.RCPSince(service)
		require.False(t, ok, service)
	}
	for s := range r.Services() {
		if day, known := r.RCPSince(s.Prefix); known {
			require.True(t, s.RCP)
			require.Less(t, day, r.Date())
		}
	}
}

func TestGlobalRegion(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for _, s := range []string{"iam", "organizations", "route53", "cloudfront", "account", "budgets"} {
		got, ok := r.GlobalRegion(swapCase(s))
		require.True(t, ok, s)
		require.Equal(t, "us-east-1", got)
		_, ok = r.Service(s)
		require.True(t, ok, s)
	}
	for _, s := range []string{"globalaccelerator", "networkmanager", "route53-recovery-control-config", "route53-recovery-readiness"} {
		got, ok := r.GlobalRegion(s)
		require.True(t, ok, s)
		require.Equal(t, "us-west-2", got)
	}
	for _, s := range []string{"", "s3", "ec2", "sts", "none", "kms"} {
		_, ok := r.GlobalRegion(s)
		require.False(t, ok, s)
	}
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for name, want := range map[policy.Action]policy.Action{
		"s3:GetObjekt": "s3:GetObject", "s3:getobjct": "s3:GetObject", "s33:GetObject": "s3:GetObject", "zzzzzz:RunInstances": "",
		"s3:GetObject": "", "": "", "s3:": "", ":": "", "s3:Completely": "", "dynamdb:GetItem": "dynamodb:GetItem",
		"iam:PassRloe": "iam:PassRole", policy.Action("s3:" + strings.Repeat("x", 500)): "",
	} {
		got, ok := r.SimilarAction(name)
		require.Equal(t, want, got, name)
		require.Equal(t, want != "", ok, name)
	}
	got, ok := r.SimilarService("dynamdb")
	require.True(t, ok)
	require.Equal(t, "dynamodb", got)
	got, ok = r.SimilarKey("aws:PrincipleOrgID")
	require.True(t, ok)
	require.Equal(t, "aws:PrincipalOrgID", got)
	_, ok = r.SimilarKey("")
	require.False(t, ok)
}
