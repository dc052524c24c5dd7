package tfplan_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

const (
	instanceARN = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	setARN      = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-"
)

// trails are one of the organization and one of an account, which is not exported.
func trails() []cloudtrail.Trail {
	return []cloudtrail.Trail{
		{
			ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/organization"), HomeRegion: "eu-west-3", Bucket: "logs", Prefix: "trail",
			KMSKey: "arn:aws:kms:eu-west-3:111122223333:key/11111111-1111-1111-1111-111111111111", MultiRegion: true, Organization: true, GlobalServiceEvents: true, LogFileValidation: true,
			Status: &cloudtrail.Status{Logging: true},
			Selectors: &cloudtrail.Selectors{Advanced: []cloudtrail.AdvancedSelector{
				{Name: "management", Fields: []cloudtrail.FieldSelector{{Field: "eventCategory", Equals: []string{"Management"}}}},
				{Name: "objects", Fields: []cloudtrail.FieldSelector{
					{Field: "eventCategory", Equals: []string{"Data"}},
					{Field: "resources.ARN", NotStartsWith: []string{"arn:aws:s3:::logs/"}},
					{Field: "resources.type", Equals: []string{"AWS::S3::Object"}},
				}},
			}},
		},
		{ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:444455556666:trail/own"), Bucket: "own"},
	}
}

// landingZone is an organization with something of all that is exported.
func landingZone(t testing.TB) (*org.Organization, *identitycenter.Instance) {
	deny := document(t, `{"Version":"2012-10-17","Statement":[{"Sid":"Home","Effect":"Deny","Action":["s3:PutObject"],"Resource":"arn:aws:s3:::home/*","Condition":{"StringNotLike":{"s3:prefix":"${aws:username}/%{x}/*"}}}]}`)
	o := organization(t, func(s *org.Spec) {
		r := &s.Root
		r.PolicyTypes = append(r.PolicyTypes, policy.ResourceControl)
		r.Attached = []string{org.FullAWSAccess, org.RCPFullAWSAccess, "p-inside"}
		full := []string{org.FullAWSAccess, org.RCPFullAWSAccess}
		r.OUs = []org.OU{
			{ID: "ou-ab12-11111111", Name: "Workloads", Attached: append(full[:2:2], "p-regions"), OUs: []org.OU{{ID: "ou-ab12-22222222", Name: "Workloads", Attached: full}}},
			{ID: "ou-ab12-33333333", Name: "9 lives!", Attached: full},
		}
		for i := range s.Accounts {
			s.Accounts[i].Attached = full
		}
		s.Accounts[1].Attached = append(full[:2:2], "p-regions")
		s.ControlPolicies = []org.ControlPolicy{
			{ID: "p-regions", Name: "regions", Kind: policy.ServiceControl, Document: deny},
			{ID: "p-inside", Name: "inside", Kind: policy.ResourceControl, Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)},
		}
		s.Accounts[0].Policies = []org.ManagedPolicy{
			{ARN: policy.MustParseARN("arn:aws:iam::111122223333:policy/guard/boundary"), Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)},
		}
	})
	i, err := identitycenter.New(identitycenter.Spec{
		ARN: policy.MustParseARN(instanceARN), Owner: "111122223333", Region: "eu-west-3", IdentityStore: "d-1234567890",
		Users:  []identitycenter.User{{ID: "11111111-1111-1111-1111-111111111111", Name: "ana@example.com"}},
		Groups: []identitycenter.Group{{ID: "22222222-2222-2222-2222-222222222222", Name: "developers", Members: []string{"11111111-1111-1111-1111-111111111111"}}},
		PermissionSets: []identitycenter.PermissionSet{
			{
				ARN: policy.MustParseARN(setARN + "1111111111111111"), Name: "DeveloperAccess", Description: "For \"developers\"", SessionDuration: 8 * time.Hour,
				Managed: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")}, Inline: deny,
				Boundary: identitycenter.Boundary{CustomerManaged: identitycenter.PolicyReference{Name: "boundary", Path: "/guard/"}},
				Tags:     map[string]string{"team": "orders"},
			},
			{
				ARN: policy.MustParseARN(setARN + "2222222222222222"), Name: "Audit", RelayState: "https://console.aws.amazon.com/",
				CustomerManaged: []identitycenter.PolicyReference{{Name: "boundary", Path: "/guard/"}},
				Boundary:        identitycenter.Boundary{Managed: policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")},
			},
		},
		Assignments: []identitycenter.Assignment{
			{Account: "111122223333", PermissionSet: policy.MustParseARN(setARN + "1111111111111111"), Group: "22222222-2222-2222-2222-222222222222"},
			{Account: "111122223333", PermissionSet: policy.MustParseARN(setARN + "2222222222222222"), User: "11111111-1111-1111-1111-111111111111"},
		},
		Attributes: []identitycenter.Attribute{{Key: "team", Source: []string{"${path:enterprise.department}"}}},
	})
	require.NoError(t, err)
	return o, i
}

func TestExport(t *testing.T) {
	o, i := landingZone(t)
	var b bytes.Buffer
	require.NoError(t, tfplan.Export(&b, tfplan.Models{Organization: o, Instance: i, Trails: trails()}))
	const file = "testdata/export.tf"
	if *update {
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Error(d)
	}
}

func TestExportSays(t *testing.T) {
	o := organization(t, func(s *org.Spec) {
		s.Root.OUs = []org.OU{{ID: "ou-ab12-11111111", Name: "closed", Attached: []string{"p-closed"}}}
		s.ControlPolicies = []org.ControlPolicy{{ID: "p-closed", Name: "closed", Kind: policy.ServiceControl, Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}}
		s.Gaps = []org.Gap{{Subject: "444455556666", What: org.GapControlPolicies, Reason: "AccessDenied:\nresource \"x\" \"y\" {}"}}
		s.Accounts[1].Policies = []org.ManagedPolicy{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:policy/boundary"), Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}}
		s.Accounts[1].Roles = []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/app"), Trust: document(t, rootTrust), Boundary: policy.MustParseARN("arn:aws:iam::444455556666:policy/boundary")}}
	})
	var b bytes.Buffer
	require.NoError(t, tfplan.Export(&b, tfplan.Models{Organization: o}))
	assert.Contains(t, b.String(), "# p-FullAWSAccess is not attached to ou-ab12-11111111 (closed): detach it, which Terraform cannot.\n")
	assert.Contains(t, b.String(), "# Not known, and so not here: control-policies of 444455556666 (AccessDenied: resource \"x\" \"y\" {})\n")
	assert.Contains(t, b.String(), "provider = aws.account_444455556666\n")
	unknown := organization(t, func(s *org.Spec) {
		s.ControlPolicies = []org.ControlPolicy{{ID: "p-x", Kind: policy.ServiceControl}}
		s.Gaps = []org.Gap{{Subject: "p-x", What: org.GapDocument}}
	})
	require.EqualError(t, tfplan.Export(&b, tfplan.Models{Organization: unknown}), "export: the document of control policy p-x is not known")
}

// TestExportUnknown holds what may be missing in what is exported.
func TestExportUnknown(t *testing.T) {
	edge := policy.MustParseARN("arn:aws:iam::444455556666:policy/edge")
	o := organization(t, func(s *org.Spec) {
		s.Accounts[1].Roles = []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/app"), Trust: document(t, rootTrust), Boundary: edge}}
		s.Gaps = []org.Gap{
			{Subject: "111122223333", What: org.GapTags, Reason: "no matter"},
			{Subject: "arn:aws:s3:::logs", What: org.GapResourcePolicy, Reason: "no matter"},
			{Subject: "arn:aws:sqs:*", What: org.GapUnlisted, Reason: "no matter"},
			{Subject: "arn:aws:iam::444455556666:policy/other", What: org.GapDocument, Reason: "no matter"},
			{Subject: "arn:aws:iam::444455556666:policy/guard/*", What: org.GapDocument, Reason: "refused"},
			{Subject: edge.String(), What: org.GapDocument, Reason: "a boundary"},
			{Subject: "arn:aws:iam::444455556666:role/app2", What: org.GapBoundary, Reason: "refused"},
			{Subject: "arn:aws:iam::111122223333:*", What: org.GapUnlisted, Reason: "refused"},
			{Subject: "r-ab12", What: org.GapUnlisted, Reason: "cut off"},
			{Subject: "999900001111"},
		}
		s.Coverage = []org.Unit{
			{Account: "111122223333", Section: "organization-policies", State: org.Partial, Reason: "AccessDenied"},
			{Account: "111122223333", Section: "identity-center", State: org.Absent, Reason: "no instance"},
			{Account: "111122223333", Region: "eu-west-3", Section: "trails", State: org.Skipped, Reason: "off"},
			{Account: "111122223333", Section: "s3", State: org.Partial, Reason: "no matter"},
			{Account: "111122223333", Section: "iam", State: org.Complete},
		}
	})
	i, err := identitycenter.New(identitycenter.Spec{ARN: policy.MustParseARN(instanceARN), PermissionSets: []identitycenter.PermissionSet{{
		ARN: policy.MustParseARN(setARN + "1111111111111111"), Name: "Audit", Boundary: identitycenter.Boundary{CustomerManaged: identitycenter.PolicyReference{Name: "edge", Path: "/"}},
	}}, Gaps: []org.Gap{{Subject: instanceARN, What: identitycenter.GapAssignments, Reason: "refused"}}})
	require.NoError(t, err)
	all := trails()
	all[0].Selectors, all[0].Status = nil, nil
	m := tfplan.Models{Organization: o, Instance: i, Trails: all}
	want := []string{
		"everything of 999900001111 (no reason given)",
		"unlisted of arn:aws:iam::111122223333:* (refused)",
		"document of arn:aws:iam::444455556666:policy/edge (a boundary)",
		"document of arn:aws:iam::444455556666:policy/guard/* (refused)",
		"boundary of arn:aws:iam::444455556666:role/app2 (refused)",
		"unlisted of r-ab12 (cut off)",
		"assignments of " + instanceARN + " (refused)",
		"document of policy /edge (the boundary of permission set Audit, which no account lists)",
		"organization-policies of 111122223333 (AccessDenied)",
		"trails of 111122223333 eu-west-3 (off)",
		"selectors of arn:aws:cloudtrail:eu-west-3:111122223333:trail/organization (not read)",
		"status of arn:aws:cloudtrail:eu-west-3:111122223333:trail/organization (not read)",
	}
	assert.Equal(t, want, m.Unknown())
	var b bytes.Buffer
	require.NoError(t, tfplan.Export(&b, m))
	assert.True(t, strings.HasPrefix(b.String(), "# Not known, and so not here: "+strings.Join(want, "\n# Not known, and so not here: ")+"\n\n"), b.String())
	full, center := landingZone(t)
	assert.Empty(t, tfplan.Models{Organization: full, Instance: center, Trails: trails()}.Unknown())
}

// mirror is the folder of the provider mirror; tests that run terraform are skipped without.
func mirror(t *testing.T) string {
	dir := os.Getenv("LICIT_TF_MIRROR")
	if dir == "" {
		t.Skip("LICIT_TF_MIRROR is not set: it names the folder of a mirror of Terraform providers, with which terraform runs offline")
	}
	return dir
}

// TestFixtures holds that the plans of testdata are what terraform makes of the
// configurations beside them.
func TestFixtures(t *testing.T) {
	dir, out := mirror(t), t.TempDir()
	cmd := exec.Command("testdata/regenerate.sh")
	cmd.Env = append(os.Environ(), "LICIT_TF_MIRROR="+dir, "OUT="+out)
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	plans, err := filepath.Glob("testdata/*/plan.json")
	require.NoError(t, err)
	plans = append(plans, "../../examples/terraform/plan.json")
	require.NotEmpty(t, plans)
	for _, name := range plans {
		want, got := lasting(t, name), lasting(t, filepath.Join(out, filepath.Base(filepath.Dir(name)), "plan.json"))
		assert.Empty(t, cmp.Diff(want, got), "%s: terraform makes another plan; run testdata/regenerate.sh", name)
	}
}

// lasting is a plan without what terraform lists in another order each time.
func lasting(t *testing.T, name string) map[string]any {
	src, err := os.ReadFile(name)
	require.NoError(t, err)
	var plan map[string]any
	require.NoError(t, json.Unmarshal(src, &plan))
	delete(plan, "relevant_attributes")
	return plan
}

// TestRoundTrip holds that what is exported, planned by terraform and read is the same model.
func TestRoundTrip(t *testing.T) {
	dir := mirror(t)
	o, i := landingZone(t)
	work := t.TempDir()
	require.NoError(t, os.CopyFS(work, os.DirFS("testdata")))
	folder := filepath.Join(work, "export")
	require.NoError(t, os.Mkdir(folder, 0o777))
	provider, err := os.ReadFile("testdata/trust/main.tf")
	require.NoError(t, err)
	head, _, ok := strings.Cut(string(provider), "# A pull request")
	require.True(t, ok)
	var b bytes.Buffer
	b.WriteString(head)
	require.NoError(t, tfplan.Export(&b, tfplan.Models{Organization: o, Instance: i, Trails: trails()}))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.tf"), b.Bytes(), 0o666))
	file := filepath.Join(folder, "plan")
	require.NoError(t, os.WriteFile(file, nil, 0o666)) // asks for the plan file
	cmd := exec.Command(filepath.Join(work, "regenerate.sh"), "export")
	cmd.Env = append(os.Environ(), "LICIT_TF_MIRROR="+dir)
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	src, err := os.Open(filepath.Join(folder, "plan.json"))
	require.NoError(t, err)
	defer src.Close()
	p, err := tfplan.Read(src)
	require.NoError(t, err)
	z, err := zip.OpenReader(file)
	require.NoError(t, err)
	defer z.Close()
	p, err = p.WithConfiguration(z)
	require.NoError(t, err)

	bare, people := stripped(t, o, i)
	out, err := p.Apply(bare, people, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Empty(t, out.Unknown)
	assert.Equal(t, "aws_ssoadmin_instance_access_control_attributes.this access=true: changes the session tags of people, on which what is allowed may depend\n", skipped(out))
	provisioned, err := i.Changes(o)
	require.NoError(t, err)
	want, err := o.Apply(provisioned...)
	require.NoError(t, err)
	same := cmp.Options{cmpopts.EquateComparable(policy.ARN{}), cmp.Comparer(sameJSON)}
	if d := cmp.Diff(trails()[:1], out.Trails, same); d != "" {
		t.Error(d)
	}
	got, gotInstance := renamed(t, out, o, i)
	if d := cmp.Diff(want.Spec(), got.Spec(), same); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(i.Spec(), gotInstance.Spec(), same); d != "" {
		t.Error(d)
	}
}

// sameJSON compares documents whatever the order of members: Terraform sorts them.
func sameJSON(a, b *policy.Document) bool {
	if a == nil || b == nil {
		return a == b
	}
	var x, y any
	return json.Unmarshal(a.Source(), &x) == nil && json.Unmarshal(b.Source(), &y) == nil && reflect.DeepEqual(x, y)
}

// stripped are the models without what Export writes.
func stripped(t *testing.T, o *org.Organization, i *identitycenter.Instance) (*org.Organization, *identitycenter.Instance) {
	s := o.Spec()
	s.ControlPolicies, s.Root.OUs = nil, nil
	full := []string{org.FullAWSAccess, org.RCPFullAWSAccess}
	s.Root.Attached = full
	for n := range s.Accounts {
		s.Accounts[n].Attached, s.Accounts[n].Policies = full, nil
	}
	c := i.Spec()
	c.PermissionSets, c.Assignments, c.Attributes = nil, nil, nil
	people, err := identitycenter.New(c)
	require.NoError(t, err)
	return must(org.New(s)), people
}

// renamed are the planned models with the IDs that AWS chose the first time in place of the
// placeholders.
func renamed(t *testing.T, out *tfplan.Outcome, o *org.Organization, i *identitycenter.Instance) (*org.Organization, *identitycenter.Instance) {
	ids := map[string]string{
		"aws_organizations_organizational_unit.workloads": "ou-ab12-11111111", "aws_organizations_organizational_unit.workloads_2": "ou-ab12-22222222",
		"aws_organizations_organizational_unit._9_lives": "ou-ab12-33333333",
		"aws_organizations_policy.regions":               "p-regions", "aws_organizations_policy.inside": "p-inside",
		"aws_ssoadmin_permission_set.developeraccess": setARN + "1111111111111111", "aws_ssoadmin_permission_set.audit": setARN + "2222222222222222",
	}
	var pairs []string
	for _, p := range out.Placeholders {
		require.Contains(t, ids, p.Address)
		pairs = append(pairs, p.Value, ids[p.Address])
	}
	replace := strings.NewReplacer(pairs...)
	center, err := out.Instance.JSON()
	require.NoError(t, err)
	instance, err := identitycenter.Parse([]byte(replace.Replace(string(center))))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, out.After.WriteDir(dir))
	require.NoError(t, filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, []byte(replace.Replace(string(src))), 0o666)
	}))
	// Control policies are in files that have the placeholder in their names.
	files, err := filepath.Glob(filepath.Join(dir, "control-policies", "*.json"))
	require.NoError(t, err)
	for _, f := range files {
		require.NoError(t, os.Rename(f, filepath.Join(filepath.Dir(f), replace.Replace(filepath.Base(f)))))
	}
	after, err := org.ReadFS(os.DirFS(dir))
	require.NoError(t, err)
	return after, instance
}
