// Package awsorg reads an organization from AWS: its tree and policies, and of each account
// its IAM, credentials, identity providers and resource policies.
//
// Most users need [Load] with [WithRole]. What it calls is what licit load policy prints.
//
// It does not read IAM Identity Center and trails, see identitycenter/awsidentitycenter and
// cloudtrail/awscloudtrail, and changes nothing in AWS.
package awsorg

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/org"
)

// sections are those that make an organization.
var sections = []string{
	"organization", "organization-policies", "iam", "credentials", "providers",
	"s3", "sqs", "sns", "kms", "lambda", "secretsmanager", "ecr",
}

// Load reads the organization that the credentials of cfg are in, from its management
// account or that of a delegated administrator. Without options it reads all accounts of
// the organization that it can enter, which is the caller's own unless there is a
// [WithRole], in all Regions that no account can turn off.
//
// What cannot be read is no error: it is an [org.Gap] wherever decisions depend on it, and
// the Coverage of the organization's [org.Spec] says of each account, Region and section how
// well it is known. Suspended and closed accounts are left out. The error is of the options,
// of the credentials of cfg, of the directory, or that of the context.
//
// Who has a password, MFA devices and access keys is what the credential report says, which
// AWS generates every four hours at most (IAM User Guide, “Generate credential reports”).
//
// Calls stay below 80 % of the rates that AWS publishes. Two loads of the same state return
// the same organization.
func Load(ctx context.Context, cfg aws.Config, opts ...Option) (*org.Organization, error) {
	o := awscollect.Options{Sections: sections, Now: time.Now()}
	for _, opt := range opts {
		opt.apply(&o)
	}
	x, err := awscollect.Export(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return x.Organization, nil
}

// An Option says how to load.
type Option struct{ apply func(*awscollect.Options) }

// WithAccounts reads these accounts alone, by ID.
func WithAccounts(ids ...string) Option {
	return Option{func(o *awscollect.Options) { o.Accounts = ids }}
}

// WithRole assumes the role of this name, with its path if it has one ("audit/Reader"), in
// accounts other than the caller's. A role that answers for another account than the one it
// was assumed in is refused.
func WithRole(name string) Option { return Option{func(o *awscollect.Options) { o.Role = name }} }

// WithExternalID sends this external ID when it assumes roles.
func WithExternalID(id string) Option {
	return Option{func(o *awscollect.Options) { o.ExternalID = id }}
}

// WithRegions reads resources in these Regions. Buckets are read wherever they are. What
// there may be in other Regions is a gap, with and without this option.
func WithRegions(names ...string) Option {
	return Option{func(o *awscollect.Options) { o.Regions = names }}
}

// WithDirectory keeps what AWS answered in dir, and does not ask again what is there and
// younger than maxAge: a load that was interrupted goes on. Two loads must not use the same
// dir at a time. Only the user who loads can read it.
func WithDirectory(dir string, maxAge time.Duration) Option {
	return Option{func(o *awscollect.Options) { o.Dir, o.MaxAge = dir, maxAge }}
}
