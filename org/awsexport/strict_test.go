package awsexport_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

// What an answer leaves out, although AWS always says it, is not known.
func TestLeftOut(t *testing.T) {
	x := read(t, map[string]string{
		"111122223333/a.json": noUsers, "111122223333/get-account-password-policy.json": `{"PasswordPolicy": {"RequireSymbols": true}}`,
	}, awsexport.WithoutOrganization())
	a, _ := x.Organization.Account("111122223333")
	require.Nil(t, a.PasswordPolicy)
	require.Contains(t, reasonOf(t, x, "credentials"), "111122223333/get-account-password-policy.json:1:20: there is no MinimumPasswordLength")

	x = read(t, map[string]string{
		"111122223333/a.json":                                     noUsers,
		"111122223333/s3api/get-bucket-policy.logs.json":          `{"Policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::logs/*\"}}"}`,
		"111122223333/s3api/get-public-access-block.logs.json":    `{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}`,
		"111122223333/s3control/get-public-access-block.json":     `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": false}}`,
		"111122223333/s3api/get-bucket-policy.orders.json":        `{"Policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::orders/*\"}}"}`,
		"111122223333/s3api/get-public-access-block.orders.jsonl": `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": false}}`,
	}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:s3:::logs", org.GapResourcePolicy))
	require.False(t, hasGap(x.Organization, "arn:aws:s3:::orders", org.GapResourcePolicy))

	x = read(t, map[string]string{"111122223333/get-account-authorization-details.json": `{"RoleDetailList": [], "Policies": []}`}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:user/*", org.GapUnlisted))
	require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:group/*", org.GapUnlisted))
	require.False(t, hasGap(x.Organization, "arn:aws:iam::111122223333:role/*", org.GapUnlisted))
	require.Contains(t, reasonOf(t, x, "iam"), "there is no ")

	_, err := awsexport.Read(files(map[string]string{"111122223333/list-access-keys.ana.json": `{"AccessKeyMetadata": [{"UserName": "ana", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}]}`}))
	require.EqualError(t, err, `111122223333/list-access-keys.ana.json:1:24: has the Status ""; want Active, Inactive or Expired`)
}

// The policy of an alias is not that of the function, nor is a topic without one known.
func TestPoliciesOfOthers(t *testing.T) {
	const function = "arn:aws:lambda:eu-west-3:111122223333:function:orders"
	x := read(t, map[string]string{
		"111122223333/a.json": noUsers,
		"b.jsonl": `{"service": "lambda", "operation": "GetPolicy", "account": "111122223333", "region": "eu-west-3", "input": {"FunctionName": "` + function + `", "Qualifier": "prod"}, "output": {"Policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"lambda:InvokeFunction\", \"Resource\": \"` + function + `:prod\"}}"}}
{"service": "lambda", "operation": "GetPolicy", "account": "111122223333", "region": "eu-west-3", "input": {"FunctionName": "orders"}, "error": {"code": "ResourceNotFoundException"}}`,
		"111122223333/eu-west-3/get-topic-attributes.json": `{"Attributes": {"TopicArn": "arn:aws:sns:eu-west-3:111122223333:orders"}}`,
	}, awsexport.WithoutOrganization())
	r, ok := x.Organization.Resource(policy.MustParseARN(function + ":prod"))
	require.True(t, ok)
	require.NotNil(t, r.Policy)
	r, ok = x.Organization.Resource(policy.MustParseARN(function))
	require.True(t, ok)
	require.Nil(t, r.Policy)
	require.False(t, hasGap(x.Organization, function, org.GapResourcePolicy))
	require.False(t, hasGap(x.Organization, function+":prod", org.GapResourcePolicy))
	require.True(t, hasGap(x.Organization, "arn:aws:sns:eu-west-3:111122223333:orders", org.GapResourcePolicy))
}

// A thousand queues may be all that an answer without pages can list.
func TestManyQueues(t *testing.T) {
	urls := make([]string, 1000)
	for i := range urls {
		urls[i] = fmt.Sprintf(`"https://sqs.eu-west-3.amazonaws.com/111122223333/q%d"`, i)
	}
	record := func(input string, n int) string {
		return `{"service": "sqs", "operation": "ListQueues", "account": "111122223333", "region": "eu-west-3", "input": ` + input + `, "output": {"QueueUrls": [` + strings.Join(urls[:n], ",") + `]}}
{"unit": {"account": "111122223333", "region": "eu-west-3", "section": "sqs", "state": "complete"}}`
	}
	for text, more := range map[string]bool{record("{}", 999): false, record("{}", 1000): true, record(`{"MaxResults": 1000}`, 1000): false} {
		x := read(t, map[string]string{"111122223333/a.json": noUsers, "b.jsonl": text}, awsexport.WithoutOrganization())
		require.Equal(t, more, hasGap(x.Organization, "arn:aws:sqs:eu-west-3:111122223333:*", org.GapUnlisted))
	}
}

// A report says no_information of a password that was never used, and N/A where there is none.
func TestPasswordNotUsed(t *testing.T) {
	for said, want := range map[string]org.Usage{"no_information": {Never: true}, "N/A": {}} {
		x := read(t, map[string]string{
			"111122223333/a.json":     anaMayAll + "}",
			"111122223333/report.csv": "user,arn,password_enabled,password_last_used\nana,arn:aws:iam::111122223333:user/ana,true," + said + "\n",
		}, awsexport.WithoutOrganization())
		u, _ := x.Organization.User(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
		require.Equal(t, want, u.Credentials.Password.Used, said)
	}
}

// So it is in lists: what does not say what it is, may deny.
func TestRowsThatSayNothing(t *testing.T) {
	const set = "identity-center/eu-west-3/"
	for name, tt := range map[string]struct{ text, want string }{
		"organizations/list-policies.SERVICE_CONTROL_POLICY.json":                                  {`{"Policies": [{"Id": "p-regions1"}]}`, "is no policy; want an Id and a Type"},
		set + "list-managed-policies-in-permission-set.ps-1111111111111111.json":                   {`{"AttachedManagedPolicies": [{"Name": "ReadOnlyAccess"}]}`, "has no Arn"},
		set + "list-customer-managed-policy-references-in-permission-set.ps-1111111111111111.json": {`{"CustomerManagedPolicyReferences": [{"Path": "/"}]}`, "has no Name"},
		set + "get-permissions-boundary-for-permission-set.ps-1111111111111111.json":               {`{"PermissionsBoundary": {"ManagedPolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}`, "has neither a ManagedPolicyArn nor a CustomerManagedPolicyReference"},
	} {
		f := copyShop(t)
		require.Contains(t, f, name)
		f[name] = put(tt.text)
		_, err := awsexport.Read(f)
		require.ErrorContains(t, err, name+":1:")
		require.ErrorContains(t, err, tt.want)
	}
	f := copyShop(t)
	f["organizations/list-roots.json"] = put(`{"Roots": [{"Id": "r-ab12", "Arn": "arn:aws:organizations::999900001111:root/o-exampleorgid/r-ab12", "Name": "Root"}]}`)
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.True(t, hasGap(x.Organization, "r-ab12", org.GapControlPolicies))
	require.NotEmpty(t, x.Organization.Spec().Root.PolicyTypes)
}

// A queue that nothing but its URL names is of the partition of its Region.
func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{"eu-west-3": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-iso-east-1": "aws-iso"} {
		x := read(t, map[string]string{
			"111122223333/" + region + "/list-queues.json":     `{"QueueUrls": ["https://sqs.` + region + `.amazonaws.com/111122223333/orders"]}`,
			"111122223333/get-saml-provider.corp.json":         `{"SAMLMetadataDocument": "", "CreateDate": "2024-05-01T10:00:00Z"}`,
			"111122223333/list-saml-providers.json":            `{"SAMLProviderList": [{"Arn": "arn:` + want + `:iam::111122223333:saml-provider/corp", "CreateDate": "2024-05-01T10:00:00Z"}]}`,
			"111122223333/list-open-id-connect-providers.json": `{"OpenIDConnectProviderList": []}`,
		}, awsexport.WithoutOrganization())
		a, _ := x.Organization.Account("111122223333")
		require.Len(t, a.Resources, 1)
		require.Len(t, a.Providers, 1)
		require.Equal(t, "arn:"+want+":iam::111122223333:saml-provider/corp", a.Providers[0].ARN.String())
		require.Equal(t, 2024, a.Providers[0].Created.Year())
		require.Equal(t, "arn:"+want+":sqs:"+region+":111122223333:orders", a.Resources[0].ARN.String())
		require.True(t, hasGap(x.Organization, "arn:"+want+":dynamodb:*", org.GapUnlisted))
	}
}

// PowerShell writes UTF-16.
func TestUTF16(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		src := order.AppendUint16(nil, 0xfeff)
		for _, u := range utf16.Encode([]rune(anaMayAll + "}\n")) {
			src = order.AppendUint16(src, u)
		}
		x := read(t, map[string]string{"111122223333/a.json": string(src)}, awsexport.WithoutOrganization())
		require.Empty(t, x.Notes)
		_, ok := x.Organization.User(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
		require.True(t, ok)
	}
}

// What is no file, or a file that is cut off after a whole answer, may have been a page.
func TestNoFile(t *testing.T) {
	for want, change := range map[string]func(dir string) error{
		"a link that leads nowhere":                    func(dir string) error { return os.Symlink("nowhere", dir+"/b.json") },
		"a link to a directory, which is not followed": func(dir string) error { return os.Symlink(".", dir+"/b") },
		"cut off, or damaged: gzip: unexpected EOF": func(dir string) error {
			packed := zip(t, "{\"PasswordPolicy\": {}}\n")
			return os.WriteFile(dir+"/b.json", []byte(packed[:len(packed)-4]), 0o666)
		},
	} {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(dir+"/111122223333", 0o777))
		require.NoError(t, os.WriteFile(dir+"/111122223333/a.json", []byte(anaMayAll+"}"), 0o666))
		require.NoError(t, change(dir+"/111122223333"))
		x, err := awsexport.Read(os.DirFS(dir), awsexport.WithoutOrganization())
		require.NoError(t, err)
		require.Len(t, x.Notes, 1)
		require.Contains(t, x.Notes[0].Text, want)
		require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:*", org.GapUnlisted), want)
	}
}
