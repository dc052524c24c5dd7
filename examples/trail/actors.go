package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const (
	store   = "arn:aws:identitystore::999900001111:identitystore/d-9367a1b2c3"
	browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	cli     = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7"
	sdk     = "aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.26.8 md/GOOS#linux md/GOARCH#amd64"
)

// person works for a day: signs in through Identity Center, takes one to three roles, and calls.
func (m *month) person(day time.Time, u identitycenter.User) {
	access, _ := m.instance.Access(m.org, u.ID)
	if len(access) == 0 {
		return
	}
	ip := m.address(u.Name, "198.51.100")
	at := m.moment(day, 7, 10)
	m.put(record{
		Identity: identity{Type: "IdentityCenterUser", AccountID: "999900001111", OnBehalfOf: &person{u.ID, store}, CredentialID: m.hex(16)},
		Time:     at, Source: "signin.amazonaws.com", Name: "UserAuthentication", Region: "eu-west-1", SourceIP: ip, UserAgent: browser, Account: "999900001111", Type: "AwsServiceEvent",
		Additional:     map[string]any{"AuthWorkflowID": m.uuid(), "CredentialType": "EXTERNAL_IDP", "LoginTo": "https://d-9367a1b2c3.awsapps.com/start", "UserName": u.Name},
		ServiceDetails: map[string]any{"UserAuthentication": "Success"},
	})
	for range 1 + m.IntN(3) {
		x := access[m.IntN(len(access))]
		if x.Role == (policy.ARN{}) {
			continue
		}
		set, _ := m.instance.PermissionSet(x.PermissionSet)
		at = at.Add(time.Duration(m.IntN(3600)) * time.Second)
		c := m.in(m.role(x.Role), u.Name, at, false)
		m.assumed(at, identity{
			Type: "SAMLUser", PrincipalID: "aB3" + m.letters(20) + ":" + u.Name, UserName: u.Name, IdentityProvider: "aB3" + m.letters(20),
		}, "AssumeRoleWithSAML", ip, browser, "eu-west-1", c, map[string]any{
			"sAMLAssertionID": "_" + m.uuid(), "principalArn": provider(m.role(x.Role)), "durationSeconds": int(set.SessionDuration.Seconds()),
		})
		c.ip, c.console, c.agent = ip, m.IntN(2) == 0, cli
		if c.console {
			c.agent = browser
		}
		for range (3 + m.IntN(12)) * m.scale {
			m.call(at.Add(time.Duration(1+m.IntN(5*3600))*time.Second), c, people[set.Name])
		}
	}
}

// provider is the SAML provider that a role trusts.
func provider(r org.Role) string {
	for _, s := range r.Trust.Statements() {
		for _, id := range s.Principal.All() {
			return id
		}
	}
	return ""
}

// iamUsers are those who were there before Identity Center: Ana moves on the 13th. Bruno's key is
// used by a runner of GitLab, too, and still after he left on the 20th.
func (m *month) iamUsers(day time.Time, number int, weekend bool) {
	type user struct {
		account, name, id, key, ip, agent string
		mfa                               bool
		n                                 int
	}
	list := []user{{"111122223333", "partner-bank-sftp", "AIDAEXAMPLEJJLWM3OEUH", "AKIAEXAMPLEPARTNER01", "203.0.113.10", "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/windows", false, 2}}
	if !weekend {
		if number <= 13 {
			list = append(list, user{"444455556666", "ana", "AIDAEXAMPLETRL73W3VRO", "AKIAEXAMPLEANA000001", m.address("ana@exemplia.example", "198.51.100"), cli, false, 6})
		}
		if number <= 20 {
			list = append(list, user{"444455556666", "bruno", "AIDAEXAMPLEYADQU5PPIS", "AKIAEXAMPLEBRUNO0001", m.address("bruno@exemplia.example", "198.51.100"), cli, false, 4})
		}
		list = append(list,
			user{"444455556666", "bruno", "AIDAEXAMPLEYADQU5PPIS", "AKIAEXAMPLEBRUNO0001", "192.0.2.77", "aws-cli/2.31.4 exec-env/GitLab-Runner", false, 3},
			user{"565656565656", "camille", "AIDAEXAMPLEYN4ATHKOW4", "AKIAEXAMPLECAMILLE01", m.address("camille@exemplia.example", "198.51.100"), cli, true, 3},
			user{"565656565656", "driss", "AIDAEXAMPLEX7JM267OHR", "AKIAEXAMPLEDRISS0001", m.address("driss@exemplia.example", "198.51.100"), cli, true, 3})
	}
	for _, u := range list {
		c := caller{account: u.account, ip: u.ip, agent: u.agent, identity: identity{
			Type: "IAMUser", PrincipalID: u.id, ARN: "arn:aws:iam::" + u.account + ":user/" + u.name, AccountID: u.account, AccessKey: u.key, UserName: u.name,
		}}
		if u.mfa { // temporary credentials of GetSessionToken
			c.identity.AccessKey = m.temporary()
			c.identity.Session = &session{Attributes: attributes{m.moment(day, 7, 8).Truncate(time.Second), "true"}}
		}
		for range u.n * m.scale {
			m.call(m.moment(day, 8, 18), c, users[u.name])
		}
	}
}

// pipelines are the runners of GitHub: they plan for pull requests, and deploy.
func (m *month) pipelines(day time.Time) {
	shared := m.roles("666677778888")
	for run := range 2 * m.scale {
		at := m.moment(day, 8, 19)
		ip := fmt.Sprintf("203.0.113.%d", 100+m.IntN(100))
		agent := "aws-sdk-js/3.900.0 ua/2.1 os/linux lang/js md/nodejs#22.19.0 configure-aws-credentials-for-github-actions"
		for _, job := range []struct{ role, subject string }{{"github-plan", "repo:exemplia/platform:pull_request"}, {"github-deploy", "repo:exemplia/platform:environment:production"}} {
			c := m.in(shared[job.role], "GitHubActions", at, false)
			c.ip, c.agent = ip, "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 aws-sdk-go-v2/1.39.2"
			c.identity.Session.Web = map[string]any{"federatedProvider": "arn:aws:iam::666677778888:oidc-provider/token.actions.githubusercontent.com", "attributes": map[string]any{}}
			m.assumed(at, identity{
				Type: "WebIdentityUser", PrincipalID: "arn:aws:iam::666677778888:oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:" + job.subject,
				UserName: job.subject, IdentityProvider: "arn:aws:iam::666677778888:oidc-provider/token.actions.githubusercontent.com",
			}, "AssumeRoleWithWebIdentity", ip, agent, home, c, map[string]any{"durationSeconds": 3600})
			at = at.Add(time.Minute)
			if job.role == "github-plan" {
				for range 2 {
					m.call(at, c, plans)
				}
				continue
			}
			targets := []string{"111122223333", "444455556666", "777788889999", "888899990000", "343434343434", "121212121212"}
			account := targets[(run+day.Day())%len(targets)]
			d := m.in(m.roles(account)["DeploymentRole"], fmt.Sprintf("deploy-%d", 4000+day.Day()*10+run), at, false)
			d.ip, d.agent = c.ip, c.agent
			m.assumed(at, c.identity, "AssumeRole", c.ip, c.agent, home, d, nil)
			for range 6 {
				m.call(at.Add(time.Duration(m.IntN(900))*time.Second), d, deploys)
			}
		}
	}
}

// vendors take their role with an external ID, from an account of their own.
func (m *month) vendors(day time.Time) {
	role := m.roles("888899990000")["IdentityCheckProvider"]
	for range 2 * m.scale {
		at := m.moment(day, 0, 24)
		c := m.in(role, "identity-check", at, false)
		m.assumed(at, identity{Type: "AWSAccount", PrincipalID: "AROAEXAMPLEVENDOR001:checks", AccountID: "232323232323"}, "AssumeRole", "192.0.2.30", sdk, home, c, map[string]any{"externalId": "exemplia-kyc-7f3a9c"})
		c.ip, c.agent = "192.0.2.30", sdk
		m.one(at.Add(time.Minute), c, write("kms", "GenerateDataKey", fields{"keySpec": "AES_256"}).on("AWS::KMS::Key", "arn:aws:kms:eu-west-3:888899990000:key/8888aaaa-8888-4888-8888-888888888888").through("s3.amazonaws.com"))
	}
}

// machines are applications, the nightly audit, and services of AWS.
func (m *month) machines(day time.Time) {
	for a := range m.org.Accounts() {
		roles := m.roles(a.ID)
		names := make([]string, 0, len(roles))
		for name := range roles {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list, ok := applications[name]
			if !ok {
				continue
			}
			c := m.in(roles[name], m.hex(16), day, false)
			c.ip, c.agent = fmt.Sprintf("203.0.113.%d", 20+len(a.Name)), sdk
			for range 4 * m.scale {
				m.call(m.moment(day, 0, 24), c, list)
			}
		}
		m.services(day, a.ID)
		if audit, ok := roles["OrganizationAudit"]; ok {
			at := day.Add(2 * time.Hour)
			runner := m.in(m.roles("333344445555")["AuditRunner"], "audit-nightly", at, false)
			c := m.in(audit, "audit-nightly", at, false)
			runner.ip, runner.agent, c.ip, c.agent = "203.0.113.9", sdk, "203.0.113.9", sdk
			m.assumed(at, runner.identity, "AssumeRole", runner.ip, runner.agent, home, c, nil)
			list := audits
			if !m.limited(a.ID) {
				list = slices.Concat(audits, elsewhere)
			}
			for i, one := range list {
				m.one(at.Add(time.Duration(i)*time.Second), c, one)
			}
		}
	}
}

// limited reports whether an SCP keeps the account from most Regions.
func (m *month) limited(account string) bool {
	for _, p := range m.org.Inherited(account, policy.ServiceControl) {
		if p.ID == "p-regionseu1" {
			return true
		}
	}
	return false
}

// services are calls of services of AWS: by themselves, and with their own roles.
func (m *month) services(day time.Time, account string) {
	if account != "111122223333" && account != "777788889999" {
		return
	}
	for range 3 * m.scale {
		c := caller{account: account, ip: "ecs.amazonaws.com", agent: "ecs.amazonaws.com", identity: identity{Type: "AWSService", InvokedBy: "ecs.amazonaws.com"}}
		if m.IntN(2) == 0 {
			a, _ := m.org.Account(account)
			for _, r := range a.Roles {
				if strings.Contains(r.ARN.Resource(), "/aws-service-role/") {
					c = m.in(r, "ECSNetworkInterface", day, false)
					c.ip, c.agent, c.identity.InvokedBy = "ecs.amazonaws.com", "ecs.amazonaws.com", "ecs.amazonaws.com"
				}
			}
		}
		m.call(m.moment(day, 0, 24), c, services)
	}
}

// incidents are what happens once.
func (m *month) incidents(day time.Time, number int) {
	signIn := func(at time.Time, who identity, account, region, ip string, additional map[string]any, response string) {
		m.put(record{
			Identity: who, Time: at, Source: "signin.amazonaws.com", Name: "ConsoleLogin", Region: region, SourceIP: ip, UserAgent: browser, Account: account, Type: "AwsConsoleSignIn",
			Additional: additional, Response: map[string]any{"ConsoleLogin": response},
		})
	}
	switch number {
	case 6: // a root user, in the sandbox
		root := identity{Type: "Root", PrincipalID: "565656565656", ARN: "arn:aws:iam::565656565656:root", AccountID: "565656565656"}
		at := day.Add(21 * time.Hour)
		signIn(at, root, "565656565656", usEast, "198.51.100.200", map[string]any{"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No"}, "Success")
		c := caller{account: "565656565656", ip: "198.51.100.200", agent: browser, console: true, identity: root}
		c.identity.Session = &session{Attributes: attributes{at, "false"}}
		m.one(at.Add(time.Minute), c, read("iam", "GetAccountSummary", nil).in(usEast).denied("with an explicit deny in a service control policy"))
	case 9: // somebody without MFA
		who := identity{Type: "IAMUser", PrincipalID: "AIDAEXAMPLEX7JM267OHR", ARN: "arn:aws:iam::565656565656:user/driss", AccountID: "565656565656", UserName: "driss"}
		signIn(day.Add(10*time.Hour), who, "565656565656", usEast, m.address("driss@exemplia.example", "198.51.100"), map[string]any{"MFAUsed": "No", "LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No"}, "Success")
	case 15, 23: // break-glass: with a ticket, and without
		name := "break-glass-1"
		id, ticket := "AIDAEXAMPLEF654I4LBFT", "INC-20261015-database"
		if number == 23 {
			name, id, ticket = "break-glass-2", "AIDAEXAMPLED7NIITBVMC", "emergency"
		}
		at := day.Add(3 * time.Hour)
		who := identity{Type: "IAMUser", PrincipalID: id, ARN: "arn:aws:iam::999900001111:user/" + name, AccountID: "999900001111", UserName: name}
		signIn(at, who, "999900001111", usEast, "198.51.100.66", map[string]any{"MFAUsed": "Yes", "LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAIdentifier": "u2f-" + name}, "Success")
		who.AccessKey, who.Session = m.temporary(), &session{Attributes: attributes{at, "true"}}
		c := m.in(m.roles("111122223333")["BreakGlassAdministrator"], ticket, at.Add(time.Minute), true)
		c.ip, c.agent, c.console = "198.51.100.66", browser, true
		// The call is recorded in both accounts.
		m.assumed(at.Add(time.Minute), who, "AssumeRole", c.ip, browser, usEast, c, nil)
		m.one(at.Add(3*time.Minute), c, read("ec2", "DescribeInstances", fields{}))
		m.one(at.Add(4*time.Minute), c, write("rds", "RebootDBInstance", fields{"dBInstanceIdentifier": "payments"}))
		if number == 23 {
			m.one(at.Add(5*time.Minute), c, write("cloudtrail", "StopLogging", fields{"name": "arn:aws:cloudtrail:eu-west-3:999900001111:trail/exemplia-org"}).denied("with an explicit deny in a service control policy"))
			m.one(at.Add(6*time.Minute), c, write("guardduty", "DeleteDetector", fields{"detectorId": "12abc34d567e8fa901bc2d34e56789f0"}).denied("with an explicit deny in a service control policy"))
		}
	case 27: // a key that nobody knows, in an administrator's hands
		access, _ := m.instance.Access(m.org, m.instance.Spec().Users[7].ID)
		for _, x := range access {
			if x.Account != "999900001111" || x.Role == (policy.ARN{}) {
				continue
			}
			c := m.in(m.role(x.Role), m.instance.Spec().Users[7].Name, day.Add(9*time.Hour), false)
			c.ip, c.agent, c.console = m.address("hugo@exemplia.example", "198.51.100"), browser, true
			m.one(day.Add(10*time.Hour), c, write("sso", "AttachManagedPolicyToPermissionSet", fields{
				"instanceArn": "arn:aws:sso:::instance/ssoins-6804a1b2c3d4e5f6", "permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-6804a1b2c3d4e5f6/ps-000000000000a005", "managedPolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
			}).in("eu-west-1"))
			m.one(day.Add(11*time.Hour), c, write("iam", "CreateAccessKey", fields{"userName": "break-glass-2"}).in(usEast))
			return
		}
	}
}
