package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
)

// What no bucket policy denies to the root user of the bucket's account (R-ROOT-5; Amazon S3 API
// Reference, DeleteBucketPolicy).
var (
	bucketPolicyActions    = []string{"s3:deletebucketpolicy", "s3:getbucketpolicy", "s3:putbucketpolicy"}
	directoryPolicyActions = []string{"s3express:deletebucketpolicy", "s3express:getbucketpolicy", "s3express:putbucketpolicy"}
)

// bucketPolicyRules is how many Denies [sideBuilder.bucketPolicies] adds.
const bucketPolicyRules = 4

// bucketPolicies leaves out requests for these actions on what is no bucket, which nobody can make, and
// where no policy decides.
func (b *sideBuilder) bucketPolicies(undecided *symbolic.Formula) {
	objects := b.on(bucketPolicyActions, []string{"*:*:s3:*:*:*/*"})
	others := b.on(bucketPolicyActions, []string{"*:*:s3:*:*:*"})
	directory := b.on(directoryPolicyActions, []string{"*:*:s3express:*:*:bucket/*"})
	others.NotResource, directory.NotResource = true, true
	all := b.on(slices.Concat(bucketPolicyActions, directoryPolicyActions), nil)
	all.When = undecided
	b.Denies = append(b.Denies, objects, others, directory, all)
}

// denyUnless adds the Denies of a listed resource's policy to a side. It is unlocked for the root user of
// the resource's account.
func (b *sideBuilder) denyUnless(denies []symbolic.Statement, unlocked bool) {
	if !unlocked {
		b.Denies = append(b.Denies, denies...)
		return
	}
	m, err := member(symbolic.ActionText, slices.Concat(bucketPolicyActions, directoryPolicyActions))
	b.fail(err)
	for _, d := range denies {
		d.Reach = append(slices.Clip(d.Reach), symbolic.Reach{Member: m, Not: true})
		b.Denies = append(b.Denies, d)
	}
}
