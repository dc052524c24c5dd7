// Package awscloudtrail reads from AWS the trails of CloudTrail, the log files that they
// delivered, and the events that CloudTrail looks up.
//
// Most users need [LoadTrails] and [Objects].
//
// It does not read what is in events, nor CloudTrail Lake, and changes nothing in AWS.
package awscloudtrail

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/internal/collect/awscollect"
)

// LoadTrails reads the trails of the organization that the credentials of cfg are in, with
// their status and selectors, by ARN. Without options it reads those of all accounts that it
// can enter, which is the caller's own unless there is a [WithRole], in all Regions that no
// account can turn off.
//
// What cannot be read is no error: the status or the selectors of a trail are nil then, and so
// is always what its bucket says, which is read with the buckets. The
// error is of the options, of the credentials of cfg, of the directory, or that of the
// context.
func LoadTrails(ctx context.Context, cfg aws.Config, opts ...Option) ([]cloudtrail.Trail, error) {
	o := awscollect.Options{Sections: []string{"trails"}, Now: time.Now()}
	for _, opt := range opts {
		opt.apply(&o)
	}
	x, err := awscollect.Export(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return x.Trails, nil
}

// An Option says how to load.
type Option struct{ apply func(*awscollect.Options) }

// WithAccounts reads these accounts alone, by ID.
func WithAccounts(ids ...string) Option {
	return Option{func(o *awscollect.Options) { o.Accounts = ids }}
}

// WithRole assumes the role of this name, with its path if it has one, in accounts other
// than the caller's.
func WithRole(name string) Option { return Option{func(o *awscollect.Options) { o.Role = name }} }

// WithExternalID sends this external ID when it assumes roles.
func WithExternalID(id string) Option {
	return Option{func(o *awscollect.Options) { o.ExternalID = id }}
}

// WithRegions reads the trails that have their home in these Regions.
func WithRegions(names ...string) Option {
	return Option{func(o *awscollect.Options) { o.Regions = names }}
}

// WithDirectory keeps what AWS answered in dir, and does not ask again what is there and
// younger than maxAge. Two loads must not use the same dir at a time.
func WithDirectory(dir string, maxAge time.Duration) Option {
	return Option{func(o *awscollect.Options) { o.Dir, o.MaxAge = dir, maxAge }}
}
