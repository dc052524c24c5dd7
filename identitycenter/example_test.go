package identitycenter_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
)

func exampleInstance() *identitycenter.Instance {
	i, err := identitycenter.New(sample())
	if err != nil {
		panic(err)
	}
	return i
}

func exampleOrganization() *org.Organization {
	o, err := org.New(org.Spec{Accounts: []org.Account{
		{ID: prod},
		{ID: dev, Policies: []org.ManagedPolicy{{ARN: arn("arn:aws:iam::444455556666:policy/teams/Deploy"), Document: all}, {ARN: arn("arn:aws:iam::444455556666:policy/Limit"), Document: all}}},
	}})
	if err != nil {
		panic(err)
	}
	return o
}

// The roles of the permission sets are changes to an organization like any others.
func ExampleInstance_Changes() {
	changes, err := exampleInstance().Changes(exampleOrganization())
	if err != nil {
		panic(err)
	}
	for _, c := range changes {
		fmt.Println(c)
	}
	// Output:
	// put role arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Auditor_0000000000000000
	// put role arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0000000000000000
}

func ExampleInstance_Access() {
	i, o := exampleInstance(), exampleOrganization()
	changes, err := i.Changes(o)
	if err != nil {
		panic(err)
	}
	if o, err = o.Apply(changes...); err != nil {
		panic(err)
	}
	access, gaps := i.Access(o, "u-ana")
	for _, a := range access {
		set, _ := i.PermissionSet(a.PermissionSet)
		fmt.Println(a.Account, set.Name, a.Direct, a.Groups)
		fmt.Println(a.Principal)
	}
	fmt.Println(len(gaps), "gaps")
	// Output:
	// 111122223333 Auditor true [g-all]
	// arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Auditor_0000000000000000/ana@example.com
	// 444455556666 Developer false [g-dev]
	// arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_Developer_0000000000000000/ana@example.com
	// 0 gaps
}

func ExampleInstance_Users() {
	for _, u := range exampleInstance().Users("111122223333", auditor) {
		fmt.Println(u.Name)
	}
	// Output:
	// ana@example.com
	// bo@example.com
}

func ExampleInstance_UserNamed() {
	u, ok := exampleInstance().UserNamed("Ana@Example.com")
	fmt.Println(u.ID, ok)
	// Output: u-ana true
}

func ExampleInstance_User() {
	u, ok := exampleInstance().User("u-cy")
	fmt.Println(u.Name, u.Disabled, ok)
	// Output: cy@example.com true true
}

func ExampleInstance_Groups() {
	for g := range exampleInstance().Groups("u-ana") {
		fmt.Println(g.Name)
	}
	// Output:
	// everybody
	// developers
}

func ExampleInstance_PermissionSet() {
	p, ok := exampleInstance().PermissionSet(developer)
	fmt.Println(p.Name, identitycenter.FormatSessionDuration(p.SessionDuration), ok)
	// Output: Developer PT8H true
}

func ExampleInstance_PermissionSetOf() {
	p, ok := exampleInstance().PermissionSetOf(arn("arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0123456789abcdef"))
	fmt.Println(p.Name, ok)
	// Output: Developer true
}

func ExampleInstance_SessionTags() {
	tags, unknown := exampleInstance().SessionTags("u-ana")
	fmt.Println(tags, unknown)
	// Output: map[user:ana@example.com] [team]
}

func ExampleInstance_Spec() {
	fmt.Println(len(exampleInstance().Spec().PermissionSets))
	// Output: 2
}

func ExampleInstance_Equal() {
	s := exampleInstance().Spec()
	s.Region = "us-east-1"
	other, err := identitycenter.New(s)
	fmt.Println(exampleInstance().Equal(other), err)
	// Output: false <nil>
}

func ExampleNew() {
	_, err := identitycenter.New(identitycenter.Spec{
		ARN:   arn("arn:aws:sso:::instance/ssoins-1234567890abcdef"),
		Users: []identitycenter.User{{ID: "u-ana", Name: "ana"}, {ID: "u-ana", Name: "bo"}},
	})
	fmt.Println(err)
	// Output: /users/1/id: user "u-ana" is listed twice; the first is at /users/0/id
}

func ExampleParse() {
	i, err := identitycenter.Parse([]byte(`{
		"arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef",
		"users": [{"id": "u-ana", "name": "ana@example.com"}]
	}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(i.Spec().Users[0].Name)
	// Output: ana@example.com
}

func ExampleReadFS() {
	i, err := identitycenter.ReadFS(fstest.MapFS{"identitycenter.json": {Data: []byte(`{"arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"}`)}})
	fmt.Println(i.Spec().ARN, err)
	_, err = identitycenter.ReadFS(fstest.MapFS{"identitycenter.json": {Data: []byte(`{"arn": "arn:aws:s3:::logs"}`)}})
	fmt.Println(err)
	// Output:
	// arn:aws:sso:::instance/ssoins-1234567890abcdef <nil>
	// identitycenter.json:1:9: /arn: "arn:aws:s3:::logs" is not the ARN of an instance; want arn:aws:sso:::instance/ssoins-…
}

func ExampleInstance_WriteDir() {
	dir, err := os.MkdirTemp("", "licit")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := exampleInstance().WriteDir(dir); err != nil {
		panic(err)
	}
	i, err := identitycenter.ReadFS(os.DirFS(dir))
	fmt.Println(i.Equal(exampleInstance()), err)
	// Output: true <nil>
}

func ExampleInstance_JSON() {
	i, err := identitycenter.New(identitycenter.Spec{ARN: arn("arn:aws:sso:::instance/ssoins-1234567890abcdef")})
	if err != nil {
		panic(err)
	}
	text, err := i.JSON()
	fmt.Print(string(text), err)
	// Output:
	// {
	//   "arn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	// }
	// <nil>
}

func ExampleParseSessionDuration() {
	fmt.Println(identitycenter.ParseSessionDuration("PT1H30M"))
	fmt.Println(identitycenter.ParseSessionDuration("PT13H"))
	fmt.Println(identitycenter.ParseSessionDuration("P1D"))
	// Output:
	// 1h30m0s <nil>
	// 13h0m0s a session of PT13H; want from PT1H to PT12H
	// 0s "P1D" is no session duration; want one such as "PT8H"
}

func ExampleFormatSessionDuration() {
	fmt.Println(identitycenter.FormatSessionDuration(exampleInstance().Spec().PermissionSets[0].SessionDuration))
	// Output: PT8H
}
