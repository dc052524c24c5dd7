package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

var tamperRules = []rule{
	{
		code: "SCP_TAMPER_INCOMPLETE", typ: SecurityWarning, kinds: serviceControl,
		title: "An SCP that protects a security service leaves ways to switch it off.",
		check: (*checker).checkTamper,
	},
}

// tamperActions are, for each security service, the actions that stop it, blind it or take
// it away from its administrator (the services' own API references): a filter may archive
// findings, a trusted IP list suppresses them, and standards are disabled control by control
// as well. All exist in the service reference of 2026-09-26. The first ones are those by which a
// statement is known to be meant as protection.
var tamperActions = []struct {
	service string
	core    int
	actions []string
}{
	{"cloudtrail", 3, []string{
		"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
		"cloudtrail:PutInsightSelectors", "cloudtrail:DeleteEventDataStore", "cloudtrail:UpdateEventDataStore",
		"cloudtrail:StopEventDataStoreIngestion",
	}},
	{"config", 3, []string{
		"config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel",
		"config:PutConfigurationRecorder", "config:PutDeliveryChannel",
	}},
	{"guardduty", 4, []string{
		"guardduty:DeleteDetector", "guardduty:UpdateDetector", "guardduty:DisassociateFromAdministratorAccount",
		"guardduty:DisassociateFromMasterAccount", "guardduty:StopMonitoringMembers", "guardduty:DeleteMembers",
		"guardduty:DisassociateMembers", "guardduty:CreateFilter", "guardduty:UpdateFilter", "guardduty:CreateIPSet",
		"guardduty:UpdateIPSet",
	}},
	{"securityhub", 3, []string{
		"securityhub:DisableSecurityHub", "securityhub:DisassociateFromAdministratorAccount",
		"securityhub:DisassociateFromMasterAccount", "securityhub:DeleteMembers", "securityhub:DisassociateMembers",
		"securityhub:BatchDisableStandards", "securityhub:UpdateStandardsControl", "securityhub:BatchUpdateStandardsControlAssociations",
		"securityhub:DisableSecurityHubV2",
	}},
}

func (c *checker) checkTamper() {
	for _, t := range tamperActions {
		s := c.protects(t.actions[:t.core])
		if s == nil {
			continue
		}
		var missing []string
		for _, a := range t.actions {
			if !slices.ContainsFunc(c.stmts, func(s *statement) bool { return s.guards(a) }) {
				missing = append(missing, a)
			}
		}
		if len(missing) > 0 {
			c.report(s.node, s.path, "this protects %s, but nothing here denies %s; add them, and protect where the records go (bucket, key, log group) as well", t.service, strings.Join(missing, ", "))
		}
	}
}

// protects is the first Deny statement that names one of the actions, or their service.
func (c *checker) protects(actions []string) *statement {
	for _, s := range c.statements() {
		for _, v := range s.values("Action") {
			if s.effect() == "Deny" && !glob.Everything(v.text) && slices.ContainsFunc(actions, func(a string) bool { return glob.ActionIncludes(v.text, a) }) {
				return s
			}
		}
	}
	return nil
}

// guards reports whether the statement denies the action to everybody but exempt callers.
func (s *statement) guards(action string) bool {
	if s.effect() != "Deny" || !s.reaches(action) {
		return false
	}
	for _, e := range s.conditions() {
		if !negated(e.parts) || !slices.ContainsFunc(exemptions, e.is) {
			return false
		}
	}
	return true
}

// exemptions are the keys by which an SCP spares some callers.
var exemptions = []string{
	"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalTag/", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
	"aws:PrincipalServiceName", "aws:userid",
}
