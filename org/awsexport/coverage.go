package awsexport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
)

// sections are those of an account.
var sections = []string{sectionIAM, sectionCredentials, sectionProviders, "s3", "sqs", "sns", "kms", "lambda", "secretsmanager", "ecr", sectionTrails}

// lists are the operations without which it is not known what else there is of a section.
var lists = map[string][]string{
	sectionOrganization:  {"organizations:DescribeOrganization", "organizations:ListRoots", "organizations:ListAccounts"},
	sectionPolicies:      {"organizations:ListPolicies"},
	sectionIAM:           {authorizationDetails},
	sectionCredentials:   {"iam:GetCredentialReport", "iam:GetAccountSummary", "iam:GetAccountPasswordPolicy"},
	sectionProviders:     {"iam:ListSAMLProviders", "iam:ListOpenIDConnectProviders"},
	sectionCenter:        {"sso:ListPermissionSets"},
	sectionIdentityStore: {"identitystore:ListUsers", "identitystore:ListGroups"},
	sectionTrails:        {"cloudtrail:DescribeTrails"},
	sectionFindings:      {"accessanalyzer:ListAnalyzers"},
	"s3":                 {"s3:ListBuckets"}, "sqs": {"sqs:ListQueues"}, "sns": {"sns:ListTopics"}, "kms": {"kms:ListKeys"}, "lambda": {"lambda:ListFunctions"},
	"secretsmanager": {"secretsmanager:ListSecrets"}, "ecr": {"ecr:DescribeRepositories"},
}

// unlistedUnit takes down which lists of a unit the export does not have: what there is of a
// section is not known by answers about single things.
func (s *state) unlistedUnit(u unitKey) {
	var missing []string
	for _, key := range lists[u.section] {
		op, account := operations[key], u.account
		if op.global {
			account = ""
		}
		said := slices.ContainsFunc(s.problems[u], func(why string) bool {
			return strings.HasPrefix(why, op.command()+" ") || strings.HasPrefix(why, op.command()+":")
		})
		if !said && !slices.ContainsFunc(s.callsTo(key, account), func(k callKey) bool { return !op.regional || k.region == u.region }) {
			missing = append(missing, op.command())
		}
	}
	if len(missing) > 0 {
		s.problem(u, strings.Join(missing, " and ")+" not in the export")
	}
}

// cover makes the coverage: the units of the export's own record, and those that its files
// amount to. A unit is not Complete if one of its calls is not.
func (s *state) cover() {
	seen := make(map[unitKey]bool)
	for _, op := range sorted(operations) {
		o := operations[op]
		for _, k := range s.callsTo(op, "") {
			u := unitKey{k.account, k.region, o.section}
			if o.global {
				u = s.globalUnit(o.section)
			}
			seen[u] = true
			if reason, ok := s.known(k); !ok {
				s.problem(u, reason)
			}
		}
	}
	for u := range seen {
		if _, ok := s.units[u]; !ok {
			s.unlistedUnit(u)
		}
	}
	for u := range s.problems {
		seen[u] = true
	}
	covered := make(map[[2]string]bool)
	for k, u := range s.units {
		if list := s.problems[k]; len(list) > 0 && (u.State == org.Complete || u.State == org.Unknown) {
			u.State, u.Reason = org.Partial, reasons(list)
		}
		if u.State != org.Complete && u.Reason == "" {
			u.Reason = "no reason was given"
		}
		covered[[2]string{u.Account, u.Section}] = true
		s.spec.Coverage = append(s.spec.Coverage, u)
		delete(seen, k)
	}
	for u := range seen {
		unit := org.Unit{Account: u.account, Region: u.region, Section: u.section, State: org.Complete}
		if list := s.problems[u]; len(list) > 0 {
			unit.State, unit.Reason = org.Partial, reasons(list)
		}
		covered[[2]string{u.account, u.section}] = true
		s.spec.Coverage = append(s.spec.Coverage, unit)
	}
	s.coverGlobal(covered)
	for i := range s.spec.Accounts {
		id := s.spec.Accounts[i].ID
		for _, section := range sections {
			if !covered[[2]string{id, section}] {
				s.spec.Coverage = append(s.spec.Coverage, org.Unit{Account: id, Section: section, State: org.Unknown, Reason: "not in the export"})
			}
		}
	}
}

// coverGlobal says of what is about the whole organization whether it is in the export at all.
func (s *state) coverGlobal(covered map[[2]string]bool) {
	for _, section := range []string{sectionOrganization, sectionPolicies, sectionCenter, sectionIdentityStore} {
		u := s.globalUnit(section)
		has := covered[[2]string{u.account, section}] || len(s.unitsOf("", section)) > 0
		if has {
			continue
		}
		unit := org.Unit{Account: u.account, Section: section, State: org.Unknown, Reason: "not in the export"}
		if s.spec.Root.ID == "" && (section == sectionOrganization || section == sectionPolicies) {
			unit.State, unit.Reason = org.Absent, "there is no organization"
		}
		s.spec.Coverage = append(s.spec.Coverage, unit)
	}
}

// globalUnit is the unit of a section that is about the whole organization.
func (s *state) globalUnit(section string) unitKey { return unitKey{s.owner(section), "", section} }

// owner is the account whose state a section of the whole organization is.
func (s *state) owner(section string) string { return firstText(s.speaker[section], s.org.management) }

func reasons(list []string) string {
	const most = 3
	text := strings.Join(list[:min(len(list), most)], "; ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
