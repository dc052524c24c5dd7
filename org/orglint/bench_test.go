package orglint_test

import (
	"fmt"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
)

// large makes an organization of accounts with 20 roles each, below ten OUs with five SCPs
// each. Half of the documents have the same text in every account, but none are shared.
func large(accounts int) *org.Organization {
	document := func(format string, args ...any) *policy.Document {
		return policy.Must(policy.Parse(fmt.Appendf(nil, format, args...)))
	}
	const management = "999900001111"
	full := []string{org.FullAWSAccess}
	s := org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: management,
		Root:     org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: full, Accounts: []string{management}},
		Accounts: []org.Account{{ID: management, Attached: full}},
	}
	for i := range 10 {
		u := org.OU{ID: fmt.Sprintf("ou-ab12-%08d", i), Attached: []string{org.FullAWSAccess}}
		for j := range 4 {
			id := fmt.Sprintf("p-guard%d%d", i, j)
			u.Attached = append(u.Attached, id)
			s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: id, Kind: policy.ServiceControl, Document: document(
				`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/BreakGlass%d"}}},
  {"Effect": "Deny", "Action": ["iam:CreateUser", "iam:CreateAccessKey"], "Resource": "*"}
]}`, j)})
		}
		s.Root.OUs = append(s.Root.OUs, u)
	}
	for i := range accounts {
		id := fmt.Sprintf("1%011d", i)
		a := org.Account{ID: id, Attached: full}
		for j := range 20 {
			a.Roles = append(a.Roles, org.Role{
				ARN:   policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:role/app/Role%d", id, j)),
				Trust: document(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`),
				Inline: []org.InlinePolicy{{Name: "access", Document: document(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], "Resource": "arn:aws:dynamodb:eu-west-1:%[1]s:table/orders-%[2]d"},
  {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:eu-west-1:%[1]s:log-group:/app/role%[2]d:*"},
  {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::%[1]s:role/app/Role%[2]d"}
]}`, id, j)}},
			})
		}
		s.Accounts = append(s.Accounts, a)
		u := &s.Root.OUs[i%10]
		u.Accounts = append(u.Accounts, id)
	}
	o, err := org.New(s)
	if err != nil {
		panic(err)
	}
	return o
}

func BenchmarkOrganization(b *testing.B) {
	for _, accounts := range []int{12, 500} {
		b.Run(fmt.Sprintf("accounts=%d", accounts), func(b *testing.B) {
			o := large(accounts)
			b.ReportAllocs()
			for b.Loop() {
				if len(orglint.Organization(o)) == 0 {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
