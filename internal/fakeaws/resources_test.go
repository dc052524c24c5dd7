package fakeaws_test

import (
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
)

// resourcePolicy is the policy of a resource of the world.
func resourcePolicy(t *testing.T, a string) string {
	t.Helper()
	for _, account := range world().Organization.Accounts {
		for _, r := range account.Resources {
			if r.ARN.String() == a {
				return string(r.Policy.Source())
			}
		}
	}
	t.Fatalf("the world has no %s", a)
	return ""
}

func TestS3(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := as(s.Config(t, management), member, "Reader")
	c := s3.NewFromConfig(cfg)
	list, err := c.ListBuckets(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, list.Buckets, 3)
	require.Nil(t, list.Buckets[0].BucketRegion, "only with a parameter")
	var regions []string
	for p := s3.NewListBucketsPaginator(c, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, b := range page.Buckets {
			regions = append(regions, *b.Name+" "+*b.BucketRegion)
		}
	}
	require.Equal(t, []string{"invoices eu-west-3", "logs us-east-1", "orders eu-west-3"}, regions)

	p, err := c.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("logs")})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, "arn:aws:s3:::logs"), *p.Policy)
	_, err = c.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("orders")})
	require.Equal(t, "PermanentRedirect", code(err))
	there := func(o *s3.Options) { o.Region = "eu-west-3" }
	_, err = c.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("orders")}, there)
	require.Equal(t, "NoSuchBucketPolicy", code(err))
	_, err = c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: aws.String("orders")}, there)
	require.Equal(t, "NoSuchPublicAccessBlockConfiguration", code(err))
	_, err = c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: aws.String("orders")}, there)
	require.Equal(t, "NoSuchTagSet", code(err))
	location, err := c.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: aws.String("orders")}, there)
	require.NoError(t, err)
	require.EqualValues(t, "eu-west-3", location.LocationConstraint)
	block, err := c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: aws.String("logs")})
	require.NoError(t, err)
	require.True(t, *block.PublicAccessBlockConfiguration.RestrictPublicBuckets)
	tags, err := c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: aws.String("logs")})
	require.NoError(t, err)
	require.Equal(t, "ana", *tags.TagSet[0].Value)
	abac, err := c.GetBucketAbac(t.Context(), &s3.GetBucketAbacInput{Bucket: aws.String("logs")})
	require.NoError(t, err)
	require.EqualValues(t, "Disabled", abac.AbacStatus.Status)

	_, err = s3control.NewFromConfig(cfg).GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(member)})
	require.Equal(t, "NoSuchPublicAccessBlockConfiguration", code(err))
	_, err = s3.NewFromConfig(s.Config(t, management)).GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("logs")})
	require.Equal(t, "AccessDenied", code(err))
	_, err = c.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("none")})
	require.Equal(t, "NoSuchBucket", code(err))
}

func TestAccountPublicAccessBlock(t *testing.T) {
	w := world()
	w.Organization.Accounts[1].BlockPublicAccess = true
	s := fakeaws.New(t, w)
	c := s3control.NewFromConfig(s.Config(t, member))
	out, err := c.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(member)})
	require.NoError(t, err)
	require.True(t, *out.PublicAccessBlockConfiguration.RestrictPublicBuckets)
	_, err = c.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(management)})
	require.Equal(t, "AccessDenied", code(err))
	require.Equal(t, "s3control", s.Calls()[0].Service)
}

func TestObjects(t *testing.T) {
	s := fakeaws.New(t, world())
	c := s3.NewFromConfig(s.Config(t, member))
	var keys []string
	for p := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("logs"), Prefix: aws.String("org/"), MaxKeys: aws.Int32(2)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
			got, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: o.Key})
			require.NoError(t, err)
			body, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			require.Len(t, body, int(*o.Size))
			require.Equal(t, *o.LastModified, *got.LastModified)
		}
	}
	require.Equal(t, []string{"org/AWSLogs/1.json.gz", "org/AWSLogs/2.json.gz", "org/a b+c&d"}, keys)
	page, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("logs"), Prefix: aws.String("org/"), Delimiter: aws.String("/")})
	require.NoError(t, err)
	require.Equal(t, "org/AWSLogs/", *page.CommonPrefixes[0].Prefix)
	require.Len(t, page.Contents, 1)
	o, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: &keys[0]})
	require.NoError(t, err)
	require.Equal(t, "00ff", o.Metadata["signature"])
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String("none")})
	require.Equal(t, "NoSuchKey", code(err))
}

func TestQueuesAndTopics(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := s.Config(t, member)
	empty, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, empty.QueueUrls, "the queue is in another Region")
	cfg.Region = "eu-west-3"
	c := sqs.NewFromConfig(cfg)
	queues, err := c.ListQueues(t.Context(), &sqs.ListQueuesInput{MaxResults: aws.Int32(10)})
	require.NoError(t, err)
	require.Equal(t, []string{"https://sqs.eu-west-3.amazonaws.com/444455556666/orders"}, queues.QueueUrls)
	attributes, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queues.QueueUrls[0], AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, "arn:aws:sqs:eu-west-3:444455556666:orders"), attributes.Attributes["Policy"])
	tags, err := c.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: &queues.QueueUrls[0]})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"owner": "ana"}, tags.Tags)
	_, err = c.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: aws.String("https://sqs.eu-west-3.amazonaws.com/444455556666/none")})
	var missing *sqstypes.QueueDoesNotExist
	require.ErrorAs(t, err, &missing)

	topics, err := sns.NewFromConfig(cfg).ListTopics(t.Context(), nil)
	require.NoError(t, err)
	topic, err := sns.NewFromConfig(cfg).GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: topics.Topics[0].TopicArn})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, "arn:aws:sns:eu-west-3:444455556666:orders"), topic.Attributes["Policy"])
	_, err = sns.NewFromConfig(cfg).GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:aws:sns:eu-west-3:444455556666:none")})
	require.Equal(t, "NotFound", code(err))
}

func TestKeysSecretsRepositoriesFunctions(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := s.Config(t, member)
	cfg.Region = "eu-west-3"
	keys, err := kms.NewFromConfig(cfg).ListKeys(t.Context(), nil)
	require.NoError(t, err)
	policy, err := kms.NewFromConfig(cfg).GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: keys.Keys[0].KeyId})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, *keys.Keys[0].KeyArn), *policy.Policy)
	key, err := kms.NewFromConfig(cfg).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: keys.Keys[0].KeyArn})
	require.NoError(t, err)
	require.EqualValues(t, "CUSTOMER", key.KeyMetadata.KeyManager)
	_, err = kms.NewFromConfig(cfg).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String("none")})
	require.Equal(t, "NotFoundException", code(err))

	secrets, err := secretsmanager.NewFromConfig(cfg).ListSecrets(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "orders", *secrets.SecretList[0].Name)
	secret, err := secretsmanager.NewFromConfig(cfg).GetResourcePolicy(t.Context(), &secretsmanager.GetResourcePolicyInput{SecretId: secrets.SecretList[0].ARN})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, *secrets.SecretList[0].ARN), *secret.ResourcePolicy)

	repositories, err := ecr.NewFromConfig(cfg).DescribeRepositories(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "team/orders", *repositories.Repositories[0].RepositoryName)
	repository, err := ecr.NewFromConfig(cfg).GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: repositories.Repositories[0].RepositoryName})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, *repositories.Repositories[0].RepositoryArn), *repository.PolicyText)

	functions, err := lambda.NewFromConfig(cfg).ListFunctions(t.Context(), nil)
	require.NoError(t, err)
	function, err := lambda.NewFromConfig(cfg).GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: functions.Functions[0].FunctionArn})
	require.NoError(t, err)
	require.Equal(t, resourcePolicy(t, *functions.Functions[0].FunctionArn), *function.Policy)
	_, err = lambda.NewFromConfig(cfg).GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("none")})
	require.Equal(t, "ResourceNotFoundException", code(err))
}

// Tags and absent policies of all services that have them.
func TestTagsAndAbsentPolicies(t *testing.T) {
	w := world()
	for i := range w.Organization.Accounts[1].Resources {
		r := &w.Organization.Accounts[1].Resources[i]
		r.Policy, r.Tags = nil, map[string]string{"owner": "Ana & co"}
	}
	s := fakeaws.New(t, w)
	cfg := s.Config(t, member)
	cfg.Region = "eu-west-3"
	topic, err := sns.NewFromConfig(cfg).ListTagsForResource(t.Context(), &sns.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:sns:eu-west-3:444455556666:orders")})
	require.NoError(t, err)
	require.Equal(t, "Ana & co", *topic.Tags[0].Value)
	key, err := kms.NewFromConfig(cfg).ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: aws.String("12345678-1234-4234-8234-123456789012")})
	require.NoError(t, err)
	require.Equal(t, "Ana & co", *key.Tags[0].TagValue)
	function, err := lambda.NewFromConfig(cfg).ListTags(t.Context(), &lambda.ListTagsInput{Resource: aws.String("arn:aws:lambda:eu-west-3:444455556666:function:orders")})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"owner": "Ana & co"}, function.Tags)
	repository, err := ecr.NewFromConfig(cfg).ListTagsForResource(t.Context(), &ecr.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:ecr:eu-west-3:444455556666:repository/team/orders")})
	require.NoError(t, err)
	require.Equal(t, "Ana & co", *repository.Tags[0].Value)
	secrets, err := secretsmanager.NewFromConfig(cfg).ListSecrets(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "Ana & co", *secrets.SecretList[0].Tags[0].Value)

	secret, err := secretsmanager.NewFromConfig(cfg).GetResourcePolicy(t.Context(), &secretsmanager.GetResourcePolicyInput{SecretId: aws.String("orders")})
	require.NoError(t, err)
	require.Nil(t, secret.ResourcePolicy)
	_, err = ecr.NewFromConfig(cfg).GetRepositoryPolicy(t.Context(), &ecr.GetRepositoryPolicyInput{RepositoryName: aws.String("team/orders")})
	require.Equal(t, "RepositoryPolicyNotFoundException", code(err))
	_, err = lambda.NewFromConfig(cfg).GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: aws.String("orders")})
	require.Equal(t, "ResourceNotFoundException", code(err))
	_, err = kms.NewFromConfig(cfg).GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: aws.String("12345678-1234-4234-8234-123456789012")})
	require.Equal(t, "NotFoundException", code(err))
}

func TestTrails(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := s.Config(t, member)
	c := cloudtrail.NewFromConfig(cfg)
	list, err := c.DescribeTrails(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, list.TrailList, 1, "the shadow of the organization's trail")
	list, err = c.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	require.NoError(t, err)
	require.Empty(t, list.TrailList)
	cfg.Region = "eu-west-3"
	c = cloudtrail.NewFromConfig(cfg)
	list, err = c.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	require.NoError(t, err)
	require.Equal(t, "data", *list.TrailList[0].Name)
	status, err := c.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: list.TrailList[0].TrailARN})
	require.NoError(t, err)
	require.False(t, *status.IsLogging)
	require.Equal(t, day(3), *status.StopLoggingTime)
	require.Nil(t, status.LatestDeliveryTime)
	selectors, err := c.GetEventSelectors(t.Context(), &cloudtrail.GetEventSelectorsInput{TrailName: aws.String("data")})
	require.NoError(t, err)
	require.Equal(t, []string{"arn:aws:s3:::orders/"}, selectors.EventSelectors[0].DataResources[0].Values)
	_, err = c.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: aws.String("all")})
	require.Equal(t, "TrailNotFoundException", code(err), "a shadow is known by its ARN")
	advanced, err := c.GetEventSelectors(t.Context(), &cloudtrail.GetEventSelectorsInput{TrailName: aws.String("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all")})
	require.NoError(t, err)
	require.Equal(t, []string{"Management"}, advanced.AdvancedEventSelectors[0].FieldSelectors[0].Equals)

	var names []string
	for p := cloudtrail.NewLookupEventsPaginator(c, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(1), StartTime: aws.Time(day(4)), EndTime: aws.Time(day(6))}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, e := range page.Events {
			names = append(names, *e.EventName)
		}
	}
	require.Equal(t, []string{"ListKeys", "DeleteTrail"}, names)
	found, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: []cloudtrailtypes.LookupAttribute{{AttributeKey: "Username", AttributeValue: aws.String("ana")}}})
	require.NoError(t, err)
	require.Len(t, found.Events, 1)
	early, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{EndTime: aws.Time(day(3))})
	require.NoError(t, err)
	require.Empty(t, early.Events)
}

func TestLimitAsPublished(t *testing.T) {
	s := fakeaws.New(t, world())
	s.LimitAsPublished()
	c := cloudtrail.NewFromConfig(quick(s.Config(t, member), 1))
	throttled := 0
	for range 20 {
		if _, err := c.LookupEvents(t.Context(), nil); err != nil {
			require.Equal(t, "ThrottlingException", code(err))
			throttled++
		}
		_, err := c.DescribeTrails(t.Context(), nil)
		require.NoError(t, err, "there is no published rate")
	}
	require.Positive(t, throttled)
}
