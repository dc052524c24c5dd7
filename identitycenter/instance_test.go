package identitycenter_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

const (
	prod = "111122223333"
	dev  = "444455556666"
)

var (
	arn       = policy.MustParseARN
	developer = arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1111111111111111")
	auditor   = arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-2222222222222222")
	readOnly  = arn("arn:aws:iam::aws:policy/ReadOnlyAccess")
	logs      = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}`)))
	all       = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))
)

func sample() identitycenter.Spec {
	return identitycenter.Spec{
		ARN: arn("arn:aws:sso:::instance/ssoins-1234567890abcdef"), Owner: prod, Region: "eu-west-3", IdentityStore: "d-1234567890",
		PermissionSets: []identitycenter.PermissionSet{
			{
				ARN: developer, Name: "Developer", Description: "writes code", SessionDuration: 8 * time.Hour, RelayState: "https://example.com",
				CustomerManaged: []identitycenter.PolicyReference{{Name: "Deploy", Path: "/teams/"}},
				Inline:          logs, Boundary: identitycenter.Boundary{CustomerManaged: identitycenter.PolicyReference{Name: "Limit"}},
				Tags: map[string]string{"owner": "platform"},
			},
			{ARN: auditor, Name: "Auditor", Managed: []policy.ARN{readOnly}, Boundary: identitycenter.Boundary{Managed: readOnly}},
		},
		Users: []identitycenter.User{
			{ID: "u-ana", Name: "ana@example.com", DisplayName: "Ana", Email: "ana@example.com"},
			{ID: "u-bo", Name: "bo@example.com"},
			{ID: "u-cy", Name: "cy@example.com", Disabled: true},
		},
		Groups: []identitycenter.Group{{ID: "g-dev", Name: "developers", Members: []string{"u-ana", "u-cy"}}, {ID: "g-all", Name: "everybody", Members: []string{"u-bo", "u-ana"}}},
		Assignments: []identitycenter.Assignment{
			{Account: prod, PermissionSet: auditor, Group: "g-all"},
			{Account: prod, PermissionSet: auditor, User: "u-ana"},
			{Account: dev, PermissionSet: developer, Group: "g-dev"},
		},
		Attributes: []identitycenter.Attribute{
			{Key: "user", Source: []string{"${path:userName}"}}, {Key: "team", Source: []string{"${path:enterprise.department}"}},
		},
	}
}

func organization(t testing.TB, roles ...org.Role) *org.Organization {
	t.Helper()
	d := org.Account{ID: dev, Resources: []org.Resource{{ARN: arn("arn:aws:s3:::logs")}}, Policies: []org.ManagedPolicy{
		{ARN: arn("arn:aws:iam::444455556666:policy/teams/Deploy"), Document: all}, {ARN: arn("arn:aws:iam::444455556666:policy/Limit"), Document: all},
	}}
	p := org.Account{ID: prod}
	for _, r := range roles {
		if r.ARN.AccountID() == dev {
			d.Roles = append(d.Roles, r)
		} else {
			p.Roles = append(p.Roles, r)
		}
	}
	o, err := org.New(org.Spec{Accounts: []org.Account{p, d}})
	require.NoError(t, err)
	return o
}

func instance(t testing.TB, s identitycenter.Spec) *identitycenter.Instance {
	t.Helper()
	i, err := identitycenter.New(s)
	require.NoError(t, err)
	return i
}

func sentences(changes []org.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

func TestChanges(t *testing.T) {
	i, o := instance(t, sample()), organization(t)
	changes, err := i.Changes(o)
	require.NoError(t, err)
	require.Equal(t, []string{
		"put role arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Auditor_0000000000000000",
		"put role arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0000000000000000",
	}, sentences(changes))
	after, err := o.Apply(changes...)
	require.NoError(t, err)
	r, ok := after.Role(arn("arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0000000000000000"))
	require.True(t, ok)
	require.Equal(t, 12*time.Hour, r.MaxSession)
	require.Equal(t, []policy.ARN{arn("arn:aws:iam::444455556666:policy/teams/Deploy")}, r.Attached)
	require.Equal(t, arn("arn:aws:iam::444455556666:policy/Limit"), r.Boundary)
	require.Equal(t, "AwsSSOInlinePolicy", r.Inline[0].Name)
	require.True(t, r.Inline[0].Document.Equal(logs))

	again, err := i.Changes(after)
	require.NoError(t, err)
	require.Empty(t, again, "what is provisioned needs no change")

	access, gaps := i.Access(after, "u-ana")
	require.Empty(t, gaps)
	require.Len(t, access, 2)
	require.Equal(t, identitycenter.Access{
		Account: prod, PermissionSet: auditor, Direct: true, Groups: []string{"g-all"},
		Role:      arn("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Auditor_0000000000000000"),
		Principal: access[0].Principal,
	}, access[0])
	require.Equal(t, "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Auditor_0000000000000000/ana@example.com", access[0].Principal.String())

	// The answer for a person: what the sessions of ana may do.
	env, err := simulate.Compile(after)
	require.NoError(t, err)
	read := simulate.Request{Principal: access[1].Principal, Action: "s3:GetObject", Resource: arn("arn:aws:s3:::logs/a")}
	require.Equal(t, simulate.Allowed, env.Can(read).Outcome)
}

func TestChangesOfWhatIsThere(t *testing.T) {
	path := "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_"
	there := org.Role{ARN: arn("arn:aws:iam::444455556666:" + path + "Developer_0123456789abcdef"), ID: "AROAEXAMPLE", Attached: []policy.ARN{readOnly}}
	stale := org.Role{ARN: arn("arn:aws:iam::444455556666:" + path + "Auditor_0123456789abcdef")}
	other := org.Role{ARN: arn("arn:aws:iam::444455556666:" + path + "Auditor_of_another_0123456789abcdef")}
	named := org.Role{ARN: arn("arn:aws:iam::444455556666:role/AWSReservedSSO_Auditor_00000000000000aa")}
	s := sample()
	s.Region = ""
	i := instance(t, s)
	o := organization(t, there, stale, other, named)
	changes, err := i.Changes(o)
	require.NoError(t, err)
	require.Equal(t, []string{
		"put role arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Auditor_0000000000000000",
		"put role arn:aws:iam::444455556666:" + path + "Developer_0123456789abcdef",
		"remove arn:aws:iam::444455556666:" + path + "Auditor_0123456789abcdef",
	}, slices.Sorted(slices.Values(sentences(changes))))
	after, err := o.Apply(changes...)
	require.NoError(t, err)
	r, _ := after.Role(there.ARN)
	require.Equal(t, "AROAEXAMPLE", r.ID)
	require.Equal(t, []policy.ARN{arn("arn:aws:iam::444455556666:policy/teams/Deploy")}, r.Attached)

	set, ok := i.PermissionSetOf(there.ARN)
	require.True(t, ok)
	require.Equal(t, "Developer", set.Name)
	_, ok = i.PermissionSetOf(other.ARN)
	require.False(t, ok)
}

func TestChangesWithGaps(t *testing.T) {
	s := sample()
	s.Gaps = []org.Gap{
		{Subject: developer.String(), What: org.GapIdentityPolicies, Reason: "AccessDenied: sso:GetInlinePolicyForPermissionSet"},
		{Subject: auditor.String(), What: org.GapBoundary}, {Subject: prod, What: identitycenter.GapAssignments},
	}
	i := instance(t, s)
	stale := org.Role{ARN: arn("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0123456789abcdef")}
	o := organization(t, stale)
	changes, err := i.Changes(o)
	require.NoError(t, err)
	require.Equal(t, []string{
		"put role arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Auditor_0000000000000000",
		"mark boundary of arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Auditor_0000000000000000 as unknown",
		"put role arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0000000000000000",
		"mark identity-policies of arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0000000000000000 as unknown",
	}, sentences(changes), "somebody may be assigned what a gap hides, so nothing is removed")
	after, err := o.Apply(changes...)
	require.NoError(t, err)
	again, err := i.Changes(after)
	require.NoError(t, err)
	require.Empty(t, again)
	_, gaps := i.Access(after, "u-ana")
	require.Equal(t, []org.Gap{{Subject: prod, What: identitycenter.GapAssignments}}, gaps)
}

func TestChangesErrors(t *testing.T) {
	s := sample()
	s.Region = ""
	s.Assignments = append(s.Assignments, identitycenter.Assignment{Account: "777788889999", PermissionSet: auditor, User: "u-bo"})
	_, err := instance(t, s).Changes(organization(t))
	require.EqualError(t, err, `identitycenter: there are assignments in account 777788889999, which the organization does not have
identitycenter: permission set Auditor has no role in account 111122223333 yet, and the path of a new one has the home Region of the instance, which is not known
identitycenter: permission set Developer has no role in account 444455556666 yet, and the path of a new one has the home Region of the instance, which is not known`)

	o, err := org.New(org.Spec{Accounts: []org.Account{{ID: prod}, {ID: dev}}})
	require.NoError(t, err)
	changes, err := instance(t, sample()).Changes(o)
	require.NoError(t, err)
	_, err = o.Apply(changes...)
	require.ErrorContains(t, err, `no managed policy "arn:aws:iam::444455556666:policy/teams/Deploy"`)
}

func TestNewManagedPolicyOfAWS(t *testing.T) {
	s := sample()
	s.PermissionSets[1].Managed = []policy.ARN{arn("arn:aws:iam::aws:policy/FromTheFuture")}
	o := organization(t)
	changes, err := instance(t, s).Changes(o)
	require.NoError(t, err)
	require.Contains(t, sentences(changes), "mark document of arn:aws:iam::aws:policy/FromTheFuture as unknown")
	_, err = o.Apply(changes...)
	require.NoError(t, err)
}

func TestPeople(t *testing.T) {
	i := instance(t, sample())
	require.Equal(t, []identitycenter.User{{ID: "u-ana", Name: "ana@example.com", DisplayName: "Ana", Email: "ana@example.com"}}, i.Users(dev, developer), "cy is disabled")
	require.Len(t, i.Users(prod, auditor), 2)
	require.Empty(t, i.Users(prod, developer))
	access, _ := i.Access(nil, "u-cy")
	require.Empty(t, access)
	u, ok := i.UserNamed("ANA@example.com")
	require.True(t, ok)
	require.Equal(t, "u-ana", u.ID)
	tags, unknown := i.SessionTags("u-ana")
	require.Equal(t, map[string]string{"user": "ana@example.com"}, tags)
	require.Equal(t, []string{"team"}, unknown)
}

func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(s *identitycenter.Spec)
		want string
	}{
		"instance":  {func(s *identitycenter.Spec) { s.ARN = readOnly }, `/arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" is not the ARN of an instance; want arn:aws:sso:::instance/ssoins-…`},
		"owner":     {func(s *identitycenter.Spec) { s.Owner = "ana" }, `/owner: "ana" is no account ID; want 12 digits`},
		"region":    {func(s *identitycenter.Spec) { s.Region = "Paris" }, `/region: "Paris" is no Region; want one such as "eu-west-3"`},
		"set":       {func(s *identitycenter.Spec) { s.PermissionSets[1].ARN = readOnly; s.Assignments = nil }, `/permissionSets/1/arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" is not the ARN of a permission set; want arn:aws:sso:::permissionSet/ssoins-…/ps-…`},
		"set name":  {func(s *identitycenter.Spec) { s.PermissionSets[0].Name = "a b" }, `/permissionSets/0/name: "a b" is no name of a permission set; want 1 to 32 letters, digits and any of _+=,.@-`},
		"set twice": {func(s *identitycenter.Spec) { s.PermissionSets[1].Name = "Developer" }, `/permissionSets/1/name: permission set "Developer" is listed twice; the first is at /permissionSets/0/name`},
		"duration":  {func(s *identitycenter.Spec) { s.PermissionSets[0].SessionDuration = 13 * time.Hour }, `/permissionSets/0/sessionDuration: a session of PT13H; want from PT1H to PT12H`},
		"customer's policy as AWS's": {func(s *identitycenter.Spec) {
			s.PermissionSets[0].Managed = []policy.ARN{arn("arn:aws:iam::111122223333:policy/a")}
		}, `/permissionSets/0/managed/0: "arn:aws:iam::111122223333:policy/a" is not the ARN of a managed policy of AWS; want arn:aws:iam::aws:policy/…`},
		"path":           {func(s *identitycenter.Spec) { s.PermissionSets[0].CustomerManaged[0].Path = "teams" }, `/permissionSets/0/customerManaged/0/path: "teams" is no path; want "/" or one such as "/division/team/"`},
		"policy name":    {func(s *identitycenter.Spec) { s.PermissionSets[0].CustomerManaged[0].Name = "" }, `/permissionSets/0/customerManaged/0/name: "" is no name of a policy; want 1 to 128 letters, digits and any of _+=,.@-`},
		"two boundaries": {func(s *identitycenter.Spec) { s.PermissionSets[0].Boundary.Managed = readOnly }, `/permissionSets/0/boundary: has two policies; want one`},
		"user twice":     {func(s *identitycenter.Spec) { s.Users[1].Name = "Ana@example.com" }, `/users/1/name: user name "ana@example.com" is listed twice; the first is at /users/0/name`},
		"no user ID":     {func(s *identitycenter.Spec) { s.Users[2].ID = ""; s.Groups[0].Members = nil }, `/users/2/id: missing; want the user's ID`},
		"member":         {func(s *identitycenter.Spec) { s.Groups[0].Members[0] = "u-anna" }, `/groups/0/members/0: group g-dev: no user "u-anna"; did you mean "u-ana"?`},
		"group":          {func(s *identitycenter.Spec) { s.Assignments[2].Group = "developers" }, `/assignments/2/group: assignment: no group "developers"; list it, or add a gap`},
		"both":           {func(s *identitycenter.Spec) { s.Assignments[2].User = "u-bo" }, `/assignments/2: has a user and a group, or neither; want one of them`},
		"no set":         {func(s *identitycenter.Spec) { s.Assignments[2].PermissionSet = readOnly }, `/assignments/2/permissionSet: assignment: no permission set "arn:aws:iam::aws:policy/ReadOnlyAccess"; list it, or add a gap`},
		"twice":          {func(s *identitycenter.Spec) { s.Assignments = append(s.Assignments, s.Assignments[2]) }, `/assignments/3: assignment "444455556666 arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1111111111111111 g-dev" is listed twice; the first is at /assignments/2`},
		"attribute":      {func(s *identitycenter.Spec) { s.Attributes[0].Source = nil }, `/attributes/0/source: missing; want where it comes from, such as "${path:userName}"`},
		"gap":            {func(s *identitycenter.Spec) { s.Gaps = []org.Gap{{What: "users"}} }, `/gaps/0/subject: missing; want the ARN or ID that the gap is about`},
	} {
		t.Run(name, func(t *testing.T) {
			s := sample()
			tt.edit(&s)
			_, err := identitycenter.New(s)
			require.EqualError(t, err, tt.want)
		})
	}
	s := sample()
	s.Groups[0].Members[0] = "u-new"
	s.Gaps = []org.Gap{{Subject: "d-1234567890", What: identitycenter.GapUsers}}
	_, err := identitycenter.New(s)
	require.NoError(t, err, "a gap explains the name")
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{`:              `identitycenter.json:1:2: the text ends in the middle of a JSON value; it looks truncated`,
		`{"users": [1]}`: `identitycenter.json:1:12: /users/0: is a number; want an object, a user`,
		`{"arn": "arn:aws:sso:::instance/i", "permissionSets": [{"arn": "arn:aws:sso:::permissionSet/i/p", "name": "A",
  "sessionDuration": "P1D"}]}`: `identitycenter.json:2:22: /permissionSets/0/sessionDuration: "P1D" is no session duration; want one such as "PT8H"`,
		`{"arn": "arn:aws:sso:::instance/i", "permissionSets": [{"arn": "arn:aws:sso:::permissionSet/i/p", "name": "A",
  "inline": {"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}}]}`: `identitycenter.json:2:38: /Statement/Effect: unknown effect "allow"; want "Allow" or "Deny", in this spelling`,
		`{"arn": "arn:aws:sso:::instance/i", "assignments": [{"account": "111122223333", "permissionSet": "arn:aws:sso:::permissionSet/i/p", "user": "ana"}]}`: `identitycenter.json:1:98: /assignments/0/permissionSet: assignment: no permission set "arn:aws:sso:::permissionSet/i/p"; list it, or add a gap
identitycenter.json:1:141: /assignments/0/user: assignment: no user "ana"; list it, or add a gap`,
	} {
		_, err := identitycenter.ReadFS(fstest.MapFS{"identitycenter.json": {Data: []byte(text)}})
		require.EqualError(t, err, want)
	}
	_, err := identitycenter.ReadFS(fstest.MapFS{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.EqualError(t, err, "identitycenter.json: file does not exist")
}

// What is written is read back as it was, whatever is left out of it, and bytes are the same.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := sample()
		s.Gaps = []org.Gap{{Subject: "all"}, {Subject: "d-1234567890", What: identitycenter.GapUsers}}
		s.PermissionSets = rapid.Permutation(s.PermissionSets).Draw(t, "sets")
		s.Users = rapid.Permutation(s.Users).Draw(t, "users")[:rapid.IntRange(0, 3).Draw(t, "n")]
		s.Assignments = rapid.Permutation(s.Assignments).Draw(t, "assignments")[:rapid.IntRange(0, 3).Draw(t, "n")]
		s.Users = append(s.Users, identitycenter.User{ID: "x", Name: rapid.StringN(1, 9, -1).Draw(t, "name")})
		i, err := identitycenter.New(s)
		if err != nil {
			t.Skip()
		}
		require.NoError(t, i.WriteDir(dir))
		back, err := identitycenter.ReadFS(os.DirFS(dir))
		require.NoError(t, err)
		require.True(t, i.Equal(back))
		first, _ := i.JSON()
		second, _ := instance2(t, back.Spec()).JSON()
		require.Equal(t, string(first), string(second))
	})
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Error(t, instance(t, sample()).WriteDir(filepath.Join(dir, "identitycenter.json")))
}

func instance2(t *rapid.T, s identitycenter.Spec) *identitycenter.Instance {
	i, err := identitycenter.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestSpecIsACopy(t *testing.T) {
	i := instance(t, sample())
	s := i.Spec()
	s.PermissionSets[0].Tags["owner"], s.Groups[0].Members[0], s.Users[0].Name = "x", "x", "x"
	s.Attributes[0].Source[0] = "x"
	require.True(t, i.Equal(instance(t, sample())))
	p, _ := i.PermissionSet(developer)
	maps.DeleteFunc(p.Tags, func(string, string) bool { return true })
	require.True(t, i.Equal(instance(t, sample())))
}

// Attributes that are not known may be any session tags, and hide no access.
func TestUnknownAttributes(t *testing.T) {
	s := exampleInstance().Spec()
	s.Gaps = append(s.Gaps, org.Gap{Subject: s.ARN.String(), What: identitycenter.GapAttributes, Reason: "not read"})
	i, err := identitycenter.New(s)
	require.NoError(t, err)
	_, unknown := i.SessionTags("u-ana")
	require.Contains(t, unknown, "*")
	_, gaps := i.Access(nil, "u-ana")
	require.NotContains(t, gaps, s.Gaps[len(s.Gaps)-1])
}

// A role that is left of another permission set of the name: which of the two people get is not
// known, so that neither is taken for the one.
func TestTwoRolesOfAName(t *testing.T) {
	i := exampleInstance()
	changes, err := i.Changes(exampleOrganization())
	require.NoError(t, err)
	o, err := exampleOrganization().Apply(changes...)
	require.NoError(t, err)
	before, _ := i.Access(o, "u-ana")
	require.Len(t, before, 2)
	s := o.Spec()
	at := slices.IndexFunc(s.Accounts, func(a org.Account) bool { return a.ID == before[0].Account })
	old, ok := o.Role(before[0].Role)
	require.True(t, ok)
	old.ARN = arn(old.ARN.String()[:len(old.ARN.String())-16] + "ffffffffffffffff")
	s.Accounts[at].Roles = append(s.Accounts[at].Roles, old)
	o, err = org.New(s)
	require.NoError(t, err)
	access, _ := i.Access(o, "u-ana")
	require.Len(t, access, 3)
	require.Equal(t, before[0], access[0])
	require.Equal(t, old.ARN, access[1].Role)
	require.Equal(t, before[0].Groups, access[1].Groups)
	_, err = i.Changes(o)
	require.ErrorContains(t, err, "has more than one role in account "+access[0].Account)
}

// Of a user whom the instance does not list, nothing is known.
func TestUnknownUser(t *testing.T) {
	s := exampleInstance().Spec()
	users := org.Gap{Subject: s.ARN.String(), What: identitycenter.GapUsers, Reason: "not read"}
	s.Gaps = append(s.Gaps, users)
	i, err := identitycenter.New(s)
	require.NoError(t, err)
	access, gaps := i.Access(nil, "u-nobody")
	require.Empty(t, access)
	require.Contains(t, gaps, users)
	_, unknown := i.SessionTags("u-nobody")
	require.Equal(t, []string{"*"}, unknown)
}

// The European Sovereign Cloud has Regions with longer names.
func TestSovereignRegion(t *testing.T) {
	_, err := identitycenter.New(identitycenter.Spec{ARN: policy.MustParseARN("arn:aws-eusc:sso:::instance/ssoins-1234567890abcdef"), Region: "eusc-de-east-1"})
	require.NoError(t, err)
}
