package serviceref

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// withoutResourceAccount lists, by service, the actions whose requests may lack the keys
// aws:ResourceAccount, aws:ResourceOrgID and aws:ResourceOrgPaths; "*" is all of them
// (IAM User Guide, “AWS global condition context keys”, aws:ResourceAccount). The page of 2026
// has all but some: those that delete, reject, disassociate, copy or list, PutRule and its
// like, CreateVolume, and workspaces were on earlier editions, or stand in AWS's policy examples
// for data perimeters as not covered by these keys. They stay: unknown is the safe answer.
var withoutResourceAccount = []struct {
	service string
	actions []string
}{
	{"auditmanager", []string{"UpdateAssessmentFrameworkShare"}},
	{"detective", []string{"AcceptInvitation"}},
	{"ds", []string{"AcceptSharedDirectory"}},
	{"ebs", []string{"*"}},
	{"ec2", []string{
		"AcceptTransitGatewayPeeringAttachment", "AcceptVpcEndpointConnections", "AcceptVpcPeeringConnection",
		"CopyImage", "CopySnapshot", "CreateTransitGatewayPeeringAttachment", "CreateVolume", "CreateVpcEndpoint",
		"CreateVpcPeeringConnection", "DeleteTransitGatewayPeeringAttachment", "DeleteVpcPeeringConnection",
		"RejectTransitGatewayPeeringAttachment", "RejectVpcEndpointConnections", "RejectVpcPeeringConnection",
	}},
	{"es", []string{"AcceptInboundConnection"}},
	{"events", []string{"PutEvents", "PutPartnerEvents", "PutRule", "PutTargets"}},
	{"guardduty", []string{"AcceptAdministratorInvitation"}},
	{"macie2", []string{"AcceptInvitation"}},
	{"route53", []string{
		"AssociateVPCWithHostedZone", "CreateVPCAssociationAuthorization", "DeleteVPCAssociationAuthorization",
		"DisassociateVPCFromHostedZone", "ListHostedZonesByVPC",
	}},
	{"securityhub", []string{"AcceptAdministratorInvitation"}},
	{"workspaces", []string{"*"}},
}

// MayLackResourceAccount reports whether requests of the action may come without
// aws:ResourceAccount, aws:ResourceOrgID and aws:ResourceOrgPaths, so that they do not
// follow from the resource. Case does not matter. The list is on the safe side: AWS
// names the actions of some of these services one by one.
func (r *Reference) MayLackResourceAccount(a policy.Action) bool {
	service := a.Service()
	for i := range withoutResourceAccount {
		e := &withoutResourceAccount[i]
		if len(e.service) != len(service) || !strings.EqualFold(e.service, service) {
			continue
		}
		name := a.Name()
		for _, listed := range e.actions {
			if listed == "*" || strings.EqualFold(listed, name) {
				return true
			}
		}
	}
	return false
}
