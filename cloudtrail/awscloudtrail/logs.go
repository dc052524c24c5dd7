package awscloudtrail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/internal/collect/awscollect"
)

// Logs names log files of a trail: those of an account and a Region, from one day to another.
type Logs struct {
	Bucket       string
	Region       string // of the events
	BucketRegion string // empty: that of the configuration
	Prefix       string // of the trail; empty: none
	Organization string // "o-…", of an organization's trail; empty: none
	Account      string // whose events
	From, To     time.Time
}

// An Object is a log file as it is stored: gzip, as its key says.
type Object struct {
	Key  string
	Body []byte
}

// Objects yields the log files, day by day and by key (CloudTrail User Guide, “Finding your
// CloudTrail log files”); days are those of UTC on which CloudTrail wrote the files, To's
// included, so that the last events of a day may be in the first files of the next. It ends
// at the first error, which is of the logs, of AWS, of the context, or of a file larger than
// CloudTrail's are.
func Objects(ctx context.Context, cfg aws.Config, l Logs) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := l.validate(); err != nil {
			yield(Object{}, err)
			return
		}
		cfg, err := awscollect.Config(ctx, cfg)
		if err != nil {
			yield(Object{}, err)
			return
		}
		if l.BucketRegion != "" {
			cfg.Region = l.BucketRegion
		}
		c := s3.NewFromConfig(cfg)
		more := true
		for day := l.From.UTC().Truncate(24 * time.Hour); more && !day.After(l.To); day = day.AddDate(0, 0, 1) {
			more = l.objects(ctx, c, l.prefix(day), yield)
		}
	}
}

// objects yields those of a prefix, and reports whether to go on.
func (l *Logs) objects(ctx context.Context, c *s3.Client, prefix string, yield func(Object, error) bool) bool {
	for p := (collect.Pages{}); !p.Done; {
		out, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &l.Bucket, Prefix: &prefix, ContinuationToken: p.Token})
		if err == nil {
			err = p.Next(len(out.Contents), out.NextContinuationToken, aws.ToBool(out.IsTruncated))
		}
		if err != nil {
			yield(Object{}, fmt.Errorf("s3://%s/%s: %w", l.Bucket, prefix, err))
			return false
		}
		for _, o := range out.Contents {
			body, err := object(ctx, c, l.Bucket, aws.ToString(o.Key))
			if !yield(Object{aws.ToString(o.Key), body}, err) || err != nil {
				return false
			}
		}
	}
	return true
}

func (l *Logs) validate() error {
	switch {
	case l.Bucket == "" || l.Account == "" || l.Region == "":
		return errors.New("logs want a bucket, an account and a Region")
	case !collect.IsAccount(l.Account):
		return fmt.Errorf("logs of %q; want an account ID of twelve digits", l.Account)
	case !collect.IsRegion(l.Region):
		return fmt.Errorf("logs of the Region %q; want a name such as eu-west-3", l.Region)
	case l.From.IsZero() || l.To.Before(l.From):
		return fmt.Errorf("logs from %s to %s; want a time, and one that is not before it", l.From.Format(time.DateOnly), l.To.Format(time.DateOnly))
	}
	return nil
}

// prefix is that of the keys of a day.
func (l *Logs) prefix(day time.Time) string {
	parts := []string{"AWSLogs"}
	if l.Prefix != "" {
		parts = append([]string{strings.Trim(l.Prefix, "/")}, parts...)
	}
	if l.Organization != "" {
		parts = append(parts, l.Organization)
	}
	return strings.Join(append(parts, l.Account, "CloudTrail", l.Region, day.Format("2006/01/02")), "/") + "/"
}

// attempts are how often an object is asked for whose body breaks off.
const attempts = 3

func object(ctx context.Context, c *s3.Client, bucket, key string) (body []byte, err error) {
	for range attempts {
		if body, err = bodyOf(ctx, c, bucket, key); err == nil || ctx.Err() != nil || !awscollect.IsLost(err) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("s3://%s/%s: %w", bucket, key, err)
	}
	return body, nil
}

func bodyOf(ctx context.Context, c *s3.Client, bucket, key string) ([]byte, error) {
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// Lookup yields the management events that CloudTrail keeps for 90 days, of the account and
// the Region of cfg, the newest first: each as the JSON text of its record. AWS answers two
// calls a second, each with at most fifty events. It ends at the first error.
func Lookup(ctx context.Context, cfg aws.Config, from, to time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if from.IsZero() || to.Before(from) {
			yield("", fmt.Errorf("events from %s to %s; want a time, and one that is not before it", from.Format(time.RFC3339), to.Format(time.RFC3339)))
			return
		}
		cfg, err := awscollect.Config(ctx, cfg)
		if err != nil {
			yield("", err)
			return
		}
		c := cloudtrail.NewFromConfig(cfg)
		for p := (collect.Pages{}); !p.Done; {
			out, err := c.LookupEvents(ctx, &cloudtrail.LookupEventsInput{StartTime: &from, EndTime: &to, NextToken: p.Token})
			if err == nil {
				err = p.Next(len(out.Events), out.NextToken, aws.ToString(out.NextToken) != "")
			}
			if err != nil {
				yield("", err)
				return
			}
			for _, e := range out.Events {
				if e.CloudTrailEvent == nil {
					yield("", fmt.Errorf("event %s has no record", aws.ToString(e.EventId)))
					return
				}
				if !yield(*e.CloudTrailEvent, nil) {
					return
				}
			}
		}
	}
}
