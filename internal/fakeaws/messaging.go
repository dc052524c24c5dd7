package fakeaws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/licit-dev/licit/org"
)

func registerMessaging(s *Server) {
	handle(s, "sqs", "ListQueues", listQueues)
	handle(s, "sqs", "GetQueueAttributes", getQueueAttributes)
	handle(s, "sqs", "ListQueueTags", listQueueTags)
	handle(s, "sns", "ListTopics", listTopics)
	handle(s, "sns", "GetTopicAttributes", getTopicAttributes)
	handle(s, "sns", "ListTagsForResource", listTopicTags)
}

func queueURL(r org.Resource) string {
	return "https://sqs." + r.ARN.Region() + ".amazonaws.com/" + r.ARN.AccountID() + "/" + r.ARN.Resource()
}

// listQueues pages only if the client says how large a page is. Otherwise it answers with
// the first thousand queues, and no token (SQS API Reference, ListQueues).
func listQueues(c *call, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	list := []string{}
	for _, r := range c.resources("sqs", "") {
		if strings.HasPrefix(r.ARN.Resource(), aws.ToString(in.QueueNamePrefix)) {
			list = append(list, queueURL(r))
		}
	}
	if in.MaxResults == nil {
		return &sqs.ListQueuesOutput{QueueUrls: list[:min(len(list), 1000)]}, nil
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, 1000)
	return &sqs.ListQueuesOutput{QueueUrls: page, NextToken: next}, err
}

func queue(c *call, url *string) (org.Resource, error) {
	for _, r := range c.resources("sqs", "") {
		if queueURL(r) == aws.ToString(url) {
			return r, nil
		}
	}
	return org.Resource{}, invalid("QueueDoesNotExist", "The specified queue does not exist.")
}

// getQueueAttributes answers with what is asked for, and nothing if nothing is.
func getQueueAttributes(c *call, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	r, err := queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"QueueArn": r.ARN.String(), "VisibilityTimeout": "30"}
	if r.Policy != nil {
		all["Policy"] = source(r.Policy)
	}
	out := &sqs.GetQueueAttributesOutput{}
	for name, value := range sorted(all) {
		if slices.Contains(in.AttributeNames, sqstypes.QueueAttributeNameAll) || slices.Contains(in.AttributeNames, sqstypes.QueueAttributeName(name)) {
			if out.Attributes == nil {
				out.Attributes = make(map[string]string)
			}
			out.Attributes[name] = value
		}
	}
	return out, nil
}

func listQueueTags(c *call, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	r, err := queue(c, in.QueueUrl)
	return &sqs.ListQueueTagsOutput{Tags: r.Tags}, err
}

// listTopics has a hundred on a page.
func listTopics(c *call, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	list := []snstypes.Topic{}
	for _, r := range c.resources("sns", "") {
		if !strings.Contains(r.ARN.Resource(), ":") { // with a colon it is a subscription
			list = append(list, snstypes.Topic{TopicArn: text(r.ARN)})
		}
	}
	page, next, err := cut(c, list, in.NextToken, nil, 100)
	return &sns.ListTopicsOutput{Topics: page, NextToken: next}, err
}

func topic(c *call, arn *string) (org.Resource, error) {
	return c.resource("sns", "", arn, &failure{404, "NotFound", "Topic does not exist"})
}

func getTopicAttributes(c *call, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	r, err := topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	out := map[string]string{"TopicArn": r.ARN.String(), "Owner": r.ARN.AccountID(), "DisplayName": ""}
	if r.Policy != nil {
		out["Policy"] = source(r.Policy)
	}
	return &sns.GetTopicAttributesOutput{Attributes: out}, nil
}

func listTopicTags(c *call, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	r, err := topic(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &sns.ListTagsForResourceOutput{Tags: []snstypes.Tag{}}
	for k, v := range sorted(r.Tags) {
		out.Tags = append(out.Tags, snstypes.Tag{Key: &k, Value: &v})
	}
	return out, nil
}
