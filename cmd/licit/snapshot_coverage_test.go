package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
)

// A gap is expected where what it is about was skipped, for the reason that it has: one that
// only has the text of a reason in its own is not.
func TestGapsOfSkippedUnits(t *testing.T) {
	unit := func(account, region, section, reason string) org.Unit {
		return org.Unit{Account: account, Region: region, Section: section, State: org.Skipped, Reason: reason}
	}
	const iam, instance = "arn:aws:iam::444455556666:*", "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	for name, tt := range map[string]struct {
		gap  gapJSON
		unit org.Unit
		want bool
	}{
		"same":                    {gapJSON{iam, org.GapUnlisted, "not asked for"}, unit("444455556666", "", "iam", "not asked for"), true},
		"call":                    {gapJSON{"arn:aws:s3:::logs", org.GapResourcePolicy, "get-bucket-policy: not asked for"}, unit("444455556666", "", "s3", "not asked for"), true},
		"call of":                 {gapJSON{"r-ab12", org.GapControlPolicies, "list-policies of type SERVICE_CONTROL_POLICY: not asked for"}, unit("111122223333", "", "organization-policies", "not asked for"), true},
		"accounts":                {gapJSON{"444455556666", org.GapControlPolicies, "not asked for: the accounts may be in an organization"}, unit("111122223333", "", "organization", "not asked for"), true},
		"people":                  {gapJSON{instance, "users", "list-users of the identity store: not asked for"}, unit("111122223333", "", "identity-store", "not asked for"), true},
		"sets":                    {gapJSON{instance, "assignments", "list-permission-sets: not asked for"}, unit("111122223333", "", "identity-center", "not asked for"), true},
		"Regions":                 {gapJSON{"arn:aws:sqs:*:444455556666:*", org.GapUnlisted, "other Regions were not asked for"}, unit("444455556666", "", "sqs", "other Regions were not asked for"), true},
		"Region":                  {gapJSON{"arn:aws:sqs:us-east-1:444455556666:*", org.GapUnlisted, "off"}, unit("444455556666", "us-east-1", "sqs", "off"), true},
		"a letter":                {gapJSON{iam, org.GapUnlisted, "AccessDenied: iam:GetAccountAuthorizationDetails"}, unit("444455556666", "", "iam", "e"), false},
		"a part":                  {gapJSON{iam, org.GapUnlisted, "AccessDenied: iam:GetAccountAuthorizationDetails"}, unit("444455556666", "", "iam", "iam:GetAccountAuthorizationDetails"), false},
		"more":                    {gapJSON{iam, org.GapUnlisted, "not asked for; and cut off"}, unit("444455556666", "", "iam", "not asked for"), false},
		"another account":         {gapJSON{iam, org.GapUnlisted, "not asked for"}, unit("111122223333", "", "iam", "not asked for"), false},
		"another section":         {gapJSON{iam, org.GapUnlisted, "not asked for"}, unit("444455556666", "", "kms", "not asked for"), false},
		"another Region":          {gapJSON{"arn:aws:sqs:us-east-1:444455556666:*", org.GapUnlisted, "off"}, unit("444455556666", "eu-west-3", "sqs", "off"), false},
		"people, not sets":        {gapJSON{instance, "users", "list-users of the identity store: not asked for"}, unit("111122223333", "", "identity-center", "not asked for"), false},
		"policies, not resources": {gapJSON{"p-secret", org.GapDocument, "not asked for"}, unit("111122223333", "", "s3", "not asked for"), false},
	} {
		c := contentsJSON{known: expected(org.Spec{Coverage: []org.Unit{tt.unit}})}
		require.Equal(t, tt.want, c.isExpected([]gapJSON{tt.gap}), name)
	}
}
