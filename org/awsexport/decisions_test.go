package awsexport_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

const (
	anaInDev  = "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/ana@example.com"
	anaInProd = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Auditor_0123456789abcdef/ana@example.com"
	boUser    = "arn:aws:iam::444455556666:user/bo"
	details2  = "444455556666/get-account-authorization-details.json.gz"
)

// copyShop is the shop's export, to change.
func copyShop(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(examples.Shop(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		src, err := fs.ReadFile(examples.Shop(), name)
		out[name] = &fstest.MapFile{Data: src}
		return err
	}))
	return out
}

func put(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// cut cuts a file off.
func cut(f fstest.MapFS, name string) { f[name].Data = f[name].Data[:len(f[name].Data)*2/3] }

func drop(f fstest.MapFS, part string) {
	for name := range f {
		if strings.Contains(name, part) {
			delete(f, name)
		}
	}
}

func can(t *testing.T, x *awsexport.Export, who, action, resource string) *simulate.Explanation {
	t.Helper()
	env, err := simulate.Compile(x.Organization)
	require.NoError(t, err)
	p, err := policy.ParsePrincipal(who)
	require.NoError(t, err)
	r := simulate.Request{Principal: p, Action: policy.Action(action), Resource: policy.MustParseARN(resource)}
	r.Keys = r.Keys.With("aws:RequestedRegion", "eu-west-3").With("aws:SecureTransport", "true")
	x2 := env.Explain(r)
	require.Equal(t, env.Can(r), x2.Decision)
	return x2
}

// A decision that something missing could change is indeterminate, and names it; with the
// whole export it is certain.
func TestGapsDecide(t *testing.T) {
	const (
		targets   = "organizations/list-targets-for-policy.p-regions1.json"
		bucket    = "444455556666/s3/get-bucket-policy.orders.json"
		orders    = "arn:aws:s3:::orders"
		queue     = "arn:aws:sqs:eu-west-3:444455556666:orders"
		described = "organizations/describe-policy.p-regions1.json"
		scps      = "organizations/list-policies.SERVICE_CONTROL_POLICY.json"
	)
	for name, tt := range map[string]struct {
		edit                  func(t *testing.T, f fstest.MapFS)
		who, action, resource string
		depends               string // subject of the gap
		reason                string // part of what it says
	}{
		"targets of an SCP not in the export": {
			func(_ *testing.T, f fstest.MapFS) { delete(f, targets) },
			anaInDev, "s3:PutObject", orders + "/a", "ou-ab12-11111111", "list-targets-for-policy of p-regions1: not in the export",
		},
		"targets cut off": {
			func(_ *testing.T, f fstest.MapFS) { cut(f, targets) },
			anaInDev, "s3:PutObject", orders + "/a", dev, targets + ":1: cut off: it ends in the middle of a JSON value",
		},
		"targets refused": {
			func(_ *testing.T, f fstest.MapFS) {
				f[targets] = put("An error occurred (AccessDeniedException) when calling the ListTargetsForPolicy operation: no")
			},
			anaInDev, "s3:PutObject", orders + "/a", dev, "AccessDeniedException: organizations:ListTargetsForPolicy",
		},
		"token left over in the list of SCPs": {
			func(_ *testing.T, f fstest.MapFS) {
				f[scps].Data = bytes.Replace(f[scps].Data, []byte(`{`), []byte(`{"NextToken": "AAMA",`), 1)
			},
			anaInDev, "s3:PutObject", orders + "/a", "r-ab12", "a token of the next page is left over",
		},
		"empty file for an SCP": {
			func(_ *testing.T, f fstest.MapFS) { f[described] = put("") },
			anaInDev, "s3:PutObject", orders + "/a", "p-regions1", "empty, as when the command that was to write it failed",
		},
		"SCP not understood": {
			func(_ *testing.T, f fstest.MapFS) {
				f[described].Data = bytes.Replace(f[described].Data, []byte(`Deny`), []byte(`Refuse`), 1)
			},
			anaInDev, "s3:PutObject", orders + "/a", "p-regions1", "not understood",
		},
		"roots not in the export": {
			func(_ *testing.T, f fstest.MapFS) { drop(f, "list-roots") },
			anaInDev, "s3:PutObject", orders + "/a", dev, "list-roots is not in the export",
		},
		"no organization in the export": {
			func(_ *testing.T, f fstest.MapFS) { drop(f, "organizations/") },
			anaInDev, "s3:PutObject", orders + "/a", dev, "the accounts may be in an organization",
		},
		"bucket policy not in the export": {
			func(_ *testing.T, f fstest.MapFS) { delete(f, bucket) },
			anaInDev, "s3:PutObject", orders + "/a", orders, "get-bucket-policy: not in the export",
		},
		"bucket policy refused": {
			func(_ *testing.T, f fstest.MapFS) {
				f[bucket] = put("aws: [ERROR]: An error occurred (AccessDenied) when calling the GetBucketPolicy operation: no")
			},
			anaInDev, "s3:PutObject", orders + "/a", orders, "AccessDenied: s3:GetBucketPolicy",
		},
		"public bucket policy, and nothing says whether it counts": {
			func(_ *testing.T, f fstest.MapFS) {
				drop(f, "get-public-access-block.orders")
				f[bucket] = put(`{"Policy": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::orders/*\"}}"}`)
			},
			anaInProd, "s3:GetObject", orders + "/a", orders, "get-public-access-block: not in the export",
		},
		"queue's attributes without its policy": {
			func(_ *testing.T, f fstest.MapFS) {
				f["444455556666/eu-west-3/get-queue-attributes.orders.json"] = put(`{"Attributes": {"QueueArn": "` + queue + `"}}`)
			},
			anaInDev, "sqs:SendMessage", queue, queue, "not all attributes were asked for",
		},
		"page with the groups cut off": {
			func(_ *testing.T, f fstest.MapFS) {
				delete(f, details2)
				f["444455556666/get-account-authorization-details.json"] = put(`{"UserDetailList": [{"Arn": "` + boUser + `", "GroupList": ["readers"]}], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": true, "Marker": "AAMA"}`)
			},
			boUser, "s3:GetObject", orders + "/a", "arn:aws:iam::444455556666:group/readers", "",
		},
		"managed policy that nothing lists": {
			func(_ *testing.T, f fstest.MapFS) {
				delete(f, details2)
				f["444455556666/get-account-authorization-details.json"] = put(`{"UserDetailList": [{"Arn": "` + boUser + `", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::444455556666:policy/Gone"}]}], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": false}`)
			},
			boUser, "s3:GetObject", orders + "/a", "arn:aws:iam::444455556666:policy/Gone", "others name it, and it is not in the export",
		},
		"inline policy not understood": {
			func(_ *testing.T, f fstest.MapFS) {
				delete(f, details2)
				f["444455556666/get-account-authorization-details.json"] = put(`{"UserDetailList": [{"Arn": "` + boUser + `", "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": "%7B%22Statement"}]}], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": false}`)
			},
			boUser, "s3:GetObject", orders + "/a", boUser, "inline policy own: ",
		},
		"account without IAM": {
			func(_ *testing.T, f fstest.MapFS) { delete(f, details2) },
			anaInDev, "s3:PutObject", orders + "/a", anaInDev, "",
		},
		"account whose place is not known": {
			func(_ *testing.T, f fstest.MapFS) { drop(f, "list-accounts-for-parent.ou-") },
			anaInDev, "s3:PutObject", orders + "/a", anaInDev, "",
		},
		"table of a service that is not read": {
			func(*testing.T, fstest.MapFS) {},
			anaInDev, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-3:444455556666:table/orders", "arn:aws:dynamodb:*", "exports have no resource policies of this service",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := copyShop(t)
			if tt.action != "dynamodb:GetItem" {
				x, err := awsexport.Read(f)
				require.NoError(t, err)
				before := can(t, x, tt.who, tt.action, tt.resource)
				require.NotEqual(t, simulate.Indeterminate, before.Decision.Outcome)
			}
			tt.edit(t, f)
			x, err := awsexport.Read(f)
			require.NoError(t, err)
			after := can(t, x, tt.who, tt.action, tt.resource)
			require.Equal(t, simulate.Indeterminate, after.Decision.Outcome)
			var names []string
			for _, d := range after.Depends {
				names = append(names, d.Name)
			}
			require.Contains(t, names, tt.depends)
			if tt.reason == "" {
				return
			}
			found := false
			for g := range x.Organization.Gaps() {
				found = found || g.Subject == tt.depends && strings.Contains(g.Reason, tt.reason)
			}
			require.True(t, found, "no gap of %s says %q", tt.depends, tt.reason)
			if !strings.Contains(tt.reason, "no resource policies") {
				partial := false
				for _, u := range x.Organization.Spec().Coverage {
					partial = partial || u.Reason != "" && u.Reason != "not in the export"
				}
				require.True(t, partial, "no unit is partial")
			}
		})
	}
}
