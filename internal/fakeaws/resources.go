package fakeaws

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secretsmanagertypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/licit-dev/licit/org"
)

func registerResources(s *Server) {
	handle(s, "kms", "ListKeys", listKeys)
	handle(s, "kms", "DescribeKey", describeKey)
	handle(s, "kms", "GetKeyPolicy", getKeyPolicy)
	handle(s, "kms", "ListResourceTags", listKeyTags)
	handle(s, "secretsmanager", "ListSecrets", listSecrets)
	handle(s, "secretsmanager", "GetResourcePolicy", getSecretPolicy)
	handle(s, "ecr", "DescribeRepositories", describeRepositories)
	handle(s, "ecr", "GetRepositoryPolicy", getRepositoryPolicy)
	handle(s, "ecr", "ListTagsForResource", listRepositoryTags)
	handleREST(s, "lambda", "ListFunctions", listFunctions)
	handleREST(s, "lambda", "GetPolicy", getFunctionPolicy)
	handleREST(s, "lambda", "ListTags", listFunctionTags)
}

// resources are those of the account in the Region that the service has under a prefix of
// the resource part of their ARNs.
func (c *call) resources(service, prefix string) []org.Resource {
	var list []org.Resource
	for _, r := range c.account().Resources {
		if r.ARN.Service() == service && r.ARN.Region() == c.Region && strings.HasPrefix(r.ARN.Resource(), prefix) {
			list = append(list, r)
		}
	}
	return list
}

// resource finds one of those by its ARN, or by its name, which follows the prefix.
func (c *call) resource(service, prefix string, id *string, missing error) (org.Resource, error) {
	for _, r := range c.resources(service, prefix) {
		if got := aws.ToString(id); r.ARN.String() == got || strings.TrimPrefix(r.ARN.Resource(), prefix) == got {
			return r, nil
		}
	}
	return org.Resource{}, missing
}

// policyText is a policy as text; nil if the resource has none.
func policyText(r org.Resource) *string {
	if r.Policy == nil {
		return nil
	}
	return aws.String(source(r.Policy))
}

func listKeys(c *call, in *kms.ListKeysInput) (*kms.ListKeysOutput, error) {
	list := []kmstypes.KeyListEntry{}
	for _, r := range c.resources("kms", "key/") {
		list = append(list, kmstypes.KeyListEntry{KeyArn: text(r.ARN), KeyId: keyID(r)})
	}
	page, next, err := cut(c, list, in.Marker, size(in.Limit), 1000)
	return &kms.ListKeysOutput{Keys: page, NextMarker: next, Truncated: next != nil}, err
}

func keyID(r org.Resource) *string { return aws.String(strings.TrimPrefix(r.ARN.Resource(), "key/")) }

func key(c *call, id *string) (org.Resource, error) {
	return c.resource("kms", "key/", id, invalid("NotFoundException", "Key '%s' does not exist", aws.ToString(id)))
}

func describeKey(c *call, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
	r, err := key(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	manager := kmstypes.KeyManagerTypeCustomer
	if r.AWSManaged {
		manager = kmstypes.KeyManagerTypeAws
	}
	return &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{
		AWSAccountId: &c.Account, Arn: text(r.ARN), KeyId: keyID(r), KeyManager: manager, Enabled: true, CreationDate: &joined,
		KeyState: kmstypes.KeyStateEnabled, KeyUsage: kmstypes.KeyUsageTypeEncryptDecrypt, Origin: kmstypes.OriginTypeAwsKms,
	}}, nil
}

// getKeyPolicy has none for a key of the world without policy, which AWS has not.
func getKeyPolicy(c *call, in *kms.GetKeyPolicyInput) (*kms.GetKeyPolicyOutput, error) {
	r, err := key(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if r.Policy == nil || in.PolicyName != nil && *in.PolicyName != "default" {
		return nil, invalid("NotFoundException", "No such policy exists")
	}
	return &kms.GetKeyPolicyOutput{Policy: policyText(r), PolicyName: aws.String("default")}, nil
}

func listKeyTags(c *call, in *kms.ListResourceTagsInput) (*kms.ListResourceTagsOutput, error) {
	r, err := key(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	list := []kmstypes.Tag{}
	for k, v := range sorted(r.Tags) {
		list = append(list, kmstypes.Tag{TagKey: &k, TagValue: &v})
	}
	page, next, err := cut(c, list, in.Marker, in.Limit, 50)
	return &kms.ListResourceTagsOutput{Tags: page, NextMarker: next, Truncated: next != nil}, err
}

// secretName is the name of a secret: its ARN ends in a hyphen and six characters that are
// not part of it.
func secretName(r org.Resource) *string {
	name := strings.TrimPrefix(r.ARN.Resource(), "secret:")
	if i := len(name) - 7; i > 0 && name[i] == '-' {
		name = name[:i]
	}
	return &name
}

func listSecrets(c *call, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	list := []secretsmanagertypes.SecretListEntry{}
	for _, r := range c.resources("secretsmanager", "secret:") {
		e := secretsmanagertypes.SecretListEntry{ARN: text(r.ARN), Name: secretName(r), CreatedDate: &joined, Tags: []secretsmanagertypes.Tag{}}
		for k, v := range sorted(r.Tags) {
			e.Tags = append(e.Tags, secretsmanagertypes.Tag{Key: &k, Value: &v})
		}
		list = append(list, e)
	}
	page, next, err := cut(c, list, in.NextToken, in.MaxResults, 100)
	return &secretsmanager.ListSecretsOutput{SecretList: page, NextToken: next}, err
}

func getSecretPolicy(c *call, in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
	missing := invalid("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	for _, r := range c.resources("secretsmanager", "secret:") {
		if id := aws.ToString(in.SecretId); id == r.ARN.String() || id == *secretName(r) {
			return &secretsmanager.GetResourcePolicyOutput{ARN: text(r.ARN), Name: secretName(r), ResourcePolicy: policyText(r)}, nil
		}
	}
	return nil, missing
}

func describeRepositories(c *call, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	list := []ecrtypes.Repository{}
	for _, r := range c.resources("ecr", "repository/") {
		name := strings.TrimPrefix(r.ARN.Resource(), "repository/")
		if len(in.RepositoryNames) > 0 && !slices.Contains(in.RepositoryNames, name) {
			continue
		}
		list = append(list, ecrtypes.Repository{
			RepositoryArn: text(r.ARN), RepositoryName: &name, RegistryId: &c.Account, CreatedAt: &joined,
			RepositoryUri: aws.String(c.Account + ".dkr.ecr." + c.Region + ".amazonaws.com/" + name),
		})
	}
	page, next, err := cut(c, list, in.NextToken, size(in.MaxResults), 1000)
	return &ecr.DescribeRepositoriesOutput{Repositories: page, NextToken: next}, err
}

func repository(c *call, id *string) (org.Resource, error) {
	return c.resource("ecr", "repository/", id, invalid("RepositoryNotFoundException",
		"The repository with name '%s' does not exist in the registry with id '%s'", aws.ToString(id), c.Account))
}

func getRepositoryPolicy(c *call, in *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
	r, err := repository(c, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if r.Policy == nil {
		return nil, invalid("RepositoryPolicyNotFoundException",
			"Repository policy does not exist for the repository with name '%s' in the registry with id '%s'", *in.RepositoryName, c.Account)
	}
	return &ecr.GetRepositoryPolicyOutput{RepositoryName: in.RepositoryName, RegistryId: &c.Account, PolicyText: policyText(r)}, nil
}

func listRepositoryTags(c *call, in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	r, err := repository(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &ecr.ListTagsForResourceOutput{Tags: []ecrtypes.Tag{}}
	for k, v := range sorted(r.Tags) {
		out.Tags = append(out.Tags, ecrtypes.Tag{Key: &k, Value: &v})
	}
	return out, nil
}

// listFunctions has at most 50 on a page, whatever MaxItems says (Lambda API Reference,
// ListFunctions).
func listFunctions(c *call) (*lambda.ListFunctionsOutput, error) {
	list := []lambdatypes.FunctionConfiguration{}
	for _, r := range c.resources("lambda", "function:") {
		name := strings.TrimPrefix(r.ARN.Resource(), "function:")
		if strings.Contains(name, ":") { // a version or an alias
			continue
		}
		list = append(list, lambdatypes.FunctionConfiguration{FunctionArn: text(r.ARN), FunctionName: &name, Version: aws.String("$LATEST")})
	}
	page, next, err := cut(c, list, c.param("Marker"), c.number("MaxItems"), 50)
	return &lambda.ListFunctionsOutput{Functions: page, NextMarker: next}, err
}

func function(c *call, id string) (org.Resource, error) {
	return c.resource("lambda", "function:", &id, &failure{404, "ResourceNotFoundException", "Function not found: " + id})
}

func getFunctionPolicy(c *call) (*lambda.GetPolicyOutput, error) {
	r, err := function(c, c.path[2])
	if err != nil {
		return nil, err
	}
	if r.Policy == nil {
		return nil, &failure{404, "ResourceNotFoundException", "The resource you requested does not exist."}
	}
	return &lambda.GetPolicyOutput{Policy: policyText(r), RevisionId: aws.String(requestID)}, nil
}

func listFunctionTags(c *call) (*lambda.ListTagsOutput, error) {
	r, err := function(c, c.path[2])
	if err != nil {
		return nil, err
	}
	out := &lambda.ListTagsOutput{Tags: map[string]string{}}
	for k, v := range sorted(r.Tags) {
		out.Tags[k] = v
	}
	return out, nil
}
