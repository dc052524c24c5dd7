package awscollect

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secretstypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// all calls one after the other what a resource is asked, and goes on where AWS refuses.
func all(calls ...func() error) error {
	for _, call := range calls {
		if err := known(call()); err != nil {
			return err
		}
	}
	return nil
}

// s3Section is the general purpose buckets of an account, wherever they are.
var s3Section = &section{
	name: "s3", scope: ofAccount, width: 4, read: readS3,
	operations: append(calls("s3", "ListBuckets", "GetBucketPolicy NoSuchBucketPolicy", "GetPublicAccessBlock NoSuchPublicAccessBlockConfiguration",
		"GetBucketTagging NoSuchTagSet", "GetBucketAbac", "GetObjectLockConfiguration ObjectLockConfigurationNotFoundError"),
		calls("s3control", "GetPublicAccessBlock NoSuchPublicAccessBlockConfiguration")...),
}

const bucketsPerPage = 1000

func readS3(ctx context.Context, r *reader) error {
	if _, err := s3control.NewFromConfig(r.cfg).GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &r.account}); known(err) != nil {
		return err
	}
	c := s3.NewFromConfig(r.cfg)
	type bucket struct{ name, region *string }
	var buckets []bucket
	err := r.list(ctx, func(token *string) (int, *string, error) {
		// Only a paged answer has the buckets' Regions.
		out, err := c.ListBuckets(ctx, &s3.ListBucketsInput{ContinuationToken: token, MaxBuckets: aws.Int32(bucketsPerPage)})
		if err != nil {
			return 0, nil, err
		}
		for _, b := range out.Buckets {
			buckets = append(buckets, bucket{b.Name, b.BucketRegion})
		}
		return len(out.Buckets), out.ContinuationToken, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(buckets), func(ctx context.Context, i int) error {
		name := buckets[i].name
		there := func(o *s3.Options) { o.Region = cmp.Or(aws.ToString(buckets[i].region), o.Region) }
		trails := false
		return all(
			func() error {
				out, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name}, there)
				trails = err == nil && strings.Contains(aws.ToString(out.Policy), "cloudtrail.amazonaws.com")
				return err
			},
			func() error {
				_, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name}, there)
				return err
			},
			func() error {
				_, err := c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: name}, there)
				return err
			},
			func() error { // without ABAC, tags of a bucket decide nothing
				_, err := c.GetBucketAbac(ctx, &s3.GetBucketAbacInput{Bucket: name}, there)
				return err
			},
			func() error { // for how long log files of trails are kept
				if !trails {
					return nil
				}
				_, err := c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: name}, there)
				return err
			},
		)
	})
}

var sqsSection = &section{
	name: "sqs", scope: ofRegion, width: 4, read: readSQS,
	operations: calls("sqs", "ListQueues", "GetQueueAttributes", "ListQueueTags"),
}

func readSQS(ctx context.Context, r *reader) error {
	c := sqs.NewFromConfig(r.cfg)
	var urls []string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		// Without MaxResults the answer ends after 1,000 queues, and does not say so.
		out, err := c.ListQueues(ctx, &sqs.ListQueuesInput{NextToken: token, MaxResults: aws.Int32(1000)})
		if err != nil {
			return 0, nil, err
		}
		urls = append(urls, out.QueueUrls...)
		return len(out.QueueUrls), out.NextToken, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(urls), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &urls[i],
					AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn, sqstypes.QueueAttributeNamePolicy}})
				return err
			},
			func() error {
				_, err := c.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &urls[i]})
				return err
			},
		)
	})
}

var snsSection = &section{
	name: "sns", scope: ofRegion, width: 4, read: readSNS,
	operations: calls("sns", "ListTopics", "GetTopicAttributes", "ListTagsForResource"),
}

func readSNS(ctx context.Context, r *reader) error {
	c := sns.NewFromConfig(r.cfg)
	var topics []*string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListTopics(ctx, &sns.ListTopicsInput{NextToken: token})
		if err != nil {
			return 0, nil, err
		}
		for _, t := range out.Topics {
			topics = append(topics, t.TopicArn)
		}
		return len(out.Topics), out.NextToken, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(topics), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topics[i]})
				return err
			},
			func() error {
				_, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: topics[i]})
				return err
			},
		)
	})
}

var kmsSection = &section{
	name: "kms", scope: ofRegion, width: 4, read: readKMS,
	operations: calls("kms", "ListKeys", "DescribeKey", "GetKeyPolicy", "ListResourceTags"),
}

func readKMS(ctx context.Context, r *reader) error {
	c := kms.NewFromConfig(r.cfg)
	var keys []*string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListKeys(ctx, &kms.ListKeysInput{Marker: token, Limit: aws.Int32(1000)})
		if err != nil {
			return 0, nil, err
		}
		for _, k := range out.Keys {
			keys = append(keys, cmp.Or(k.KeyArn, k.KeyId))
		}
		return marked(len(out.Keys), out.Truncated, out.NextMarker)
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(keys), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: keys[i]})
				return err
			},
			func() error { // a key has one policy, which is called default
				_, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: keys[i], PolicyName: aws.String("default")})
				return err
			},
			func() error {
				return r.list(ctx, func(token *string) (int, *string, error) {
					out, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: keys[i], Marker: token})
					if err != nil {
						return 0, nil, err
					}
					return marked(len(out.Tags), out.Truncated, out.NextMarker)
				})
			},
		)
	})
}

// lambdaSection keeps names of functions alone: their environment variables hold secrets.
var lambdaSection = &section{
	name: "lambda", scope: ofRegion, width: 4, read: readLambda,
	operations: trimmed(calls("lambda", "ListFunctions", "GetPolicy ResourceNotFoundException", "ListTags"), "ListFunctions", func(out *lambda.ListFunctionsOutput) {
		functions := make([]lambdatypes.FunctionConfiguration, len(out.Functions))
		for i, f := range out.Functions {
			functions[i] = lambdatypes.FunctionConfiguration{FunctionArn: f.FunctionArn, FunctionName: f.FunctionName}
		}
		out.Functions = functions
	}),
}

func readLambda(ctx context.Context, r *reader) error {
	c := lambda.NewFromConfig(r.cfg)
	var functions []*string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListFunctions(ctx, &lambda.ListFunctionsInput{Marker: token})
		if err != nil {
			return 0, nil, err
		}
		for _, f := range out.Functions {
			functions = append(functions, cmp.Or(f.FunctionArn, f.FunctionName))
		}
		return len(out.Functions), out.NextMarker, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(functions), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: functions[i]})
				return err
			},
			func() error {
				_, err := c.ListTags(ctx, &lambda.ListTagsInput{Resource: functions[i]})
				return err
			},
		)
	})
}

// secretsSection reads policies and tags of secrets, never their values.
var secretsSection = &section{
	name: "secretsmanager", scope: ofRegion, width: 4, read: readSecrets,
	operations: trimmed(calls("secretsmanager", "ListSecrets", "GetResourcePolicy"), "ListSecrets", func(out *secretsmanager.ListSecretsOutput) {
		secrets := make([]secretstypes.SecretListEntry, len(out.SecretList))
		for i, s := range out.SecretList {
			secrets[i] = secretstypes.SecretListEntry{ARN: s.ARN, Name: s.Name, Tags: s.Tags}
		}
		out.SecretList = secrets
	}),
}

func readSecrets(ctx context.Context, r *reader) error {
	c := secretsmanager.NewFromConfig(r.cfg)
	var secrets []*string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.ListSecrets(ctx, &secretsmanager.ListSecretsInput{NextToken: token, MaxResults: aws.Int32(100)})
		if err != nil {
			return 0, nil, err
		}
		for _, s := range out.SecretList {
			secrets = append(secrets, cmp.Or(s.ARN, s.Name))
		}
		return len(out.SecretList), out.NextToken, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(secrets), func(ctx context.Context, i int) error {
		_, err := c.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: secrets[i]})
		return known(err)
	})
}

var ecrSection = &section{
	name: "ecr", scope: ofRegion, width: 4, read: readECR,
	operations: calls("ecr", "DescribeRepositories", "GetRepositoryPolicy RepositoryPolicyNotFoundException", "ListTagsForResource"),
}

func readECR(ctx context.Context, r *reader) error {
	c := ecr.NewFromConfig(r.cfg)
	var names, arns []*string
	err := r.list(ctx, func(token *string) (int, *string, error) {
		out, err := c.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{NextToken: token, MaxResults: aws.Int32(1000)})
		if err != nil {
			return 0, nil, err
		}
		for _, p := range out.Repositories {
			names, arns = append(names, p.RepositoryName), append(arns, p.RepositoryArn)
		}
		return len(out.Repositories), out.NextToken, nil
	})
	if err != nil {
		return known(err)
	}
	return r.each(ctx, len(names), func(ctx context.Context, i int) error {
		return all(
			func() error {
				_, err := c.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: names[i]})
				return err
			},
			func() error {
				_, err := c.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: arns[i]})
				return err
			},
		)
	})
}
