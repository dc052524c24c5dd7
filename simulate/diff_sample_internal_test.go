package simulate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy/serviceref"
)

func TestSamples(t *testing.T) {
	tests := []struct {
		pattern, service, resource string
		want                       string
		open                       bool
	}{
		{"*", "s3", "bucket", "arn:aws:s3:::licit-sample", false},
		{"*", "s3", "object", "arn:aws:s3:::licit-sample/licit-sample", false},
		{"arn:aws:s3:::logs/*", "s3", "object", "arn:aws:s3:::logs/licit-sample", false},
		{"arn:aws:s3:::logs/*", "s3", "bucket", "", false},
		{"arn:aws:s3:::logs*", "s3", "object", "arn:aws:s3:::logslicit-sample/licit-sample", false},
		{"arn:aws:s3:::${aws:username}/*", "s3", "object", "arn:aws:s3:::ana/licit-sample", false},
		{"arn:aws:sqs:*:*:orders-?", "sqs", "queue", "arn:aws:sqs:licit-sample-1:111122223333:orders-x", true},
		{"arn:aws:sqs:eu-west-1:*:*", "sqs", "queue", "arn:aws:sqs:eu-west-1:111122223333:licit-sample", false},
		{"arn:aws:sqs:eu-*:444455556666:*", "sqs", "queue", "arn:aws:sqs:eu-licit-sample:444455556666:licit-sample", true},
		{"arn:aws:iam::*:role/app/*", "iam", "role", "arn:aws:iam::111122223333:role/app/licit-sample", false},
		{"arn:aws:iam::111122223333:role/app", "iam", "role", "arn:aws:iam::111122223333:role/app", false},
		{"arn:aws:iam::111122223333:user/ana", "iam", "role", "", false},
		{"arn:aws:kms:*:*:*", "kms", "key", "arn:aws:kms:licit-sample-1:111122223333:key/licit-sample", true},
	}
	for _, test := range tests {
		t.Run(test.pattern+" "+test.resource, func(t *testing.T) {
			s := sampler{partition: "aws", account: "111122223333", user: "ana", region: sampleRegion, fits: &typeMemo{}, memo: map[sampleKey]sample{}}
			typ, ok := serviceref.Embedded().ResourceType(test.service, test.resource)
			require.True(t, ok)
			for format := range typ.ARNFormats() {
				got := sample{}
				for got = range s.of(test.pattern, format, typ) {
				}
				require.Equal(t, test.want, got.arn.String())
				require.Equal(t, test.open, got.openRegion)
			}
		})
	}
}
