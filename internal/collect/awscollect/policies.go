package awscollect

import (
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A Grant says for whom policies are.
type Grant struct {
	Partition    string   // empty: "aws"
	Sections     []string // none: all
	Role         string   // that is assumed in member accounts, with its path
	Collector    string   // ARN of the principal who loads; empty: there is no trust policy
	Organization string   // "o-…"; empty: no condition on it
	ExternalID   string   // empty: none
}

// Policies are what a load needs, and nothing more. One that would allow nothing is nil.
type Policies struct {
	Management *policy.Document // of the collector: its own account, the organization, and AssumeRole
	Member     *policy.Document // of the role in member accounts
	Trust      *policy.Document // of that role
}

// NewPolicies makes the policies from the table that drives a load.
func NewPolicies(g Grant) (*Policies, error) {
	if g.Partition == "" {
		g.Partition = "aws"
	}
	organization := statement("Organization", g.actions(func(s *section) bool { return s.scope == ofOrganization }))
	center := statement("IdentityCenter", g.actions(func(s *section) bool { return s.scope == ofInstance }))
	accounts := statement("Accounts", g.actions((*section).isOfAccounts))
	var assume policy.Statement
	if !accounts.Action.IsZero() {
		assume = policy.Statement{
			SID: "MemberAccounts", Effect: policy.Allow, Action: policy.List("sts:AssumeRole"),
			Resource: policy.List("arn:" + g.Partition + ":iam::*:role/" + g.Role),
		}
	}
	if g.Organization != "" {
		assume.Condition = policy.When("StringEquals", "aws:ResourceOrgID", g.Organization)
	}
	trust := policy.Statement{
		SID: "Collector", Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, g.Collector), Action: policy.List("sts:AssumeRole"),
	}
	if g.Organization != "" {
		trust.Condition = policy.When("StringEquals", "aws:PrincipalOrgID", g.Organization)
	}
	if g.ExternalID != "" {
		trust.Condition = trust.Condition.And("StringEquals", "sts:ExternalId", g.ExternalID)
	}
	var out Policies
	var err error
	if out.Management, err = document(organization, center, accounts, assume); err != nil {
		return nil, err
	}
	if out.Member, err = document(accounts); err != nil {
		return nil, err
	}
	if g.Collector != "" {
		out.Trust, err = document(trust)
	}
	return &out, err
}

// document is a document of the statements that allow something; nil if none does.
func document(list ...policy.Statement) (*policy.Document, error) {
	list = slices.DeleteFunc(list, func(s policy.Statement) bool { return s.Action.IsZero() })
	if len(list) == 0 {
		return nil, nil
	}
	return policy.NewDocument(list...)
}

// statement allows actions. The lists that a load makes take no resource, and what it then
// asks about is whatever is there.
func statement(sid string, actions []string) policy.Statement {
	if len(actions) == 0 {
		return policy.Statement{}
	}
	return policy.Statement{SID: sid, Effect: policy.Allow, Action: policy.List(actions...), Resource: policy.List("*")}
}

// actions are those of the sections that are asked for, sorted.
func (g Grant) actions(of func(*section) bool) []string {
	var out []string
	for _, s := range sections {
		if !of(s) || !wanted(s, g.Sections, false) {
			continue
		}
		for _, o := range s.operations {
			if o.with == "" || wanted(sectionNamed(o.with), g.Sections, false) {
				out = append(out, o.action)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
