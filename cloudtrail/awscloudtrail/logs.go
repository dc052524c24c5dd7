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
// CloudTrail log files”); days are those of UTC, To's included. It ends at the first error,
// which is of AWS, of the context, or of a file larger than CloudTrail's are.
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
		for day := l.From.UTC().Truncate(24 * time.Hour); !day.After(l.To); day = day.AddDate(0, 0, 1) {
			pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &l.Bucket, Prefix: aws.String(l.prefix(day))},
				func(o *s3.ListObjectsV2PaginatorOptions) { o.StopOnDuplicateToken = true })
			for empty := 0; pages.HasMorePages(); {
				page, err := pages.NextPage(ctx)
				if err == nil {
					err = notEndless(&empty, len(page.Contents))
				}
				if err != nil {
					yield(Object{}, err)
					return
				}
				for _, o := range page.Contents {
					body, err := object(ctx, c, l.Bucket, aws.ToString(o.Key))
					if !yield(Object{aws.ToString(o.Key), body}, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

func (l *Logs) validate() error {
	switch {
	case l.Bucket == "" || l.Account == "" || l.Region == "":
		return errors.New("logs want a bucket, an account and a Region")
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

// mostEmpty is how many pages one after the other may be empty.
const mostEmpty = 1000

// notEndless counts empty pages and gives up when there are no others.
func notEndless(empty *int, n int) error {
	if *empty++; n > 0 {
		*empty = 0
	}
	if *empty > mostEmpty {
		return fmt.Errorf("%d empty pages one after the other", mostEmpty)
	}
	return nil
}

func object(ctx context.Context, c *s3.Client, bucket, key string) ([]byte, error) {
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("s3://%s/%s: %w", bucket, key, err)
	}
	return body, nil
}

// Lookup yields the management events that CloudTrail keeps for 90 days, of the account and
// the Region of cfg, the newest first: each as the JSON text of its record. AWS answers two
// calls a second, each with at most fifty events. It ends at the first error.
func Lookup(ctx context.Context, cfg aws.Config, from, to time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		cfg, err := awscollect.Config(ctx, cfg)
		if err != nil {
			yield("", err)
			return
		}
		pages := cloudtrail.NewLookupEventsPaginator(cloudtrail.NewFromConfig(cfg), &cloudtrail.LookupEventsInput{StartTime: &from, EndTime: &to},
			func(o *cloudtrail.LookupEventsPaginatorOptions) { o.StopOnDuplicateToken = true })
		for empty := 0; pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err == nil {
				err = notEndless(&empty, len(page.Events))
			}
			if err != nil {
				yield("", err)
				return
			}
			for _, e := range page.Events {
				if !yield(aws.ToString(e.CloudTrailEvent), nil) {
					return
				}
			}
		}
	}
}
