// Package awsidentitycenter reads an instance of IAM Identity Center from AWS: its permission
// sets, users, groups, assignments and attributes for access control.
//
// Most users need [Load]. What it calls is what licit load policy --sections
// identity-center,identity-store prints.
//
// Of people it keeps the ID, the names, the e-mail address and whether they may sign in. It
// does not read applications, and changes nothing in AWS.
package awsidentitycenter

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/collect/awscollect"
)

// Load reads the instance that the credentials of cfg see, those of the management account
// or of a delegated administrator, in all Regions that no account can turn off. Without an
// instance the error is [fs.ErrNotExist].
//
// Assignments are read by account and permission set, or by user and group, whichever needs
// fewer calls. What cannot be read is no error but an org.Gap of the instance's
// [identitycenter.Spec]. The error is of the options, of the credentials of cfg, of the
// directory, or that of the context.
func Load(ctx context.Context, cfg aws.Config, opts ...Option) (*identitycenter.Instance, error) {
	o := awscollect.Options{Sections: []string{"identity-center", "identity-store"}, Now: time.Now()}
	for _, opt := range opts {
		opt.apply(&o)
	}
	x, err := awscollect.Export(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	if x.Instance == nil {
		return nil, fmt.Errorf("an instance of IAM Identity Center: %w", fs.ErrNotExist)
	}
	return x.Instance, nil
}

// An Option says how to load.
type Option struct{ apply func(*awscollect.Options) }

// WithRegions looks for the instance in these Regions.
func WithRegions(names ...string) Option {
	return Option{func(o *awscollect.Options) { o.Regions = names }}
}

// WithDirectory keeps what AWS answered in dir, and does not ask again what is there and
// younger than maxAge: a load that was interrupted goes on. Two loads must not use the same
// dir at a time. Only the user who loads can read it.
func WithDirectory(dir string, maxAge time.Duration) Option {
	return Option{func(o *awscollect.Options) { o.Dir, o.MaxAge = dir, maxAge }}
}
