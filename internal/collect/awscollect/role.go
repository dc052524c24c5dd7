package awscollect

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/licit-dev/licit/internal/collect"
)

// expiryWindow is how long before they expire credentials of a role are renewed.
const expiryWindow = 2 * time.Minute

// sessionName names the sessions of assumed roles, for CloudTrail.
const sessionName = "licit-load"

// The forms that AWS takes (API references of IAM and AWS STS).
var (
	roleForm       = regexp.MustCompile(`^([\w+=,.@-]+/)*[\w+=,.@-]{1,64}$`)
	externalIDForm = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
)

// CheckRole says what is wrong with the name of a role that is to be assumed.
func CheckRole(name string) error {
	if !roleForm.MatchString(name) {
		return fmt.Errorf("%q: want the name of a role, with its path if it has one, such as LicitReader or audit/LicitReader", name)
	}
	return nil
}

// CheckExternalID says what is wrong with an external ID.
func CheckExternalID(id string) error {
	if !externalIDForm.MatchString(id) || len(id) > 1224 {
		return fmt.Errorf("%q: want 2 to 1224 letters, digits and any of _+=,.@:/-", id)
	}
	return nil
}

// A role is the one that is assumed in an account. What made it fail once is not tried
// again.
type role struct {
	session *session
	account string
	arn     string
	cache   *aws.CredentialsCache
	cfg     aws.Config // with credentials of the role

	mu     sync.Mutex
	failed error
	known  bool // it answers for the account
}

func (s *session) role(account string) *role {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.roles[account]
	if !ok {
		r = &role{session: s, account: account, arn: fmt.Sprintf("arn:%s:iam::%s:role/%s", s.partition, account, s.options.Role)}
		r.cache = aws.NewCredentialsCache(r, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = expiryWindow })
		r.cfg = s.cfg.Copy()
		r.cfg.Credentials = r.cache
		s.roles[account] = r
	}
	return r
}

// Retrieve assumes the role. It makes role an aws.CredentialsProvider.
func (r *role) Retrieve(ctx context.Context) (aws.Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return aws.Credentials{}, r.failed
	}
	c, err := r.assume(ctx)
	if err == nil && !r.known {
		err = r.verify(ctx, c)
		r.known = err == nil
	}
	if err != nil {
		if ctx.Err() == nil {
			r.failed = err
		}
		return aws.Credentials{}, err
	}
	return c, nil
}

func (r *role) assume(ctx context.Context) (aws.Credentials, error) {
	in := &sts.AssumeRoleInput{RoleArn: &r.arn, RoleSessionName: aws.String(sessionName)}
	if id := r.session.options.ExternalID; id != "" {
		in.ExternalId = &id
	}
	out, err := sts.NewFromConfig(r.session.cfg).AssumeRole(ctx, in)
	if err != nil {
		if collect.IsFatal(err) || ctx.Err() != nil {
			return aws.Credentials{}, err
		}
		f := failureOf(err)
		if f.IsExpired() || f.IsRegionOff() {
			return aws.Credentials{}, &collect.Fatal{Err: fmt.Errorf("the credentials are no longer good: %w", f)}
		}
		return aws.Credentials{}, &collect.Failure{Code: f.Code, Message: "sts:AssumeRole of " + r.arn}
	}
	c := out.Credentials
	if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil {
		return aws.Credentials{}, &collect.Failure{Code: collect.CodeUnexpected, Message: "sts:AssumeRole of " + r.arn + " answered no credentials"}
	}
	creds := aws.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: aws.ToString(c.SessionToken),
		Source: "licit", AccountID: r.account,
	}
	if c.Expiration != nil {
		creds.CanExpire, creds.Expires = true, *c.Expiration
	}
	return creds, nil
}

// verify keeps the state of one account from being taken for another's.
func (r *role) verify(ctx context.Context, c aws.Credentials) error {
	cfg := r.session.cfg.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
	got, _, err := identity(ctx, r.session.limited(withoutLimits(cfg), func() string { return r.account }))
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return failureOf(err)
	}
	if got != r.account {
		return &collect.Failure{Code: collect.CodeWrongAccount, Message: fmt.Sprintf("%s answers for account %s", r.arn, got)}
	}
	return nil
}
