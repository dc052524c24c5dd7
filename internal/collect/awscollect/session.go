package awscollect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/licit-dev/licit/internal/collect"
)

// A session is one collector: base credentials, and those of the roles that they assume.
type session struct {
	cfg       aws.Config // with the base credentials
	caller    string     // account of the base credentials
	partition string
	options   Options
	limits    *collect.Limits

	mu    sync.Mutex
	roles map[string]*role // by account
}

// attempts and longest are what one call may cost before its unit is partial.
const (
	attempts = 10
	longest  = 20 * time.Second
)

// answerTime is how long one answer may take, its body included.
const answerTime = 2 * time.Minute

// newSession finds out who is calling. Its errors end the load.
func newSession(ctx context.Context, cfg aws.Config, o Options) (*session, error) {
	if cfg.Credentials == nil {
		return nil, errors.New("the configuration has no credentials")
	}
	if cfg.Region == "" {
		return nil, errors.New("the configuration has no Region; set one, such as us-east-1")
	}
	cfg = cfg.Copy()
	s := &session{options: o, roles: make(map[string]*role), limits: collect.NewLimits(rates(o.speed), rate(o.speed, otherwise))}
	cfg.Credentials = &base{cfg.Credentials}
	client := cfg.HTTPClient
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	cfg.HTTPClient = bounded{client, cmp.Or(o.patience, answerTime)}
	cfg.Retryer = func() aws.Retryer { return retryer(o.backoff) }
	s.cfg = s.limited(cfg, func() string { return s.caller })
	account, partition, err := identity(ctx, s.cfg)
	if err != nil {
		if !collect.IsFatal(err) && ctx.Err() == nil {
			err = failureOf(err)
		}
		return nil, fmt.Errorf("the credentials: %w", err)
	}
	s.caller, s.partition = account, partition
	return s, nil
}

// retryer tries throttled, failed and truncated answers again, without the quota by which
// the SDK gives up early.
func retryer(backoff time.Duration) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = longest
		if backoff > 0 {
			o.MaxBackoff = backoff
		}
		o.RateLimiter = ratelimit.None
		// A body that ends too early is no error of the connection to the SDK, and not all that
		// end it are.
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if IsLost(err) {
				return aws.TrueTernary
			}
			return aws.UnknownTernary
		})}, o.Retryables...)
	})
}

// limited lets each attempt wait for a token of the account whose credentials sign it.
func (s *session) limited(cfg aws.Config, account func() string) aws.Config {
	cfg = cfg.Copy()
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("licit:limit",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				service, operation := called(ctx)
				done, err := s.limits.Wait(ctx, service, operation, account(), cfg.Region)
				if err != nil {
					return middleware.FinalizeOutput{}, middleware.Metadata{}, err
				}
				defer done()
				return next.HandleFinalize(ctx, in)
			}), "Retry", middleware.After)
	})
	return cfg
}

// called is what is being called, as the AWS CLI names it.
func called(ctx context.Context) (service, operation string) {
	id := strings.ToLower(strings.ReplaceAll(middleware.GetServiceID(ctx), " ", "-"))
	switch id {
	case "s3-control", "secrets-manager":
		id = strings.ReplaceAll(id, "-", "")
	}
	return id, middleware.GetOperationName(ctx)
}

// identity asks whose credentials these are. That needs no permission.
func identity(ctx context.Context, cfg aws.Config) (account, partition string, err error) {
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", err
	}
	account = aws.ToString(out.Account)
	if part := strings.Split(aws.ToString(out.Arn), ":"); len(part) > 2 {
		partition = part[1]
	}
	if !collect.IsAccount(account) || partition == "" {
		return "", "", &collect.Failure{Code: collect.CodeUnexpected, Message: fmt.Sprintf("sts:GetCallerIdentity answered account %q, ARN %q", account, aws.ToString(out.Arn))}
	}
	return account, partition, nil
}

// base are the credentials of the collector. Without them nothing can be read.
type base struct{ aws.CredentialsProvider }

func (b *base) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := b.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = &collect.Fatal{Err: fmt.Errorf("the credentials cannot be had: %w", err)}
	}
	return c, err
}

// configure returns the configuration for calls in an account and a Region. The error is a
// [collect.Failure] if the account cannot be entered.
func (s *session) configure(ctx context.Context, account, region string) (aws.Config, error) {
	cfg := s.cfg.Copy()
	if account != s.caller {
		r := s.role(account)
		if _, err := r.cache.Retrieve(ctx); err != nil {
			return aws.Config{}, err
		}
		cfg = r.cfg.Copy()
	}
	if region != "" {
		cfg.Region = region
	}
	return s.limited(withoutLimits(cfg), func() string { return account }), nil
}

// withoutLimits takes the tokens of another Region off.
func withoutLimits(cfg aws.Config) aws.Config {
	cfg.APIOptions = cfg.APIOptions[: len(cfg.APIOptions)-1 : len(cfg.APIOptions)-1]
	return cfg
}

// check finds out whether the credentials for an account still are good where no Region can
// be off. The error is a [collect.Fatal] if they are the collector's own and are not, and a
// [collect.Failure] if they are another account's.
func (s *session) check(ctx context.Context, account string) error {
	cfg, err := s.configure(ctx, account, "")
	if err != nil {
		return err
	}
	_, _, err = identity(ctx, cfg)
	if err == nil || ctx.Err() != nil || collect.IsFatal(err) {
		return err
	}
	f := failureOf(err)
	if account == s.caller && (f.IsExpired() || f.IsRegionOff()) {
		return &collect.Fatal{Err: fmt.Errorf("the credentials are no longer good: %w", f)}
	}
	return f
}
