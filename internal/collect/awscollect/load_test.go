package awscollect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

func options(t *testing.T) awscollect.Options {
	t.Helper()
	return awscollect.Options{Dir: t.TempDir(), Role: "Reader", Regions: []string{"us-east-1", "eu-west-3"}}.Hasten()
}

// load loads and returns the models, too.
func load(t *testing.T, s *fakeaws.Server, o awscollect.Options) (*awscollect.Result, *awsexport.Export) {
	t.Helper()
	r, err := awscollect.Load(t.Context(), s.Config(t, management), o)
	require.NoError(t, err)
	e, err := awsexport.Read(r.FS)
	require.NoError(t, err)
	return r, e
}

func unit(t *testing.T, r *awscollect.Result, account, region, section string) org.Unit {
	t.Helper()
	i := slices.IndexFunc(r.Units, func(u org.Unit) bool { return u.Account == account && u.Region == region && u.Section == section })
	require.GreaterOrEqual(t, i, 0, "%s of %s in %q", section, account, region)
	return r.Units[i]
}

// partial are the units that are, by account, Region and section.
func partial(r *awscollect.Result) []string {
	var out []string
	for _, u := range r.Units {
		if u.State == org.Partial {
			out = append(out, strings.Join(strings.Fields(u.Account+" "+u.Region+" "+u.Section), " "))
		}
	}
	return out
}

func called(s *fakeaws.Server, operation string) int {
	n := 0
	for _, c := range s.Calls() {
		if c.Operation == operation {
			n++
		}
	}
	return n
}

// known is what of a world a load tells. Tags of accounts decide nothing and are not read. Of
// the root user's devices virtual ones are listed alone, so that nobody knows all. Gaps and
// the coverage are of the loading.
func known(s org.Spec) org.Spec {
	s.Coverage, s.Gaps = nil, nil
	for i := range s.Accounts {
		a := &s.Accounts[i]
		a.Tags = nil
		if a.RootUser != nil && a.RootUser.MFA != nil {
			a.RootUser.MFA.Devices = nil
		}
	}
	return s
}

func requireWorld(t *testing.T, w fakeaws.World, e *awsexport.Export) {
	t.Helper()
	want, err := org.New(w.Organization)
	require.NoError(t, err)
	same := []cmp.Option{cmpopts.EquateComparable(policy.ARN{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(known(want.Spec()), known(e.Organization.Spec()), same...); diff != "" {
		t.Errorf("organization (-want +got):\n%s", diff)
	}
	if w.Instance == nil {
		require.Nil(t, e.Instance)
		return
	}
	for i := range w.Instance.PermissionSets {
		if s := &w.Instance.PermissionSets[i]; s.SessionDuration == 0 { // what is not set is AWS's default
			s.SessionDuration = time.Hour
		}
	}
	instance, err := identitycenter.New(*w.Instance)
	require.NoError(t, err)
	require.NotNil(t, e.Instance)
	if diff := cmp.Diff(instance.Spec(), e.Instance.Spec(), same...); diff != "" {
		t.Errorf("instance (-want +got):\n%s", diff)
	}
}

func requireTrails(t *testing.T, want, got []cloudtrail.Trail) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(policy.ARN{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("trails (-want +got):\n%s", diff)
	}
}

func TestLoad(t *testing.T) {
	for name, w := range map[string]fakeaws.World{"as it is": world(), "many assignments": crowd(world())} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(t, w)
			s.PageSize = 2
			for _, operation := range []string{"ListAccounts", "GetAccountAuthorizationDetails", "ListUsers", "ListQueues"} {
				s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: operation}, Kind: fakeaws.EmptyPage})
			}
			r, e := load(t, s, options(t))
			require.Empty(t, partial(r))
			require.Empty(t, e.Notes)
			requireWorld(t, w, e)
			requireTrails(t, w.Trails, e.Trails)
			require.Equal(t, "the account is CLOSED", unit(t, r, closed, "", "iam").Reason)
			for _, c := range s.Calls() {
				require.NotEqual(t, closed, c.Account)
			}
			require.Equal(t, 1, called(s, "AssumeRole"), "of the member; the management account has the base credentials")
		})
	}
}

// Two loads of the same state write the same records, and the same snapshot.
func TestLoadIsDeterministic(t *testing.T) {
	s := fakeaws.New(t, crowd(world()))
	files := func() map[string]string {
		o := options(t)
		r, e := load(t, s, o)
		snapshot := t.TempDir()
		require.NoError(t, e.Organization.WriteDir(snapshot))
		require.NoError(t, e.Instance.WriteDir(snapshot))
		out := make(map[string]string)
		for _, fsys := range []fs.FS{r.FS, os.DirFS(snapshot)} {
			require.NoError(t, fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					text, err := fs.ReadFile(fsys, name)
					require.NoError(t, err)
					out[name] = string(text)
				}
				return err
			}))
		}
		return out
	}
	first := files()
	require.Greater(t, len(first), 30)
	require.Equal(t, first, files())
}

// Killed in the middle, a load leaves whole units, and the next goes on from there.
func TestLoadResumes(t *testing.T) {
	s := fakeaws.New(t, world())
	o := options(t)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(e collect.Event) {
		if e.Unit.Section == "iam" {
			cancel()
		}
	}
	_, err := awscollect.Load(ctx, s.Config(t, management), o)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "unfinished", "half"), []byte(`{"uni`), 0o600)) // as a killed process leaves it

	s.Forget()
	reused := 0
	o.MaxAge, o.Now = time.Hour, time.Now()
	o.Progress = func(e collect.Event) {
		if e.Reused {
			reused++
		}
	}
	r, e := load(t, s, o)
	require.Positive(t, reused)
	require.Zero(t, called(s, "DescribeOrganization"), "that unit was whole")
	require.Empty(t, partial(r))
	requireWorld(t, world(), e)
	left, err := os.ReadDir(filepath.Join(o.Dir, "unfinished"))
	require.NoError(t, err)
	require.Empty(t, left)

	s.Forget()
	o.Now = time.Now()
	_, e = load(t, s, o)
	require.Equal(t, 1, len(s.Calls()), "who is calling, and nothing else: %v", s.Calls())
	requireWorld(t, world(), e)
}

// Assignments are never of people that were read before: of a person who came since they
// would lack those.
func TestLoadPeopleAnew(t *testing.T) {
	s := fakeaws.New(t, crowd(world()))
	both := []string{"identity-store", "identity-center"}
	o := options(t)
	o.MaxAge, o.Sections = time.Hour, both
	age := func(section string, age time.Duration) {
		name := filepath.Join(o.Dir, "units", management, "eu-west-3", section+".jsonl")
		require.NoError(t, os.Chtimes(name, time.Now().Add(-age), time.Now().Add(-age)))
	}
	o.Now = time.Now()
	load(t, s, o)
	require.Positive(t, called(s, "ListAccountAssignmentsForPrincipal"))
	for name, test := range map[string]struct {
		store, center    time.Duration
		sections         []string
		people, assigned bool
	}{
		"both young":           {50 * time.Minute, 40 * time.Minute, both, false, false},
		"both old":             {3 * time.Hour, 2 * time.Hour, both, true, true},
		"old people":           {2 * time.Hour, 40 * time.Minute, both, true, true},
		"old assignments":      {50 * time.Minute, 2 * time.Hour, both, false, true},
		"people read since":    {30 * time.Minute, 40 * time.Minute, both, false, true},
		"assignments by count": {30 * time.Hour, 20 * time.Hour, []string{"identity-center"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			age("identity-store", test.store)
			age("identity-center", test.center)
			s.Forget()
			o.Now, o.Sections = time.Now(), test.sections
			r, _ := load(t, s, o)
			require.Empty(t, partial(r))
			require.Equal(t, test.people, called(s, "ListUsers") > 0)
			require.Equal(t, test.assigned, called(s, "ListPermissionSets") > 0)
			if len(test.sections) == 1 {
				require.Zero(t, called(s, "ListAccountAssignmentsForPrincipal"), "whom is not known")
			}
		})
	}
}

// What one account denies stops no other.
func TestLoadDenied(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "iam", Operation: "GetAccountAuthorizationDetails", Account: member}, Kind: fakeaws.Deny})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "s3", Operation: "GetBucketPolicy", Account: member}, Kind: fakeaws.Deny})
	r, e := load(t, s, options(t))
	require.Equal(t, []string{member + " iam", member + " s3"}, partial(r))
	require.Equal(t, "AccessDenied: iam:GetAccountAuthorizationDetails", unit(t, r, member, "", "iam").Reason)
	require.True(t, r.IsPartial())
	require.Equal(t, 2, called(s, "GetAccountAuthorizationDetails"), "a denial is not tried again")
	var gaps []string
	for _, g := range e.Organization.Spec().Gaps {
		if strings.Contains(g.Reason, "AccessDenied") {
			gaps = append(gaps, g.Subject+" "+g.What)
		}
	}
	require.Subset(t, gaps, []string{"arn:aws:s3:::logs resource-policy", "arn:aws:iam::444455556666:* unlisted"})
}

// A report that cannot be generated is one that is not there.
func TestLoadCredentialReportDenied(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GenerateCredentialReport", Account: member}, Kind: fakeaws.Deny})
	r, e := load(t, s, options(t))
	require.Empty(t, e.Notes)
	require.Equal(t, []string{member + " credentials"}, partial(r))
	require.Equal(t, "AccessDenied: iam:GenerateCredentialReport", unit(t, r, member, "", "credentials").Reason)
	u, ok := e.Organization.User(arn("arn:aws:iam::444455556666:user/deploy"))
	require.True(t, ok)
	require.True(t, u.Credentials == nil || u.Credentials.AccessKeys == nil, "keys are not known, which is not to have none")
}

// Without the types of policies none can be listed, which is not that there are none, and
// which the next load makes up for.
func TestLoadRootsDenied(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListRoots"}, Kind: fakeaws.Deny})
	o := options(t)
	o.Now, o.MaxAge = time.Now(), time.Hour
	r, _ := load(t, s, o)
	require.Equal(t, []string{management + " organization", management + " organization-policies"}, partial(r))
	s.Heal()
	r, e := load(t, s, o)
	require.Empty(t, partial(r))
	requireWorld(t, world(), e)
}

func TestLoadRoles(t *testing.T) {
	t.Run("cannot be assumed", func(t *testing.T) {
		s := fakeaws.New(t, world())
		o := options(t)
		o.Role = "other"
		r, e := load(t, s, o)
		u := unit(t, r, member, "eu-west-3", "sqs")
		require.Equal(t, org.Unit{Account: member, Region: "eu-west-3", Section: "sqs", State: org.Partial,
			Reason: "AccessDenied: sts:AssumeRole of arn:aws:iam::444455556666:role/other"}, u)
		require.Equal(t, 1, called(s, "AssumeRole"), "once for all units of the account")
		require.Equal(t, org.Complete, unit(t, r, management, "", "iam").State)
		require.NotEmpty(t, e.Organization.Spec().Gaps)
	})
	t.Run("answers for another account", func(t *testing.T) {
		s := fakeaws.New(t, world())
		s.Mistake(member, management)
		r, e := load(t, s, options(t))
		require.Equal(t, "WrongAccount: arn:aws:iam::444455556666:role/Reader answers for account 111122223333", unit(t, r, member, "", "iam").Reason)
		a, ok := e.Organization.Account(member)
		require.True(t, ok)
		require.Empty(t, a.Users, "no state of the management account is taken for the member's")
	})
	t.Run("none", func(t *testing.T) {
		s := fakeaws.New(t, world())
		o := options(t)
		o.Role = ""
		r, _ := load(t, s, o)
		require.Equal(t, "no role to assume in it was given", unit(t, r, member, "", "iam").Reason)
		require.Zero(t, called(s, "AssumeRole"))
	})
}

func TestLoadCredentials(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		s := fakeaws.New(t, world())
		s.Inject(fakeaws.Fault{Kind: fakeaws.Expired})
		_, err := awscollect.Load(t.Context(), s.Config(t, management), options(t))
		require.ErrorContains(t, err, "the credentials: ExpiredToken")
		require.Len(t, s.Calls(), 1)
	})
	t.Run("expire in the middle", func(t *testing.T) {
		s := fakeaws.New(t, world())
		s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "organizations"}, Kind: fakeaws.Expired, After: 3})
		_, err := awscollect.Load(t.Context(), s.Config(t, management), options(t))
		require.ErrorContains(t, err, "the credentials are no longer good: ExpiredToken")
		require.Zero(t, called(s, "GetAccountAuthorizationDetails"), "nothing else is tried")
	})
	t.Run("expire before a role is assumed", func(t *testing.T) {
		s := fakeaws.New(t, world())
		s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "AssumeRole"}, Kind: fakeaws.Expired})
		_, err := awscollect.Load(t.Context(), s.Config(t, management), options(t))
		require.ErrorContains(t, err, "the credentials are no longer good: ExpiredToken")
	})
	t.Run("of a member are not good", func(t *testing.T) {
		s := fakeaws.New(t, world())
		s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "iam", Account: member}, Kind: fakeaws.RegionOff})
		s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GetCallerIdentity", Account: member}, Kind: fakeaws.RegionOff, After: 1})
		r, _ := load(t, s, options(t))
		require.Equal(t, org.Partial, unit(t, r, member, "", "iam").State)
		require.Contains(t, unit(t, r, member, "", "iam").Reason, "InvalidClientTokenId")
		require.Equal(t, org.Complete, unit(t, r, management, "", "iam").State)
	})
	t.Run("cannot be had", func(t *testing.T) {
		s := fakeaws.New(t, world())
		cfg := s.Config(t, management)
		good := cfg.Credentials
		var n atomic.Int64
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			if n.Add(1) > 5 {
				return aws.Credentials{}, errors.New("the sign-in has ended")
			}
			return good.Retrieve(ctx)
		})
		_, err := awscollect.Load(t.Context(), cfg, options(t))
		require.ErrorContains(t, err, "the credentials cannot be had: the sign-in has ended")
	})
	t.Run("none", func(t *testing.T) {
		_, err := awscollect.Load(t.Context(), aws.Config{Region: "us-east-1"}, options(t))
		require.ErrorContains(t, err, "has no credentials")
		s := fakeaws.New(t, world())
		cfg := s.Config(t, management)
		cfg.Region = ""
		_, err = awscollect.Load(t.Context(), cfg, options(t))
		require.ErrorContains(t, err, "has no Region")
	})
	t.Run("of another organization", func(t *testing.T) {
		s := fakeaws.New(t, world())
		o := options(t)
		load(t, s, o)
		_, err := awscollect.Load(t.Context(), s.Config(t, member), o)
		require.ErrorContains(t, err, "holds what account 111122223333 (aws) sees")
	})
}

// A Region that does not know the credentials may be off, or may only not take session
// tokens of another kind: nobody knows what is there.
func TestLoadRegionOff(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "kms", Region: "ap-east-1"}, Kind: fakeaws.Fail, Status: 403, Code: "OptInRequired"})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Region: "ap-east-1"}, Kind: fakeaws.RegionOff})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "kms", Region: "eu-west-3"}, Kind: fakeaws.RegionOff})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "sns", Region: "eu-west-3"}, Kind: fakeaws.RegionOff})
	o := options(t)
	o.Accounts, o.Sections = []string{member}, []string{"sqs", "sns", "kms"}
	o.Regions = append(o.Regions, "ap-east-1")
	r, e := load(t, s, o)
	require.Equal(t, []string{member + " ap-east-1 sns", member + " ap-east-1 sqs", member + " eu-west-3 kms", member + " eu-west-3 sns"}, partial(r))
	require.Equal(t, "InvalidClientTokenId: sns:ListTopics; the Region is not enabled, or does not take these session tokens", unit(t, r, member, "ap-east-1", "sns").Reason)
	require.Equal(t, "InvalidClientTokenId: sns:ListTopics", unit(t, r, member, "eu-west-3", "sns").Reason, "eu-west-3 cannot be off")
	require.Equal(t, org.Unit{Account: member, Region: "ap-east-1", Section: "kms", State: org.Skipped, Reason: "Region ap-east-1 is not enabled (OptInRequired)"}, unit(t, r, member, "ap-east-1", "kms"))
	for _, service := range []string{"sqs", "sns", "kms"} {
		require.True(t, slices.ContainsFunc(e.Organization.Spec().Gaps, func(g org.Gap) bool {
			return g.Subject == "arn:aws:"+service+":ap-east-1:"+member+":*" && g.What == org.GapUnlisted
		}), service)
	}
}

func TestLoadThrottled(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListRoots"}, Kind: fakeaws.Throttle, Times: 5})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListRoles", Account: member}, Kind: fakeaws.Throttle})
	r, e := load(t, s, options(t))
	require.Equal(t, []string{member + " iam"}, partial(r))
	require.Equal(t, "Throttling: iam:ListRoles", unit(t, r, member, "", "iam").Reason)
	require.Equal(t, 6, called(s, "ListRoots"))
	role, ok := e.Organization.Role(arn("arn:aws:iam::444455556666:role/ci"))
	require.True(t, ok, "what else is known of the account is there")
	require.Zero(t, role.MaxSession)
}

// A body that is cut, and an error on a later page, are tried again.
func TestLoadBrokenAnswers(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 1
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccounts"}, Kind: fakeaws.Cut, After: 1, Times: 2})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GetAccountAuthorizationDetails"}, Kind: fakeaws.Cut, Times: 2})
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListPolicies"}, Kind: fakeaws.Fail, After: 1, Times: 2})
	r, e := load(t, s, options(t))
	require.Empty(t, partial(r))
	requireWorld(t, world(), e)

	// A list that breaks on its third page for good is not known at all.
	s = fakeaws.New(t, world())
	s.PageSize = 1
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "GetAccountAuthorizationDetails", Account: management}, Kind: fakeaws.Fail, After: 2})
	r, e = load(t, s, options(t))
	require.Equal(t, []string{management + " iam"}, partial(r))
	text, err := fs.ReadFile(r.FS, "units/"+management+"/global/iam.jsonl")
	require.NoError(t, err)
	require.NotContains(t, string(text), "UserDetailList")
	a, _ := e.Organization.Account(management)
	require.Empty(t, a.Groups)
}

// A lossy client is one whose connections break in the middle of answers now and then.
type lossy struct {
	aws.HTTPClient
	t    *testing.T
	err  error
	lost atomic.Int64
}

func (l *lossy) Do(r *http.Request) (*http.Response, error) {
	if _, ok := r.Body.(io.WriterTo); ok {
		l.t.Errorf("the body of %s %s has a WriteTo, with which net/http gives up its connection", r.Method, r.URL)
	}
	out, err := l.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	if n := l.lost.Add(1); n%3 == 0 {
		out.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(out.Body, out.ContentLength/2), iotest.ErrReader(l.err)), out.Body}
	}
	return out, nil
}

// An answer that is lost with its connection is asked for again, in each protocol.
func TestLoadLossyConnections(t *testing.T) {
	for _, err := range []error{
		io.ErrUnexpectedEOF,
		&net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed},
		&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
		&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded},
		errors.New("http2: client connection lost"),
	} {
		t.Run(err.Error(), func(t *testing.T) {
			s := fakeaws.New(t, world())
			cfg := s.Config(t, management)
			client := &lossy{HTTPClient: cfg.HTTPClient, t: t, err: err}
			cfg.HTTPClient = client
			r, err := awscollect.Load(t.Context(), cfg, options(t))
			require.NoError(t, err)
			require.Empty(t, partial(r))
			require.Greater(t, client.lost.Load(), int64(50))
			e, err := awsexport.Read(r.FS)
			require.NoError(t, err)
			requireWorld(t, world(), e)
		})
	}
}

// A server that never ends is given up.
func TestLoadHostile(t *testing.T) {
	for name, test := range map[string]struct {
		fault  fakeaws.Fault
		reason string
	}{
		"a gigabyte":        {fakeaws.Fault{Match: fakeaws.Match{Operation: "ListSAMLProviders", Account: member}, Kind: fakeaws.Huge}, "TooLarge: iam:ListSAMLProviders"},
		"empty pages":       {fakeaws.Fault{Match: fakeaws.Match{Operation: "ListRoles", Account: member}, Kind: fakeaws.EmptyPages}, "EndlessPages: iam:ListRoles"},
		"pages in a circle": {fakeaws.Fault{Match: fakeaws.Match{Operation: "ListRoles", Account: member}, Kind: fakeaws.Circle}, "EndlessPages: iam:ListRoles"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeaws.New(t, world())
			s.Inject(test.fault)
			o := options(t)
			o.Sections = []string{"iam", "providers"}
			r, _ := load(t, s, o)
			require.Len(t, partial(r), 1)
			i := slices.IndexFunc(r.Units, func(u org.Unit) bool { return u.State == org.Partial })
			require.Equal(t, test.reason, r.Units[i].Reason)
			require.LessOrEqual(t, called(s, "ListRoles"), 1100)
			require.LessOrEqual(t, called(s, "ListSAMLProviders"), 2, "an endless answer is not asked for again")
		})
	}
}

// stalling is a client of a server that begins answers and does not go on with them.
type stalling struct {
	aws.HTTPClient
	stall func(*http.Request) bool
}

func (s stalling) Do(r *http.Request) (*http.Response, error) {
	out, err := s.HTTPClient.Do(r)
	if err != nil || !s.stall(r) {
		return out, err
	}
	ctx := r.Context()
	out.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(out.Body, 10), readerFunc(func([]byte) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})), out.Body}
	return out, nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// An answer that does not come, or not to its end, is waited for no longer than any takes.
func TestLoadStalls(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListSAMLProviders"}, Kind: fakeaws.Slow, Delay: time.Minute, Times: 2})
	cfg := s.Config(t, management)
	var n atomic.Int64
	cfg.HTTPClient = stalling{cfg.HTTPClient, func(*http.Request) bool { return n.Add(1)%7 == 0 }}
	o := options(t).Impatient()
	o.Sections, o.Accounts = []string{"iam", "providers"}, []string{member}
	r, err := awscollect.Load(t.Context(), cfg, o)
	require.NoError(t, err)
	require.Empty(t, partial(r))
	require.GreaterOrEqual(t, called(s, "ListSAMLProviders"), 3)

	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListSAMLProviders"}, Kind: fakeaws.Slow, Delay: time.Minute})
	r, err = awscollect.Load(t.Context(), s.Config(t, management), o)
	require.NoError(t, err)
	require.Contains(t, unit(t, r, member, "", "providers").Reason, "NoAnswer: iam:ListSAMLProviders")
}

// markless is a client of a server that cuts lists without telling how they go on.
type markless struct{ aws.HTTPClient }

var markers = regexp.MustCompile(`<Marker>[^<]*</Marker>`)

func (m markless) Do(r *http.Request) (*http.Response, error) {
	out, err := m.HTTPClient.Do(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(out.Body)
	out.Body.Close()
	out.Body = io.NopCloser(bytes.NewReader(markers.ReplaceAll(text, nil)))
	out.ContentLength = -1
	return out, err
}

// A list that is cut is no list that ends.
func TestLoadCutWithoutMarker(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 1
	cfg := s.Config(t, management)
	cfg.HTTPClient = markless{cfg.HTTPClient}
	o := options(t)
	o.Sections, o.Accounts = []string{"iam"}, []string{management}
	r, err := awscollect.Load(t.Context(), cfg, o)
	require.NoError(t, err)
	require.Equal(t, "Unexpected: iam:GetAccountAuthorizationDetails", unit(t, r, management, "", "iam").Reason)
}

// The error of a hostile server is no longer than one of AWS.
func TestLoadHostileError(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Service: "kms"}, Kind: fakeaws.Fail, Status: 400, Code: strings.Repeat("Denied", 100_000)})
	o := options(t)
	o.Sections, o.Accounts, o.Regions = []string{"kms"}, []string{member}, []string{"eu-west-3"}
	r, e := load(t, s, o)
	require.Less(t, len(unit(t, r, member, "eu-west-3", "kms").Reason), 200)
	for _, g := range e.Organization.Spec().Gaps {
		require.Less(t, len(g.Reason), 200)
	}
}

func TestLoadChoices(t *testing.T) {
	s := fakeaws.New(t, world())
	o := options(t)
	load(t, s, o)
	s.Forget()
	o.Accounts, o.Sections, o.Regions = []string{member}, []string{"organization", "iam", "sqs"}, []string{"eu-west-3"}
	r, e := load(t, s, o)
	require.Equal(t, org.Unit{Account: management, Section: "iam", State: org.Skipped, Reason: "not asked for"}, unit(t, r, management, "", "iam"))
	require.Equal(t, org.Unit{Account: member, Section: "kms", State: org.Skipped, Reason: "not asked for"}, unit(t, r, member, "", "kms"))
	require.Zero(t, called(s, "ListKeys"))
	a, ok := e.Organization.Account(member)
	require.True(t, ok)
	require.Len(t, a.Roles, 1)
	require.Len(t, a.Resources, 1)
	_, ok = e.Organization.User(arn("arn:aws:iam::111122223333:user/people/ana"))
	require.False(t, ok, "what the earlier load read is not in this one")
	gaps := e.Organization.Spec().Gaps
	for _, subject := range []string{"arn:aws:iam::111122223333:*", "arn:aws:kms:*:444455556666:*", "arn:aws:sqs:*:444455556666:*"} {
		require.True(t, slices.ContainsFunc(gaps, func(g org.Gap) bool { return g.Subject == subject && g.What == org.GapUnlisted }),
			"what was not asked for may hold anything: %s", subject)
	}

	for _, bad := range []struct {
		edit func(*awscollect.Options)
		want string
	}{
		{func(o *awscollect.Options) { o.Accounts = []string{"000000000000"} }, "account 000000000000 is not in the organization"},
		{func(o *awscollect.Options) { o.Accounts = []string{"prod"} }, `"prod" is no account ID; want twelve digits`},
		{func(o *awscollect.Options) { o.Regions = []string{"Paris"} }, `"Paris" is no Region; want a name such as eu-west-3`},
		{func(o *awscollect.Options) { o.Role = "audit/*" }, `the role "audit/*": want the name of a role`},
		{func(o *awscollect.Options) { o.ExternalID = "a b" }, `the external ID "a b": want 2 to 1224 letters`},
		{func(o *awscollect.Options) { o.Sections = []string{"ec2"} }, `"ec2" is no section; want some of organization, `},
	} {
		o := options(t)
		bad.edit(&o)
		_, err := awscollect.Load(t.Context(), s.Config(t, management), o)
		require.ErrorContains(t, err, bad.want)
	}
}

// An instance that is not in the Regions that were asked for is not one that is not there.
func TestLoadInstanceElsewhere(t *testing.T) {
	s := fakeaws.New(t, world())
	o := options(t)
	o.Sections, o.Regions = []string{"identity-center", "identity-store"}, []string{"us-east-1"}
	r, e := load(t, s, o)
	require.Nil(t, e.Instance)
	for _, section := range o.Sections {
		require.Equal(t, org.Absent, unit(t, r, management, "us-east-1", section).State)
		require.Equal(t, "other Regions were not asked for", unit(t, r, management, "", section).Reason)
	}
	o.Regions = append(o.Regions, "eu-west-3")
	r, e = load(t, s, o)
	require.NotNil(t, e.Instance)
	require.False(t, slices.ContainsFunc(r.Units, func(u org.Unit) bool { return u.State == org.Skipped && slices.Contains(o.Sections, u.Section) }))
}

// That queues were listed in pages is told, without which a thousand may not be all.
func TestLoadTellsPages(t *testing.T) {
	s := fakeaws.New(t, world())
	o := options(t)
	o.Sections, o.Accounts, o.Regions = []string{"sqs"}, []string{member}, []string{"eu-west-3"}
	r, _ := load(t, s, o)
	text, err := fs.ReadFile(r.FS, "units/"+member+"/eu-west-3/sqs.jsonl")
	require.NoError(t, err)
	require.Contains(t, string(text), `"operation":"ListQueues","account":"444455556666","region":"eu-west-3","input":{"MaxResults":1000}`)
}

// An account that is in no organization is loaded alone.
func TestLoadWithoutOrganization(t *testing.T) {
	w := world()
	w.Organization = org.Spec{Accounts: []org.Account{w.Organization.Accounts[1]}}
	w.Organization.Accounts[0].Attached, w.Organization.Accounts[0].Name, w.Organization.Accounts[0].Email, w.Organization.Accounts[0].State = nil, "", "", ""
	w.Instance = nil
	s := fakeaws.New(t, w)
	r, err := awscollect.Load(t.Context(), s.Config(t, member), options(t))
	require.NoError(t, err)
	require.Equal(t, org.Absent, unit(t, r, member, "", "organization").State)
	require.Equal(t, org.Absent, unit(t, r, member, "", "organization-policies").State)
	require.Empty(t, partial(r))
	e, err := awsexport.Read(r.FS)
	require.NoError(t, err)
	requireWorld(t, w, e)
}

// A delegated administrator loads the organization without entering the management account,
// unless it has the role, too.
func TestLoadByDelegatedAdministrator(t *testing.T) {
	s := fakeaws.New(t, world())
	r, err := awscollect.Load(t.Context(), s.Config(t, member), options(t))
	require.NoError(t, err)
	require.Equal(t, org.Complete, unit(t, r, member, "", "organization").State)
	require.Equal(t, org.Complete, unit(t, r, management, "", "iam").State)
	for _, c := range s.Calls() {
		require.False(t, c.Operation == "AssumeRole" && c.Account != member)
	}
}

// Nothing secret is kept: neither what functions have in their environment nor what the
// identity store knows beyond names and addresses.
func TestLoadKeepsNoSecrets(t *testing.T) {
	s := fakeaws.New(t, world())
	r, _ := load(t, s, options(t))
	require.NoError(t, fs.WalkDir(r.FS, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(r.FS, name)
		for _, word := range []string{"Environment", "SAMLMetadataDocument", "PhoneNumbers", "NextToken", "ResultMetadata"} {
			require.False(t, bytes.Contains(text, []byte(word)), "%s has %s", name, word)
		}
		return err
	}))
}

// A credential report need not show inactive keys: all its users are asked about. One who is no
// more lacks nothing.
func TestLoadInactiveKeys(t *testing.T) {
	w := world()
	users := &w.Organization.Accounts[0].Users
	ana := &(*users)[0]
	require.Equal(t, management, w.Organization.Accounts[0].ID)
	ben := *ana
	ben.ARN, ben.ID = arn("arn:aws:iam::111122223333:user/ben"), "AIDAEXAMPLEBEN"
	ben.Credentials = &org.Credentials{Password: &org.Password{}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{{ID: "AKIAEXAMPLEBEN000000"}}} // N/A in the report
	eve := ben
	eve.ARN, eve.ID = arn("arn:aws:iam::111122223333:user/eve"), "AIDAEXAMPLEEVE"
	eve.Credentials = &org.Credentials{Password: &org.Password{}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{}}
	*users = append(*users, ben, eve)

	s := fakeaws.New(t, w)
	r, e := load(t, s, options(t))
	require.Empty(t, partial(r))
	keys := func(e *awsexport.Export, name string) []org.AccessKey {
		u, ok := e.Organization.User(arn("arn:aws:iam::111122223333:user/" + name))
		require.True(t, ok)
		return u.Credentials.AccessKeys
	}
	require.Equal(t, ben.Credentials.AccessKeys, keys(e, "ben"))
	require.Equal(t, []org.AccessKey{}, keys(e, "eve"), "none, which is not that nobody knows")
	require.Equal(t, 4, called(s, "ListAccessKeys"), "once for each user")

	s = fakeaws.New(t, w)
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccessKeys", Account: management}, Code: "NoSuchEntity", Status: 404})
	r, e = load(t, s, options(t))
	require.Empty(t, partial(r), "deleted since the report was generated")
	require.Nil(t, keys(e, "ben"), "not known, which is not to have none")

	s = fakeaws.New(t, w)
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccessKeys", Account: management}, Kind: fakeaws.Deny})
	r, e = load(t, s, options(t))
	require.Equal(t, []string{management + " credentials"}, partial(r))
	require.Nil(t, keys(e, "ben"))
}
