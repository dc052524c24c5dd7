package awscollect

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/org/awsexport"
)

// Export loads what the options ask for and reads the records. Without a Dir they are kept
// until it returns.
func Export(ctx context.Context, cfg aws.Config, o Options) (*awsexport.Export, error) {
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "licit-load-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		o.Dir = dir
	}
	r, err := Load(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return awsexport.Read(r.FS)
}

// Config returns cfg with the limits, retries and bounds of a load, for calls with its own
// credentials.
func Config(ctx context.Context, cfg aws.Config) (aws.Config, error) {
	s, err := newSession(ctx, cfg, Options{})
	if err != nil {
		return aws.Config{}, err
	}
	return s.cfg, nil
}
