package fakeaws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
)

// quick retries at once.
func quick(cfg aws.Config, attempts int) aws.Config {
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = attempts, time.Nanosecond, ratelimit.None
		})
	}
	return cfg
}

func TestFaults(t *testing.T) {
	roots := func(cfg aws.Config) error {
		_, err := organizations.NewFromConfig(cfg).ListRoots(t.Context(), nil)
		return err
	}
	details := func(cfg aws.Config) error {
		_, err := iam.NewFromConfig(cfg).GetAccountAuthorizationDetails(t.Context(), nil)
		return err
	}
	tests := []struct {
		name     string
		fault    fakeaws.Fault
		call     func(aws.Config) error
		attempts int
		want     string // code
		calls    int
	}{
		{"throttled three times", fakeaws.Fault{Kind: fakeaws.Throttle, Times: 3}, roots, 5, "", 4},
		{"throttled for good", fakeaws.Fault{Kind: fakeaws.Throttle}, roots, 3, "TooManyRequestsException", 3},
		{"throttled, query", fakeaws.Fault{Kind: fakeaws.Throttle, Times: 1}, details, 3, "", 2},
		{"denied", fakeaws.Fault{Kind: fakeaws.Deny}, roots, 3, "AccessDeniedException", 1},
		{"denied, query", fakeaws.Fault{Kind: fakeaws.Deny}, details, 3, "AccessDenied", 1},
		{"denied elsewhere", fakeaws.Fault{Match: fakeaws.Match{Account: member}, Kind: fakeaws.Deny}, roots, 3, "", 1},
		{"denied for another operation", fakeaws.Fault{Match: fakeaws.Match{Service: "iam", Operation: "GetRole"}, Kind: fakeaws.Deny}, details, 3, "", 1},
		{"expired", fakeaws.Fault{Kind: fakeaws.Expired}, roots, 1, "ExpiredTokenException", 1},
		{"expired, query", fakeaws.Fault{Kind: fakeaws.Expired}, details, 1, "ExpiredToken", 1},
		{"Region off", fakeaws.Fault{Match: fakeaws.Match{Region: "us-east-1"}, Kind: fakeaws.RegionOff}, roots, 3, "UnrecognizedClientException", 1},
		{"Region off, query", fakeaws.Fault{Kind: fakeaws.RegionOff}, details, 3, "InvalidClientTokenId", 1},
		{"not subscribed", fakeaws.Fault{Code: "OptInRequired", Status: 403}, roots, 3, "OptInRequired", 1},
		{"fails once", fakeaws.Fault{Times: 1}, roots, 3, "", 2},
		{"second call fails", fakeaws.Fault{After: 1}, roots, 3, "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := fakeaws.New(t, world())
			s.Inject(test.fault)
			err := test.call(quick(s.Config(t, management), test.attempts))
			require.Equal(t, test.want, code(err), "%v", err)
			require.Equal(t, test.want == "", err == nil, "%v", err)
			require.Len(t, s.Calls(), test.calls)
		})
	}
}

func TestFailureInTheMiddleOfPages(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 1
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccounts"}, After: 1, Times: 1})
	p := organizations.NewListAccountsPaginator(organizations.NewFromConfig(quick(s.Config(t, management), 1)), nil)
	_, err := p.NextPage(t.Context())
	require.NoError(t, err)
	_, err = p.NextPage(t.Context())
	require.Equal(t, "InternalFailure", code(err))
	_, err = p.NextPage(t.Context())
	require.NoError(t, err)
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(aws.Config) error
	}{
		{"json", func(cfg aws.Config) error {
			_, err := organizations.NewFromConfig(cfg).ListAccounts(t.Context(), nil)
			return err
		}},
		{"query", func(cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).GetAccountAuthorizationDetails(t.Context(), nil)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fakeaws.New(t, world())
			s.Inject(fakeaws.Fault{Kind: fakeaws.Cut, Times: 1})
			cfg := s.Config(t, management)
			require.ErrorIs(t, test.call(cfg), io.ErrUnexpectedEOF)
			require.NoError(t, test.call(cfg))
			require.Len(t, s.Calls(), 2, "the call that was cut is recorded")
		})
	}
}

func TestSlow(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Kind: fakeaws.Slow, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := sts.NewFromConfig(s.Config(t, management)).GetCallerIdentity(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	s.Heal()
	_, err = sts.NewFromConfig(s.Config(t, management)).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
}

func TestEmptyPages(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Kind: fakeaws.EmptyPages})
	p := organizations.NewListAccountsPaginator(organizations.NewFromConfig(s.Config(t, management)), nil)
	for range 100 {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		require.Empty(t, page.Accounts)
	}
	require.True(t, p.HasMorePages())
}

func TestHuge(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Inject(fakeaws.Fault{Kind: fakeaws.Huge})
	cfg := s.Config(t, management)
	limit := errors.New("too much")
	cfg.HTTPClient = bounded{cfg.HTTPClient, limit}
	_, err := organizations.NewFromConfig(quick(cfg, 1)).ListAccounts(t.Context(), nil)
	require.ErrorIs(t, err, limit)
}

// bounded reads no more than 8 MB of an answer.
type bounded struct {
	aws.HTTPClient
	limit error
}

func (b bounded) Do(r *http.Request) (*http.Response, error) {
	resp, err := b.HTTPClient.Do(r)
	if err == nil {
		resp.Body = &body{resp.Body, 8 << 20, b.limit}
	}
	return resp, err
}

type body struct {
	io.ReadCloser
	left  int
	limit error
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return n, b.limit
	}
	return n, err
}

func TestLimit(t *testing.T) {
	s := fakeaws.New(t, world())
	s.Limit(fakeaws.Match{Service: "organizations"}, 0.001, 3)
	cfg := quick(s.Config(t, management), 1)
	for i := range 5 {
		_, err := organizations.NewFromConfig(cfg).ListRoots(t.Context(), nil)
		require.Equal(t, i < 3, err == nil, "call %d: %v", i, err)
	}
	_, err := organizations.NewFromConfig(s.Config(t, member)).ListRoots(t.Context(), nil)
	require.NoError(t, err, "another account has its own bucket")
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
}

func TestCalls(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := quick(s.Config(t, management), 1)
	_, err := organizations.NewFromConfig(cfg).ListRoots(t.Context(), nil)
	require.NoError(t, err)
	s.Inject(fakeaws.Fault{Kind: fakeaws.Deny})
	cfg.Region = "eu-west-3"
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	require.Error(t, err)
	require.Equal(t, []fakeaws.Call{
		{Service: "organizations", Operation: "ListRoots", Account: management, Region: "us-east-1"},
		{Service: "sts", Operation: "GetCallerIdentity", Account: management, Region: "eu-west-3", Code: "AccessDenied"},
	}, s.Calls())
	s.Forget()
	require.Empty(t, s.Calls())
}

// Nothing but the server can be reached.
func TestConfigIsolates(t *testing.T) {
	t.Setenv("AWS_PROFILE", "orders")
	t.Setenv("AWS_ENDPOINT_URL", "https://sts.amazonaws.com")
	s := fakeaws.New(t, world())
	cfg := s.Config(t, management)
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	for _, endpoint := range []string{"http://sts.amazonaws.com", "http://192.0.2.1", "http://127.0.0.1.example.com", "http://444455556666.192.0.2.1"} {
		cfg := quick(cfg, 1)
		cfg.BaseEndpoint = aws.String(endpoint)
		_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		require.ErrorContains(t, err, "not a loopback address")
	}
	require.Len(t, s.Calls(), 1)
}
