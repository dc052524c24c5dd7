package serviceref_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

func TestEvent(t *testing.T) {
	t.Parallel()
	has := func(name string) func(string) bool { return func(s string) bool { return s == name } }
	none := func(string) bool { return false }
	for _, test := range []struct {
		event serviceref.Event
		want  string
	}{
		{serviceref.Event{Source: "ec2.amazonaws.com", Name: "DescribeInstances"}, "ec2:DescribeInstances certain"},
		{serviceref.Event{Source: "EC2.amazonaws.com", Name: "describeinstances"}, "ec2:DescribeInstances certain"},
		{serviceref.Event{Source: "sts.amazonaws.com", Name: "GetCallerIdentity"}, "none: no permission required"},
		{serviceref.Event{Source: "signin.amazonaws.com", Name: "ConsoleLogin"}, "none: sign-in"},
		{serviceref.Event{Source: "apigateway.amazonaws.com", Name: "CreateApi"}, "apigateway:POST certain"},
		{serviceref.Event{Source: "apigateway.amazonaws.com", Name: "TagResource"}, "apigateway:PUT any-of, apigateway:POST any-of"},
		{serviceref.Event{Source: "s3.amazonaws.com", Name: "GetObject", HasParameter: none}, "s3:GetObject certain"},
		{serviceref.Event{Source: "s3.amazonaws.com", Name: "GetObject", HasParameter: has("versionId")}, "s3:GetObjectVersion certain"},
		{serviceref.Event{Source: "s3.amazonaws.com", Name: "GetObjectTagging"}, "s3:GetObjectTagging any-of, s3:GetObjectVersionTagging any-of"},
		{serviceref.Event{Source: "s3.amazonaws.com", Name: "CreateMultipartUpload"}, "s3:PutObject certain, s3:PutObjectAcl conditional, s3:PutObjectLegalHold conditional, s3:PutObjectRetention conditional, s3:PutObjectTagging conditional"},
		{serviceref.Event{Source: "lambda.amazonaws.com", Name: "GetFunction20150331v2"}, "lambda:GetFunction certain"},
		{serviceref.Event{Source: "cloudfront.amazonaws.com", Name: "GetDistribution2020_05_31"}, "cloudfront:GetDistribution certain"},
		{serviceref.Event{Source: "monitoring.amazonaws.com", Name: "PutMetricAlarm"}, "cloudwatch:PutMetricAlarm certain"},
		{serviceref.Event{Source: "autoscaling.amazonaws.com", Name: "RegisterScalableTarget"}, "application-autoscaling:RegisterScalableTarget certain"},
		{serviceref.Event{Source: "none.amazonaws.com", Name: "DoIt"}, "none:DoIt unknown"},
		{serviceref.Event{Source: "s3.amazonaws.com", Name: "Frob"}, "s3:Frob unknown"},
		{serviceref.Event{}, ""},
	} {
		info := serviceref.Embedded().Event(test.event)
		var got []string
		if info.NoAction != "" {
			got = append(got, "none: "+info.NoAction)
		}
		for _, a := range info.Actions {
			if a.Certainty == serviceref.Sometimes && strings.Contains(test.event.Name, "Scalable") {
				continue
			}
			got = append(got, string(a.Action)+" "+a.Certainty.String())
		}
		require.Equal(t, test.want, strings.Join(got, ", "), "%s %s", test.event.Source, test.event.Name)
	}
	require.Equal(t, []string{"s3", "s3express", "s3-object-lambda"}, slices.Collect(serviceref.Embedded().EventServices("S3.amazonaws.com")))
	require.Empty(t, slices.Collect(serviceref.Embedded().EventServices("")))
}

// Every line of the table has its form, names a service and actions that exist, and says
// nothing twice.
func TestEventTable(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	src, err := os.ReadFile("data/events.txt")
	require.NoError(t, err)
	seen := map[string]bool{}
	lines := 0
	for line := range strings.Lines(string(src)) {
		line, origin, _ := strings.Cut(strings.TrimSpace(line), "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		lines++
		key := strings.ToLower(strings.Join(f[:min(3, len(f))], " "))
		if f[0] == "source" || f[0] == "alias" {
			key = f[0] + f[1]
		}
		require.False(t, seen[key], "%s stands twice", line)
		seen[key] = true
		require.True(t, strings.HasSuffix(f[1], ".amazonaws.com") && f[1] == strings.ToLower(f[1]), line)
		var prefixes, actions []string
		switch f[0] {
		case "source", "alias":
			prefixes = f[2:]
		case "event", "any", "also":
			actions = f[3:]
		case "switch":
			require.Len(t, f, 5, line)
			actions = f[4:]
		case "none":
			require.Greater(t, len(f), 3, line)
		default:
			t.Error(line)
		}
		if f[0] == "source" || f[0] == "event" || f[0] == "any" {
			require.NotEmpty(t, strings.TrimSpace(origin), "%s: no origin", line)
		}
		require.True(t, f[0] == "none" || len(prefixes)+len(actions) > 0, line)
		for _, p := range prefixes {
			_, ok := r.Service(p)
			require.True(t, ok, line)
		}
		for _, a := range actions {
			_, ok := r.Action(policy.Action(strings.TrimPrefix(a, "?")))
			require.True(t, ok, "%s: %s", line, a)
		}
	}
	require.Greater(t, lines, 1100)
}
