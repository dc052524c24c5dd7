package main

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

var update = flag.Bool("update", false, "write the golden files")

const fintech = "../orgs/fintech"

func TestOutput(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, fintech); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/output.txt"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("output differs from %s (-want +got); write it anew with -update:\n%s", golden, diff)
	}
}

// The sample organization is stored as WriteDir writes it, so that an export of it and a
// change of it make small diffs.
func TestFintechIsCanonical(t *testing.T) {
	o, err := org.ReadFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	i, err := identitycenter.ReadFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	trails, err := cloudtrail.ReadTrailsFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := errors.Join(o.WriteDir(dir), i.WriteDir(dir), cloudtrail.WriteTrails(dir, trails)); err != nil {
		t.Fatal(err)
	}
	want, got := files(t, fintech), files(t, dir)
	if len(want) < 100 {
		t.Errorf("%s has %d files, too few to be the sample", fintech, len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what WriteDir writes (+) is not what is stored (-); copy it over:\n%s", diff)
	}
}

// The roles of the sample organization are those that its permission sets make.
func TestFintechIsProvisioned(t *testing.T) {
	o, err := org.ReadFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	i, err := identitycenter.ReadFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	changes, err := i.Changes(o)
	if err != nil || len(changes) > 0 {
		t.Error(changes, err)
	}
}

// The sample organization is there for questions with answers of every kind.
func TestFintechAnswers(t *testing.T) {
	const (
		api       = "arn:aws:iam::111122223333:role/app/payments-api"
		admin     = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Administrator_e75925587eb4db6f"
		kycAdmin  = "arn:aws:iam::888899990000:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Administrator_9c43de19c78f49ff"
		operator  = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Operator_e4fa62d2fdda4882"
		developer = "arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_DeveloperAccess_4117cb59eb644f66"
		deploy    = "arn:aws:iam::666677778888:role/ci/github-deploy"
		audit     = "arn:aws:iam::333344445555:role/security/AuditRunner"
		ledger    = "arn:aws:iam::777788889999:role/app/ledger-writer"
		glass     = "arn:aws:iam::999900001111:user/break-glass-1"

		settlement = "arn:aws:s3:::exemplia-settlements/2026/11/21.csv"
		queue      = "arn:aws:sqs:eu-west-3:111122223333:payment-events"
		paris      = "aws:RequestedRegion=eu-west-3"
	)
	tests := []struct {
		name, principal, action, resource, keys string
		want                                    string // decision and Sid
	}{
		{"identity policy", api, "sqs:SendMessage", queue, "", "allowed (identityPolicy) PublishPaymentEvents"},
		{"tags agree", api, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-3:111122223333:secret:payments/psp-api-key-AbCdEf", "", "allowed (identityPolicy) ReadSecretsOfOwnTeam"},
		{"tags differ", api, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-3:111122223333:secret:platform/observability-token-GhIjKl", "", "implicitDeny (identityPolicy)"},
		{"region unknown", api, "s3:GetObject", settlement, "", "indeterminate (serviceControl) DenyRegionsOutsideEU"},
		{"region given", api, "s3:GetObject", settlement, paris, "allowed (identityPolicy) WriteSettlements"},
		{"region of the ARN", developer, "ec2:RunInstances", "arn:aws:ec2:us-east-1:444455556666:instance/*", "", "explicitDeny (serviceControl) DenyRegionsOutsideEU"},
		{"boundary", api, "ses:SendEmail", "arn:aws:ses:eu-west-3:111122223333:identity/exemplia.example", "", "implicitDeny (boundary)"},
		{"administrator", admin, "cloudtrail:StopLogging", "arn:aws:cloudtrail:eu-west-3:999900001111:trail/exemplia-organization", "", "explicitDeny (serviceControl) DenyDisablingSecurityServices"},
		{"SCP of an OU", admin, "iam:CreateUser", "arn:aws:iam::111122223333:user/ana", "", "explicitDeny (serviceControl) DenyLongLivedCredentials"},
		{"bucket policy", kycAdmin, "s3:GetObject", "arn:aws:s3:::exemplia-kyc-documents/passport", paris, "explicitDeny (resourcePolicy) OnlyVerifierReadsDocuments"},
		{"key policy", kycAdmin, "kms:Decrypt", "arn:aws:kms:eu-west-3:888899990000:key/8888aaaa-8888-4888-8888-888888888888", "", "implicitDeny (resourcePolicy)"},
		{"deployment", deploy, "sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy/DeploymentRole", "", "allowed (resourcePolicy) AllowPipelineOfOwnOrganization"},
		{"audit", audit, "sts:AssumeRole", "arn:aws:iam::777788889999:role/security/OrganizationAudit", "", "allowed (resourcePolicy) AllowAuditRunner"},
		{"external ID unknown", deploy, "sts:AssumeRole", "arn:aws:iam::333344445555:role/security/SecurityServicesDeployment", "", "indeterminate (resourcePolicy)"},
		{"another account's bucket", ledger, "s3:GetObject", settlement, paris, "allowed (resourcePolicy) LedgerReads"},
		{"another account's key", ledger, "kms:Decrypt", "arn:aws:kms:eu-west-3:111122223333:key/1111aaaa-1111-4111-8111-111111111111", "", "allowed (resourcePolicy) LedgerDecrypts"},
		{"service", "s3.amazonaws.com", "sqs:SendMessage", queue, "aws:SourceAccount=111122223333 aws:SourceArn=arn:aws:s3:::exemplia-settlements aws:SourceOrgID=o-a1b2c3d4e5", "allowed (resourcePolicy) SettlementFilesNotify"},
		{"service of another organization", "s3.amazonaws.com", "sqs:SendMessage", queue, "aws:SourceAccount=454545454545 aws:SourceOrgID=o-zzzzzzzzzz", "explicitDeny (resourceControl) ServicesOnlyForOwnOrganization"},
		{"tagged instance", operator, "ssm:StartSession", "arn:aws:ec2:eu-west-3:111122223333:instance/i-0a1b2c3d4e5f60001", "", "allowed (identityPolicy) OperateTaggedInstances"},
		{"root", "arn:aws:iam::111122223333:root", "s3:ListAllMyBuckets", "", "", "explicitDeny (serviceControl) DenyRootUser"},
		{"root of the management account", "arn:aws:iam::999900001111:root", "s3:ListAllMyBuckets", "", "", "allowed (identityPolicy)"},
		{"MFA unknown", glass, "sts:AssumeRole", "arn:aws:iam::111122223333:role/break-glass/BreakGlassAdministrator", "", "indeterminate (identityPolicy)"},
		{"MFA", glass, "sts:AssumeRole", "arn:aws:iam::111122223333:role/break-glass/BreakGlassAdministrator", "aws:MultiFactorAuthPresent=true aws:MultiFactorAuthAge=60", "allowed (resourcePolicy) AllowBreakGlassUsersWithMFA"},
		{"gap", "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", "ec2:DescribeInstances", "", "", "indeterminate (identityPolicy)"},
		{"caller outside", "arn:aws:iam::232323232323:role/checker", "sts:AssumeRole", "arn:aws:iam::888899990000:role/vendors/IdentityCheckProvider", "sts:ExternalId=exemplia-kyc-7f3a9c", "indeterminate (serviceControl)"},
	}
	o, err := org.ReadFS(os.DirFS(fintech))
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := simulate.Request{Action: policy.Action(test.action)}
			if r.Principal, err = policy.ParsePrincipal(test.principal); err != nil {
				t.Fatal(err)
			}
			if test.resource != "" {
				r.Resource = policy.MustParseARN(test.resource)
			}
			for _, key := range strings.Fields(test.keys) {
				name, value, _ := strings.Cut(key, "=")
				r.Keys = r.Keys.With(name, value)
			}
			if got := verdict(env.Explain(r)); got != test.want {
				t.Errorf("%s %s %s: got %s, want %s", test.principal, test.action, test.resource, got, test.want)
			}
		})
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
