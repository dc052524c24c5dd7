package estate

import (
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// AuditorRole is the role of [Auditor].
const AuditorRole = "arn:aws:iam::111122223333:role/auditor"

// managedByAWS are policies as an audit and operations role has them, two of them the longest
// that AWS offers for people.
var managedByAWS = []string{
	"ReadOnlyAccess", "SecurityAudit", "job-function/ViewOnlyAccess", "IAMReadOnlyAccess", "AWSPartnerLedSupportReadOnlyAccess",
	"AmazonEC2FullAccess", "AmazonS3FullAccess", "AWSLambda_FullAccess", "CloudWatchFullAccessV2", "AmazonSageMakerFullAccess",
}

// Auditor is an organization with one role of interest: it has ten managed policies of AWS
// and a permissions boundary, below three levels of SCPs.
func Auditor() org.Spec {
	s := org.Spec{ID: OrganizationID, Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}}}
	new(maker).tree(&s, 1)
	limit := policy.MustParseARN("arn:aws:iam::111122223333:policy/boundary")
	role := org.Role{ARN: policy.MustParseARN(AuditorRole), Boundary: limit}
	for _, name := range managedByAWS {
		role.Attached = append(role.Attached, policy.MustParseARN("arn:aws:iam::aws:policy/"+name))
	}
	member := org.Account{
		ID: "111122223333", Attached: []string{org.FullAWSAccess}, Roles: []org.Role{role},
		Policies: []org.ManagedPolicy{{ARN: limit, Document: limits()}},
	}
	management := org.Account{ID: accountID(0), Attached: []string{org.FullAWSAccess}}
	s.ManagementAccount = management.ID
	s.Root.OUs[0].OUs[0].Accounts = []string{member.ID}
	s.Accounts = []org.Account{management, member}
	return s
}
