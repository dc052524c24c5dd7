package awscollect_test

import (
	"bytes"
	"context"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/awscloudtrail"
	"github.com/licit-dev/licit/identitycenter/awsidentitycenter"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsorg"
	"github.com/licit-dev/licit/policy"
)

// The packages for users load at AWS's own rates; that of a world with one user and one
// account takes a few seconds.
func TestDoors(t *testing.T) {
	w := world()
	s := fakeaws.New(t, w)
	s.LimitAsPublished()
	cfg := s.Config(t, management)

	o, err := awsorg.Load(t.Context(), cfg, awsorg.WithAccounts(member), awsorg.WithRole("Reader"), awsorg.WithRegions("eu-west-3"), awsorg.WithExternalID("orders"))
	require.NoError(t, err)
	a, ok := o.Account(member)
	require.True(t, ok)
	require.Len(t, a.Roles, 1)
	require.Len(t, a.Resources, 8)
	require.Zero(t, called(s, "ListPermissionSets"))

	dir := t.TempDir()
	i, err := awsidentitycenter.Load(t.Context(), cfg, awsidentitycenter.WithRegions("us-east-1", "eu-west-3"), awsidentitycenter.WithDirectory(dir, time.Hour))
	require.NoError(t, err)
	require.Len(t, i.Spec().Assignments, 2)
	s.Forget()
	again, err := awsidentitycenter.Load(t.Context(), cfg, awsidentitycenter.WithRegions("us-east-1", "eu-west-3"), awsidentitycenter.WithDirectory(dir, time.Hour))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(i.Spec(), again.Spec(), cmpopts.EquateComparable(policy.ARN{})))
	require.Zero(t, called(s, "ListPermissionSets"))
	require.Zero(t, called(s, "DescribeOrganization"), "an instance needs no organization")
	_, err = awsidentitycenter.Load(t.Context(), cfg, awsidentitycenter.WithRegions("us-east-1"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	trails, err := awscloudtrail.LoadTrails(t.Context(), cfg, awscloudtrail.WithAccounts(management, member), awscloudtrail.WithRole("Reader"),
		awscloudtrail.WithExternalID("orders"), awscloudtrail.WithRegions("us-east-1", "eu-west-3"), awscloudtrail.WithDirectory(t.TempDir(), 0))
	require.NoError(t, err)
	want := slices.Clone(w.Trails)
	want[0].Storage = nil // is read with the buckets
	requireTrails(t, want, trails)

	for _, c := range s.Calls() {
		require.NotContains(t, []string{"TooManyRequestsException", "ThrottlingException"}, c.Code, "%+v", c)
	}
}

func TestLogs(t *testing.T) {
	w := world()
	w.Organization.Accounts[0].Resources = []org.Resource{{ARN: arn("arn:aws:s3:::trail-logs")}}
	w.Buckets = map[string]string{"trail-logs": "eu-west-3"}
	key := func(day string) string {
		return "audit/AWSLogs/o-exampleorgid/444455556666/CloudTrail/us-east-1/" + day + "/444455556666_CloudTrail_us-east-1.json.gz"
	}
	for _, day := range []string{"2024/05/01", "2024/05/02", "2024/05/03", "2024/05/04"} {
		w.Objects = append(w.Objects, fakeaws.Object{Bucket: "trail-logs", Key: key(day), Body: []byte("of " + day)})
	}
	w.Objects = append(w.Objects, fakeaws.Object{Bucket: "trail-logs", Key: "audit/AWSLogs/o-exampleorgid/444455556666/CloudTrail-Digest/us-east-1/2024/05/02/digest.json.gz"})
	s := fakeaws.New(t, w)
	cfg := s.Config(t, management)
	logs := awscloudtrail.Logs{Bucket: "trail-logs", BucketRegion: "eu-west-3", Prefix: "audit", Organization: "o-exampleorgid", Account: member, Region: "us-east-1", From: day(2), To: day(3)}
	var got []string
	for o, err := range awscloudtrail.Objects(t.Context(), cfg, logs) {
		require.NoError(t, err)
		got = append(got, o.Key+" "+string(o.Body))
	}
	require.Equal(t, []string{key("2024/05/02") + " of 2024/05/02", key("2024/05/03") + " of 2024/05/03"}, got)

	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GetObject"}, Kind: fakeaws.Deny})
	for o, err := range awscloudtrail.Objects(t.Context(), cfg, logs) {
		require.ErrorContains(t, err, "AccessDenied")
		require.Empty(t, o.Body)
	}
	s.Heal()
	logs.From, logs.To = logs.To, logs.From
	for _, err := range awscloudtrail.Objects(t.Context(), cfg, logs) {
		require.ErrorContains(t, err, "want a time, and one that is not before it")
	}
	logs.From, logs.To = logs.To, logs.From
	for want, edit := range map[string]func(*awscloudtrail.Logs){
		`logs of "4444-5555-6666"; want an account ID`: func(l *awscloudtrail.Logs) { l.Account = "4444-5555-6666" },
		`logs of the Region "Paris"; want a name`:      func(l *awscloudtrail.Logs) { l.Region = "Paris" },
	} {
		wrong := logs
		edit(&wrong)
		for _, err := range awscloudtrail.Objects(t.Context(), cfg, wrong) {
			require.ErrorContains(t, err, want, "and not that there are none")
		}
	}

	// A listing in a circle is not one that ends, and one that is cancelled is no list.
	s.PageSize = 1
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListObjectsV2"}, Kind: fakeaws.Circle})
	n, last := 0, error(nil)
	for _, err := range awscloudtrail.Objects(t.Context(), cfg, logs) {
		n, last = n+1, err
	}
	require.ErrorContains(t, last, "leads back to an earlier one")
	require.Less(t, n, 5)
	s.Heal()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range awscloudtrail.Objects(ctx, cfg, logs) {
		cancel()
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
}

// A log file whose connection breaks is asked for again, but not for ever.
func TestLogsLossyConnection(t *testing.T) {
	w := world()
	w.Organization.Accounts[0].Resources = []org.Resource{{ARN: arn("arn:aws:s3:::trail-logs")}}
	w.Objects = []fakeaws.Object{{Bucket: "trail-logs", Key: "AWSLogs/444455556666/CloudTrail/us-east-1/2024/05/02/a.json.gz", Body: bytes.Repeat([]byte("a"), 100_000)}}
	s := fakeaws.New(t, w)
	logs := awscloudtrail.Logs{Bucket: "trail-logs", Account: member, Region: "us-east-1", From: day(2), To: day(2)}
	read := func(times int) (got []awscloudtrail.Object, last error) {
		s.Heal()
		s.Forget()
		s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GetObject"}, Kind: fakeaws.Cut, Times: times})
		for o, err := range awscloudtrail.Objects(t.Context(), s.Config(t, management), logs) {
			got, last = append(got, o), err
		}
		return got, last
	}
	got, err := read(2)
	require.NoError(t, err)
	require.Equal(t, []awscloudtrail.Object{{Key: w.Objects[0].Key, Body: w.Objects[0].Body}}, got)
	_, err = read(0)
	require.ErrorContains(t, err, "s3://trail-logs/AWSLogs/444455556666/CloudTrail/us-east-1/2024/05/02/a.json.gz: ")
	require.Equal(t, 3, called(s, "GetObject"))
}

func TestLookup(t *testing.T) {
	w := world()
	for i := range 3 {
		w.Events = append(w.Events, fakeaws.Event{Account: management, Region: "us-east-1", ID: string(rune('a' + i)), Name: "CreateUser", Source: "iam.amazonaws.com", Time: day(2 + i), Record: `{"eventName":"CreateUser"}`})
	}
	s := fakeaws.New(t, w)
	s.PageSize = 2
	s.LimitAsPublished()
	var got []string
	for record, err := range awscloudtrail.Lookup(t.Context(), s.Config(t, management), day(1), day(10)) {
		require.NoError(t, err)
		got = append(got, record)
	}
	require.Equal(t, slices.Repeat([]string{`{"eventName":"CreateUser"}`}, 3), got)
	require.Equal(t, 2, called(s, "LookupEvents"), "none was throttled")

	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "LookupEvents"}, Kind: fakeaws.Circle})
	var last error
	for _, err := range awscloudtrail.Lookup(t.Context(), s.Config(t, management), day(1), day(10)) {
		last = err
	}
	require.ErrorContains(t, last, "leads back to an earlier one")
	s.Heal()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range awscloudtrail.Lookup(ctx, s.Config(t, management), day(1), day(10)) {
		cancel()
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
	for _, err := range awscloudtrail.Lookup(t.Context(), s.Config(t, management), day(10), day(1)) {
		require.ErrorContains(t, err, "want a time, and one that is not before it")
	}
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "LookupEvents"}, Kind: fakeaws.Deny})
	for _, err := range awscloudtrail.Lookup(t.Context(), s.Config(t, management), day(1), day(10)) {
		require.ErrorContains(t, err, "AccessDenied")
	}
}
