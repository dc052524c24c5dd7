package fakeaws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
)

// A sample is one call of an operation.
type sample struct {
	account, region string
	call            func(context.Context, aws.Config) (any, error)
}

// on makes a sample of a method of a client.
func on[C, I, O, Opt any](account, region string, client func(aws.Config, ...func(*Opt)) C, method func(C, context.Context, *I, ...func(*Opt)) (O, error), in *I) sample {
	return sample{account, region, func(ctx context.Context, cfg aws.Config) (any, error) {
		return method(client(cfg), ctx, in)
	}}
}

const (
	instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	set      = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-0123456789abcdef"
	store    = "d-1234567890"
	keyID    = "12345678-1234-4234-8234-123456789012"
	queueURL = "https://sqs.eu-west-3.amazonaws.com/444455556666/orders"
	ana      = "11111111-1111-1111-1111-111111111111"
	home     = "us-east-1"
	far      = "eu-west-3"
)

// samples are the calls whose answers stand in testdata/golden, by the name of the file and
// of the answer.
func samples() map[string]sample {
	str := aws.String
	return map[string]sample{
		"sts GetCallerIdentity": on(management, home, sts.NewFromConfig, (*sts.Client).GetCallerIdentity, nil),
		"sts AssumeRole": on(management, home, sts.NewFromConfig, (*sts.Client).AssumeRole, &sts.AssumeRoleInput{
			RoleArn: str("arn:aws:iam::444455556666:role/Reader"), RoleSessionName: str("ana")}),

		"organizations DescribeOrganization":                                             on(management, home, organizations.NewFromConfig, (*organizations.Client).DescribeOrganization, nil),
		"organizations ListRoots":                                                        on(management, home, organizations.NewFromConfig, (*organizations.Client).ListRoots, nil),
		"organizations ListAccounts":                                                     on(management, home, organizations.NewFromConfig, (*organizations.Client).ListAccounts, nil),
		"organizations ListAccountsForParent":                                            on(management, home, organizations.NewFromConfig, (*organizations.Client).ListAccountsForParent, &organizations.ListAccountsForParentInput{ParentId: str("ou-ab12-11111111")}),
		"organizations ListOrganizationalUnitsForParent":                                 on(management, home, organizations.NewFromConfig, (*organizations.Client).ListOrganizationalUnitsForParent, &organizations.ListOrganizationalUnitsForParentInput{ParentId: str("r-ab12")}),
		"organizations ListPolicies":                                                     on(management, home, organizations.NewFromConfig, (*organizations.Client).ListPolicies, &organizations.ListPoliciesInput{Filter: "SERVICE_CONTROL_POLICY"}),
		"organizations DescribePolicy":                                                   on(management, home, organizations.NewFromConfig, (*organizations.Client).DescribePolicy, &organizations.DescribePolicyInput{PolicyId: str("p-stay1234")}),
		"organizations ListTargetsForPolicy":                                             on(management, home, organizations.NewFromConfig, (*organizations.Client).ListTargetsForPolicy, &organizations.ListTargetsForPolicyInput{PolicyId: str("p-stay1234")}),
		"organizations ListDelegatedAdministrators":                                      on(management, home, organizations.NewFromConfig, (*organizations.Client).ListDelegatedAdministrators, nil),
		"organizations ListDelegatedServicesForAccount":                                  on(management, home, organizations.NewFromConfig, (*organizations.Client).ListDelegatedServicesForAccount, &organizations.ListDelegatedServicesForAccountInput{AccountId: str(member)}),
		"organizations ListAWSServiceAccessForOrganization":                              on(management, home, organizations.NewFromConfig, (*organizations.Client).ListAWSServiceAccessForOrganization, nil),
		"organizations ListTagsForResource":                                              on(management, home, organizations.NewFromConfig, (*organizations.Client).ListTagsForResource, &organizations.ListTagsForResourceInput{ResourceId: str(member)}),
		"organizations DescribeResourcePolicy":                                           on(management, home, organizations.NewFromConfig, (*organizations.Client).DescribeResourcePolicy, nil),
		"organizations DescribeResourcePolicy error 400 ResourcePolicyNotFoundException": on(management, home, organizations.NewFromConfig, (*organizations.Client).DescribeResourcePolicy, nil),

		"iam GetAccountAuthorizationDetails": on(member, home, iam.NewFromConfig, (*iam.Client).GetAccountAuthorizationDetails, nil),
		"iam ListRoles":                      on(member, home, iam.NewFromConfig, (*iam.Client).ListRoles, nil),
		"iam GetRole":                        on(member, home, iam.NewFromConfig, (*iam.Client).GetRole, &iam.GetRoleInput{RoleName: str("ci")}),
		"iam GetAccountSummary":              on(member, home, iam.NewFromConfig, (*iam.Client).GetAccountSummary, nil),
		"iam GetAccountPasswordPolicy":       on(member, home, iam.NewFromConfig, (*iam.Client).GetAccountPasswordPolicy, nil),
		"iam ListSAMLProviders":              on(member, home, iam.NewFromConfig, (*iam.Client).ListSAMLProviders, nil),
		"iam GetSAMLProvider":                on(member, home, iam.NewFromConfig, (*iam.Client).GetSAMLProvider, &iam.GetSAMLProviderInput{SAMLProviderArn: str("arn:aws:iam::444455556666:saml-provider/idp")}),
		"iam ListOpenIDConnectProviders":     on(member, home, iam.NewFromConfig, (*iam.Client).ListOpenIDConnectProviders, nil),
		"iam GetOpenIDConnectProvider":       on(member, home, iam.NewFromConfig, (*iam.Client).GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: str("arn:aws:iam::444455556666:oidc-provider/token.example.com")}),
		"iam GenerateCredentialReport":       on(management, home, iam.NewFromConfig, (*iam.Client).GenerateCredentialReport, nil),
		"iam ListMFADevices":                 on(management, home, iam.NewFromConfig, (*iam.Client).ListMFADevices, &iam.ListMFADevicesInput{UserName: str("ana")}),
		"iam ListVirtualMFADevices":          on(management, home, iam.NewFromConfig, (*iam.Client).ListVirtualMFADevices, nil),
		"iam ListAccessKeys":                 on(management, home, iam.NewFromConfig, (*iam.Client).ListAccessKeys, &iam.ListAccessKeysInput{UserName: str("ana")}),
		"iam GetAccessKeyLastUsed":           on(management, home, iam.NewFromConfig, (*iam.Client).GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: str("AKIAEXAMPLEANA000000")}),
		"iam GetUser":                        on(management, home, iam.NewFromConfig, (*iam.Client).GetUser, &iam.GetUserInput{UserName: str("ana")}),
		"iam GetCredentialReport": {management, home, func(ctx context.Context, cfg aws.Config) (any, error) {
			c := iam.NewFromConfig(cfg)
			_, _ = c.GenerateCredentialReport(ctx, nil) // which is another answer
			return c.GetCredentialReport(ctx, nil)
		}},
		"iam GetAccountPasswordPolicy error 404 NoSuchEntity": on(management, home, iam.NewFromConfig, (*iam.Client).GetAccountPasswordPolicy, nil),

		"sso-admin ListInstances":                                       on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListInstances, nil),
		"sso-admin ListPermissionSets":                                  on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListPermissionSets, &ssoadmin.ListPermissionSetsInput{InstanceArn: str(instance)}),
		"sso-admin DescribePermissionSet":                               on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).DescribePermissionSet, &ssoadmin.DescribePermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin GetInlinePolicyForPermissionSet":                     on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).GetInlinePolicyForPermissionSet, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin ListManagedPoliciesInPermissionSet":                  on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListManagedPoliciesInPermissionSet, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin ListCustomerManagedPolicyReferencesInPermissionSet":  on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListCustomerManagedPolicyReferencesInPermissionSet, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin GetPermissionsBoundaryForPermissionSet":              on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).GetPermissionsBoundaryForPermissionSet, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin ListTagsForResource":                                 on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListTagsForResource, &ssoadmin.ListTagsForResourceInput{InstanceArn: str(instance), ResourceArn: str(set)}),
		"sso-admin ListAccountsForProvisionedPermissionSet":             on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListAccountsForProvisionedPermissionSet, &ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: str(instance), PermissionSetArn: str(set)}),
		"sso-admin ListPermissionSetsProvisionedToAccount":              on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListPermissionSetsProvisionedToAccount, &ssoadmin.ListPermissionSetsProvisionedToAccountInput{InstanceArn: str(instance), AccountId: str(member)}),
		"sso-admin ListAccountAssignments":                              on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListAccountAssignments, &ssoadmin.ListAccountAssignmentsInput{InstanceArn: str(instance), AccountId: str(member), PermissionSetArn: str(set)}),
		"sso-admin ListAccountAssignmentsForPrincipal":                  on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).ListAccountAssignmentsForPrincipal, &ssoadmin.ListAccountAssignmentsForPrincipalInput{InstanceArn: str(instance), PrincipalId: str("22222222-2222-2222-2222-222222222222"), PrincipalType: "USER"}),
		"sso-admin DescribeInstanceAccessControlAttributeConfiguration": on(management, far, ssoadmin.NewFromConfig, (*ssoadmin.Client).DescribeInstanceAccessControlAttributeConfiguration, &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: str(instance)}),

		"identitystore ListUsers":            on(management, far, identitystore.NewFromConfig, (*identitystore.Client).ListUsers, &identitystore.ListUsersInput{IdentityStoreId: str(store)}),
		"identitystore ListGroups":           on(management, far, identitystore.NewFromConfig, (*identitystore.Client).ListGroups, &identitystore.ListGroupsInput{IdentityStoreId: str(store)}),
		"identitystore ListGroupMemberships": on(management, far, identitystore.NewFromConfig, (*identitystore.Client).ListGroupMemberships, &identitystore.ListGroupMembershipsInput{IdentityStoreId: str(store), GroupId: str("33333333-3333-3333-3333-333333333333")}),

		"identitystore DescribeUser":                                     on(management, far, identitystore.NewFromConfig, (*identitystore.Client).DescribeUser, &identitystore.DescribeUserInput{IdentityStoreId: str(store), UserId: str(ana)}),
		"identitystore DescribeGroup":                                    on(management, far, identitystore.NewFromConfig, (*identitystore.Client).DescribeGroup, &identitystore.DescribeGroupInput{IdentityStoreId: str(store), GroupId: str("33333333-3333-3333-3333-333333333333")}),
		"identitystore ListGroupMembershipsForMember":                    on(management, far, identitystore.NewFromConfig, (*identitystore.Client).ListGroupMembershipsForMember, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: str(store), MemberId: &identitystoretypes.MemberIdMemberUserId{Value: ana}}),
		"identitystore DescribeUser error 400 ResourceNotFoundException": on(management, far, identitystore.NewFromConfig, (*identitystore.Client).DescribeUser, &identitystore.DescribeUserInput{IdentityStoreId: str(store), UserId: str("none")}),

		"s3 ListBuckets":                                  on(member, home, s3.NewFromConfig, (*s3.Client).ListBuckets, &s3.ListBucketsInput{MaxBuckets: aws.Int32(100)}),
		"s3 GetBucketPolicy":                              on(member, home, s3.NewFromConfig, (*s3.Client).GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: str("logs")}),
		"s3 GetPublicAccessBlock":                         on(member, home, s3.NewFromConfig, (*s3.Client).GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: str("logs")}),
		"s3 GetBucketTagging":                             on(member, home, s3.NewFromConfig, (*s3.Client).GetBucketTagging, &s3.GetBucketTaggingInput{Bucket: str("logs")}),
		"s3 GetObjectLockConfiguration":                   on(member, home, s3.NewFromConfig, (*s3.Client).GetObjectLockConfiguration, &s3.GetObjectLockConfigurationInput{Bucket: str("logs")}),
		"s3 GetBucketAbac":                                on(member, home, s3.NewFromConfig, (*s3.Client).GetBucketAbac, &s3.GetBucketAbacInput{Bucket: str("logs")}),
		"s3 GetBucketLocation":                            on(member, far, s3.NewFromConfig, (*s3.Client).GetBucketLocation, &s3.GetBucketLocationInput{Bucket: str("orders")}),
		"s3 ListObjectsV2":                                on(member, home, s3.NewFromConfig, (*s3.Client).ListObjectsV2, &s3.ListObjectsV2Input{Bucket: str("logs"), Prefix: str("org/"), Delimiter: str("/")}),
		"s3 GetBucketPolicy error 404 NoSuchBucketPolicy": on(member, far, s3.NewFromConfig, (*s3.Client).GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: str("orders")}),

		"s3control GetPublicAccessBlock":                                                on(member, home, s3control.NewFromConfig, (*s3control.Client).GetPublicAccessBlock, &s3control.GetPublicAccessBlockInput{AccountId: str(member)}),
		"s3control GetPublicAccessBlock error 404 NoSuchPublicAccessBlockConfiguration": on(management, home, s3control.NewFromConfig, (*s3control.Client).GetPublicAccessBlock, &s3control.GetPublicAccessBlockInput{AccountId: str(management)}),

		"sqs ListQueues":         on(member, far, sqs.NewFromConfig, (*sqs.Client).ListQueues, nil),
		"sqs GetQueueAttributes": on(member, far, sqs.NewFromConfig, (*sqs.Client).GetQueueAttributes, &sqs.GetQueueAttributesInput{QueueUrl: str(queueURL), AttributeNames: []sqstypes.QueueAttributeName{"Policy", "QueueArn"}}),
		"sqs ListQueueTags":      on(member, far, sqs.NewFromConfig, (*sqs.Client).ListQueueTags, &sqs.ListQueueTagsInput{QueueUrl: str(queueURL)}),
		"sqs ListQueueTags error 400 AWS.SimpleQueueService.NonExistentQueue": on(member, far, sqs.NewFromConfig, (*sqs.Client).ListQueueTags, &sqs.ListQueueTagsInput{QueueUrl: str(queueURL + "2")}),

		"sns ListTopics":                            on(member, far, sns.NewFromConfig, (*sns.Client).ListTopics, nil),
		"sns GetTopicAttributes":                    on(member, far, sns.NewFromConfig, (*sns.Client).GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: str("arn:aws:sns:eu-west-3:444455556666:orders")}),
		"sns ListTagsForResource":                   on(member, far, sns.NewFromConfig, (*sns.Client).ListTagsForResource, &sns.ListTagsForResourceInput{ResourceArn: str("arn:aws:sns:eu-west-3:444455556666:orders")}),
		"sns GetTopicAttributes error 404 NotFound": on(member, far, sns.NewFromConfig, (*sns.Client).GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: str("arn:aws:sns:eu-west-3:444455556666:none")}),

		"kms ListKeys":         on(member, far, kms.NewFromConfig, (*kms.Client).ListKeys, nil),
		"kms DescribeKey":      on(member, far, kms.NewFromConfig, (*kms.Client).DescribeKey, &kms.DescribeKeyInput{KeyId: str(keyID)}),
		"kms GetKeyPolicy":     on(member, far, kms.NewFromConfig, (*kms.Client).GetKeyPolicy, &kms.GetKeyPolicyInput{KeyId: str(keyID)}),
		"kms ListResourceTags": on(member, far, kms.NewFromConfig, (*kms.Client).ListResourceTags, &kms.ListResourceTagsInput{KeyId: str(keyID)}),
		"kms DescribeKey error 400 NotFoundException": on(member, far, kms.NewFromConfig, (*kms.Client).DescribeKey, &kms.DescribeKeyInput{KeyId: str("none")}),

		"lambda ListFunctions": on(member, far, lambda.NewFromConfig, (*lambda.Client).ListFunctions, nil),
		"lambda GetPolicy":     on(member, far, lambda.NewFromConfig, (*lambda.Client).GetPolicy, &lambda.GetPolicyInput{FunctionName: str("orders")}),
		"lambda ListTags":      on(member, far, lambda.NewFromConfig, (*lambda.Client).ListTags, &lambda.ListTagsInput{Resource: str("arn:aws:lambda:eu-west-3:444455556666:function:orders")}),
		"lambda GetPolicy error 404 ResourceNotFoundException": on(member, far, lambda.NewFromConfig, (*lambda.Client).GetPolicy, &lambda.GetPolicyInput{FunctionName: str("none")}),

		"secretsmanager ListSecrets":                                           on(member, far, secretsmanager.NewFromConfig, (*secretsmanager.Client).ListSecrets, nil),
		"secretsmanager GetResourcePolicy":                                     on(member, far, secretsmanager.NewFromConfig, (*secretsmanager.Client).GetResourcePolicy, &secretsmanager.GetResourcePolicyInput{SecretId: str("orders")}),
		"secretsmanager GetResourcePolicy error 400 ResourceNotFoundException": on(member, far, secretsmanager.NewFromConfig, (*secretsmanager.Client).GetResourcePolicy, &secretsmanager.GetResourcePolicyInput{SecretId: str("none")}),

		"ecr DescribeRepositories":                                      on(member, far, ecr.NewFromConfig, (*ecr.Client).DescribeRepositories, nil),
		"ecr GetRepositoryPolicy":                                       on(member, far, ecr.NewFromConfig, (*ecr.Client).GetRepositoryPolicy, &ecr.GetRepositoryPolicyInput{RepositoryName: str("team/orders")}),
		"ecr ListTagsForResource":                                       on(member, far, ecr.NewFromConfig, (*ecr.Client).ListTagsForResource, &ecr.ListTagsForResourceInput{ResourceArn: str("arn:aws:ecr:eu-west-3:444455556666:repository/team/orders")}),
		"ecr GetRepositoryPolicy error 400 RepositoryNotFoundException": on(member, far, ecr.NewFromConfig, (*ecr.Client).GetRepositoryPolicy, &ecr.GetRepositoryPolicyInput{RepositoryName: str("none")}),

		"cloudtrail DescribeTrails":                                  on(member, far, cloudtrail.NewFromConfig, (*cloudtrail.Client).DescribeTrails, nil),
		"cloudtrail GetTrailStatus":                                  on(member, far, cloudtrail.NewFromConfig, (*cloudtrail.Client).GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: str("data")}),
		"cloudtrail GetEventSelectors":                               on(member, far, cloudtrail.NewFromConfig, (*cloudtrail.Client).GetEventSelectors, &cloudtrail.GetEventSelectorsInput{TrailName: str("data")}),
		"cloudtrail LookupEvents":                                    on(member, far, cloudtrail.NewFromConfig, (*cloudtrail.Client).LookupEvents, &cloudtrail.LookupEventsInput{EndTime: aws.Time(day(4))}),
		"cloudtrail GetTrailStatus error 400 TrailNotFoundException": on(member, far, cloudtrail.NewFromConfig, (*cloudtrail.Client).GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: str("none")}),
	}
}

// The answers of testdata/golden are written by hand from what the API references say about
// members, types and elements, so that this server and the SDK that it is built from can't
// agree on a mistake: the server answers with just that, and the SDK reads the same from
// both. A text that ends in … stands for all that begin so.
func TestGolden(t *testing.T) {
	w := world()
	w.Organization.Accounts[1].BlockPublicAccess = true
	for i := range w.Organization.Accounts[1].Resources {
		if r := &w.Organization.Accounts[1].Resources[i]; r.ARN.Service() != "s3" {
			r.Tags = map[string]string{"owner": "ana"}
		}
	}
	w.Organization.Accounts[0].Resources = []org.Resource{{
		ARN:    arn("arn:aws:organizations::111122223333:resourcepolicy/o-exampleorgid/rp-12345678"),
		Policy: document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"organizations:List*","Resource":"*"}]}`),
	}}
	s := fakeaws.New(t, w)
	without := fakeaws.New(t, world())
	all := samples()
	for _, operation := range s.Operations() {
		service, name, _ := strings.Cut(operation, ":")
		if _, ok := all[service+" "+name]; !ok && operation != "s3:GetObject" && operation != "s3:HeadBucket" { // which answer with no document
			t.Errorf("%s: a served operation has no golden answer", operation)
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.txtar"))
	require.NoError(t, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		for _, f := range archive.Files {
			name := strings.TrimSuffix(filepath.Base(file), ".txtar") + " " + f.Name
			c, ok := all[name]
			if !ok {
				t.Errorf("%s: no call is named so", name)
				continue
			}
			delete(all, name)
			of := s
			if strings.HasSuffix(name, "error 400 ResourcePolicyNotFoundException") {
				of = without
			}
			t.Run(name, func(t *testing.T) { golden(t, of, c, f) })
		}
	}
	for name := range all {
		t.Errorf("%s: no such answer in testdata/golden", name)
	}
}

func golden(t *testing.T, s *fakeaws.Server, c sample, f txtar.File) {
	status, wantCode := http.StatusOK, ""
	if parts := strings.Fields(f.Name); len(parts) == 4 {
		n, err := strconv.Atoi(parts[2])
		require.NoError(t, err)
		status, wantCode = n, parts[3]
	}
	cfg := quick(s.Config(t, c.account), 1)
	cfg.Region = c.region
	record := &recording{HTTPClient: cfg.HTTPClient}
	cfg.HTTPClient = record
	out, err := c.call(t.Context(), cfg)
	require.Equal(t, wantCode, code(err), "%v", err)
	require.Equal(t, status, record.status)
	require.Empty(t, cmp.Diff(parse(t, f.Data), parse(t, record.body), begins), "the answer (-golden +server)")

	cfg.HTTPClient = replaying{status, record.header, bytes.TrimSpace(f.Data)}
	read, err := c.call(t.Context(), cfg)
	require.Equal(t, wantCode, code(err), "%v", err)
	if wantCode == "" {
		require.Empty(t, cmp.Diff(read, out, begins, cmpopts.IgnoreFields(sts.AssumeRoleOutput{}, "Credentials.Expiration"), ignoreMetadata), "the SDK reads (-golden +server)")
	}
}

// begins compares texts of which one ends in ….
var begins = cmp.FilterValues(func(a, b string) bool {
	return strings.HasSuffix(a, "…") || strings.HasSuffix(b, "…")
}, cmp.Comparer(func(a, b string) bool {
	return strings.HasPrefix(b, strings.TrimSuffix(a, "…")) || strings.HasPrefix(a, strings.TrimSuffix(b, "…"))
}))

// ignoreMetadata leaves out what is about the connection, and markers without content.
var ignoreMetadata = cmp.FilterPath(func(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && (f.Name() == "ResultMetadata" || f.Name() == "noSmithyDocumentSerde")
}, cmp.Ignore())

// recording keeps the last answer.
type recording struct {
	aws.HTTPClient
	status int
	header http.Header
	body   []byte
}

func (r *recording) Do(req *http.Request) (*http.Response, error) {
	resp, err := r.HTTPClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	r.status, r.header = resp.StatusCode, resp.Header
	if r.body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(r.body))
	return resp, nil
}

// replaying answers everything with the same.
type replaying struct {
	status int
	header http.Header
	body   []byte
}

func (r replaying) Do(req *http.Request) (*http.Response, error) {
	h := r.header.Clone()
	h.Del("Content-Length")
	return &http.Response{StatusCode: r.status, Header: h, Body: io.NopCloser(bytes.NewReader(r.body)), ContentLength: int64(len(r.body)), Request: req}, nil
}

// parse is a document as JSON or XML has it: without layout, and without order where it means
// nothing.
func parse(t *testing.T, data []byte) any {
	t.Helper()
	if data = bytes.TrimSpace(data); bytes.HasPrefix(data, []byte("<")) {
		root := new(element)
		require.NoError(t, xml.Unmarshal(data, root))
		root.normalize()
		return root
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", data)
	return v
}

// An element is an XML element.
type element struct {
	XMLName  xml.Name
	Text     string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// normalize drops layout and puts elements with different names in an order: they are the
// members of a structure. Those with the same name keep theirs.
func (e *element) normalize() {
	if len(e.Children) > 0 {
		e.Text = ""
	}
	if e.XMLName.Local == "Expiration" {
		e.Text = fmt.Sprint(len(e.Text))
	}
	for i := range e.Children {
		e.Children[i].normalize()
	}
	slices.SortStableFunc(e.Children, func(a, b element) int { return strings.Compare(a.XMLName.Local, b.XMLName.Local) })
}
