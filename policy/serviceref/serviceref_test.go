package serviceref_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// swapCase turns every ASCII letter into the other case.
func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return c
	}, s)
}

func TestDate(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^20\d\d-[01]\d-[0-3]\d$`, serviceref.Embedded().Date())
	require.Same(t, serviceref.Embedded(), serviceref.Embedded())
}

// supportsRCP is certain.
func supportsRCP(r *serviceref.Reference, service string) bool {
	supports, known := r.SupportsRCP(service)
	return supports && known
}

func TestSupportsRCP(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	want := strings.Fields(`aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory
		cloudfront cloudsearch cloudtrail-data codeartifact codebuild codecommit codepipeline
		cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer
		cost-optimization-hub dax dsql dynamodb ecr ecr-public events firehose fis fms gamelift
		health inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications
		opensearch pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3
		secretsmanager servicediscovery signin sqs sts support swf textract timestream-influxdb
		transcribe transfer translate wafv2 workspaces xray`)
	require.Len(t, want, 62)
	for _, s := range want {
		require.True(t, supportsRCP(r, s), s)
		require.True(t, supportsRCP(r, swapCase(s)), s)
		require.False(t, supportsRCP(r, s+"x"), s)
	}
	for _, s := range []string{"", "iam", "ec2", "lambda", "sns", "s", "s3:", "s3:GetObject", " s3", "zzz", "\u017f3"} {
		require.False(t, supportsRCP(r, s), s)
	}
}

func TestCollection(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for action, want := range map[policy.Action]string{
		"s3:ListAllMyBuckets":      "arn:${Partition}:s3:::*",
		"iam:ListUsers":            "arn:${Partition}:iam::${Account}:user/",
		"iam:ListRoles":            "arn:${Partition}:iam::${Account}:role/",
		"iam:ListGroups":           "arn:${Partition}:iam::${Account}:group/",
		"iam:ListPolicies":         "arn:${Partition}:iam::${Account}:policy/",
		"iam:ListInstanceProfiles": "arn:${Partition}:iam::${Account}:instance-profile/",
		"dynamodb:ListTables":      "arn:${Partition}:dynamodb:${Region}:${Account}:table/*",
		"sns:ListTopics":           "arn:${Partition}:sns:${Region}:${Account}:*",
		"sqs:ListQueues":           "arn:${Partition}:sqs:${Region}:${Account}:",
		"logs:DescribeLogGroups":   "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:",
	} {
		for _, a := range []policy.Action{action, policy.Action(swapCase(string(action)))} {
			got, ok := r.Collection(a)
			require.True(t, ok, a)
			require.Equal(t, want, got, a)
			filled, err := policy.ParseARN(strings.NewReplacer("${Partition}", "aws", "${Region}", "eu-west-1", "${Account}", "111122223333").Replace(got))
			require.NoError(t, err)
			require.True(t, strings.EqualFold(a.Service(), filled.Service()))
			require.NotContains(t, filled.String(), "$")
		}
	}
	for _, a := range []policy.Action{"", "s3", "s3:", "s3:*", "s3:ListAllMyBucket", "s3:ListAllMyBuckets ", "ec2:DescribeInstances", "iam:ListUserPolicies"} {
		got, ok := r.Collection(a)
		require.False(t, ok, a)
		require.Empty(t, got, a)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	for _, want := range []serviceref.KeyInfo{
		{"aws:PrincipalArn", serviceref.ARN, false, serviceref.Signed, false},
		{"aws:PrincipalAccount", serviceref.String, false, serviceref.Always, false},
		{"aws:ResourceAccount", serviceref.String, false, serviceref.Mostly, false},
		{"aws:CurrentTime", serviceref.Date, false, serviceref.Always, false},
		{"aws:EpochTime", serviceref.Date, false, serviceref.Always, false},
		{"aws:SecureTransport", serviceref.Bool, false, serviceref.Always, false},
		{"aws:SourceIp", serviceref.IPAddress, false, serviceref.Conditional, false},
		{"aws:MultiFactorAuthAge", serviceref.Numeric, false, serviceref.TemporaryCredentials, false},
		{"aws:MultiFactorAuthPresent", serviceref.Bool, false, serviceref.TemporaryCredentials, false},
		{"aws:TokenIssueTime", serviceref.Date, false, serviceref.TemporaryCredentials, false},
		{"aws:username", serviceref.String, false, serviceref.IAMUser, false},
		{"aws:Ec2InstanceSourceVpc", serviceref.String, false, serviceref.EC2Role, false},
		{"aws:SourceVpcArn", serviceref.ARN, false, serviceref.VPCEndpoint, false},
		{"aws:VpceOrgPaths", serviceref.String, true, serviceref.VPCEndpoint, false},
		{"aws:PrincipalServiceNamesList", serviceref.String, true, serviceref.ServicePrincipal, false},
		{"aws:CalledVia", serviceref.String, true, serviceref.ForwardAccess, false},
		{"aws:CalledViaFirst", serviceref.String, false, serviceref.ForwardAccess, false},
		{"aws:TagKeys", serviceref.String, true, serviceref.Conditional, false},
		{"ec2:RoleDelivery", serviceref.Numeric, false, serviceref.EC2Role, false},
		{"lambda:SourceFunctionArn", serviceref.ARN, false, serviceref.Conditional, false},
		{"identitystore:UserId", serviceref.String, false, serviceref.Conditional, false},
		{"dynamodb:LeadingKeys", serviceref.String, true, serviceref.Conditional, false},
		{"kms:EncryptionContextKeys", serviceref.String, true, serviceref.Conditional, false},
		{"kms:ResourceAliases", serviceref.String, true, serviceref.Conditional, false},
		{"sts:TransitiveTagKeys", serviceref.String, true, serviceref.Conditional, false},
		{"vpc-lattice:TargetGroupArns", serviceref.ARN, true, serviceref.Conditional, false},
		{"apigateway:Request/ApiKeyRequired", serviceref.Bool, true, serviceref.Conditional, false},
		{"cognito-identity.amazonaws.com:amr", serviceref.String, true, serviceref.Conditional, false},
		{"events:detail-type", serviceref.String, true, serviceref.Conditional, true},
		{"events:source", serviceref.String, true, serviceref.Conditional, true},
	} {
		for _, name := range []string{want.Name, strings.ToLower(want.Name), strings.ToUpper(want.Name), swapCase(want.Name)} {
			got, ok := r.Key(name)
			require.True(t, ok, name)
			require.Equal(t, want, got, name)
		}
	}
	for _, name := range []string{"", "aws", "aws:", "/", "aws:PrincipalArn/x", "aws:PrincipalArn ", "aws:PrincipalTag", "aws:PrincipalTag/", "aws:PrincipalTa/x", "aws:princ\u0130palArn", "s3:prefix/x", "zzz:zzz/zzz", "zzz/"} {
		got, ok := r.Key(name)
		require.False(t, ok, name)
		require.Zero(t, got, name)
	}
}

// A variable part stands for any text, slashes included. A key without variable wins, and
// of several the one with more fixed text.
func TestKeyVariable(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	variable := 0
	for k := range r.Keys() {
		before, after, ok := strings.Cut(k.Name, "${")
		if !ok {
			continue
		}
		after = after[strings.LastIndexByte(after, '}')+1:]
		variable++
		for _, tag := range []string{"team", "Team", "a/b:c", "é", "\x00", "${x}", "~"} {
			for _, name := range []string{before + tag + after, swapCase(before) + tag + swapCase(after)} {
				got, ok := r.Key(name)
				require.True(t, ok, name)
				require.Equal(t, k, got, name)
			}
		}
		got, ok := r.Key(before + after)
		require.True(t, !ok || got.Name == before+after || after != "", k.Name)
	}
	require.GreaterOrEqual(t, variable, 120)
	for name, want := range map[string]string{
		"s3:ExistingObjectTag/<key>":                     "s3:ExistingObjectTag/${TagKey}",
		"secretsmanager:ResourceTag/tag-key":             "secretsmanager:ResourceTag/${TagKey}",
		"events:metadata/a/matcher":                      "events:metadata/${MetadataKey}/matcher",
		"kms:EncryptionContext:app":                      "kms:EncryptionContext:${EncryptionContextKey}",
		"token.actions.githubusercontent.com/octo:actor": "token.actions.githubusercontent.com/${SubPath}:actor",
	} {
		got, ok := r.Key(name)
		require.True(t, ok, name)
		require.True(t, strings.EqualFold(want, got.Name), "%s: %s", name, got.Name)
	}
	for k := range r.Keys() {
		require.NotContains(t, k.Name, "<", "spelled as AWS's pages do")
		require.False(t, strings.HasSuffix(k.Name, "/tag-key"), k.Name)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := serviceref.Embedded()
	keys := slices.Collect(r.Keys())
	require.True(t, slices.IsSortedFunc(keys, func(a, b serviceref.KeyInfo) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}))
	global, multivalued := 0, []string{}
	seen := map[string]bool{}
	for _, k := range keys {
		lower := strings.ToLower(k.Name)
		require.False(t, seen[lower], "%s stands twice", k.Name)
		seen[lower] = true
		require.NotEqual(t, "unset", k.Type.String(), k.Name)
		require.NotEqual(t, "unset", k.Presence.String(), k.Name)
		require.Contains(t, k.Name, ":")
		got, ok := r.Key(k.Name)
		require.True(t, ok)
		require.Equal(t, k, got)
		if strings.HasPrefix(lower, "aws:") {
			global++
			if k.Multivalued {
				multivalued = append(multivalued, k.Name)
			}
		}
	}
	require.Equal(t, 53, global)
	require.GreaterOrEqual(t, len(keys), 1580)
	require.Equal(t, []string{
		"aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList",
		"aws:ResourceOrgPaths", "aws:SourceOrgPaths", "aws:TagKeys", "aws:VpceOrgPaths",
	}, multivalued)
	for range r.Keys() {
		break
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "IPAddress", serviceref.IPAddress.String())
	require.Equal(t, "Binary", serviceref.Binary.String())
	require.Equal(t, "unset", serviceref.KeyType(0).String())
	require.Equal(t, "unset", serviceref.KeyType(200).String())
	require.Equal(t, "conditional", serviceref.Presence(0).String())
	require.Equal(t, "forward-access", serviceref.ForwardAccess.String())
	require.Equal(t, "unset", serviceref.Presence(200).String())
}

func TestLookUpsDoNotAllocate(t *testing.T) {
	r := serviceref.Embedded()
	r.Action("s3:GetObject") // inflates once
	got := testing.AllocsPerRun(100, func() {
		r.Key("aws:principalorgpaths")
		r.Key("AWS:PrincipalOrgPaths")
		r.Key("aws:PrincipalTag/Team")
		r.Key("s3:no-such-key/at-all")
		r.SupportsRCP("SecretsManager")
		r.Collection("s3:LISTALLMYBUCKETS")
		r.Collection("ec2:DescribeInstances")
		r.GlobalRegion("IAM")
		r.Service("EC2")
		r.ResourceType("s3", "Object")
		a, _ := r.Action("S3:GETOBJECT")
		a.HasKey("s3:existingobjecttag/team")
		r.Action("s3:GetObjekt")
		r.Action("none:None")
	})
	require.Zero(t, got)
}
