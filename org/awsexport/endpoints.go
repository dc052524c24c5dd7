package awsexport

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const sectionEndpoints = "endpoints"

func endpointOperations() []*operation {
	return []*operation{{
		service: "ec2", name: "DescribeVpcEndpoints", section: sectionEndpoints, regional: true, members: []string{"VpcEndpoints"}, sign: []string{"VpcEndpoints"},
		subject: func(*record) string { return "" }, owner: ownerOfEndpoints, read: readEndpoints,
	}}
}

func ownerOfEndpoints(r *record) string {
	list := r.output.get("VpcEndpoints")
	if list.kind() != jsontree.Array {
		return ""
	}
	for v := range list.each() {
		if id := v.get("OwnerId").text(); policy.IsAccountID(id) {
			return id
		}
	}
	return ""
}

// behind are the services, by action prefix, of which an endpoint takes the requests, by the
// names that AWS PrivateLink has for them. Of others it is not known which they are: an
// endpoint of any service.
var behind = map[string]string{
	"s3": "s3", "dynamodb": "dynamodb", "sqs": "sqs", "sns": "sns", "kms": "kms", "kms-fips": "kms", "lambda": "lambda", "secretsmanager": "secretsmanager",
	"ecr": "ecr", "sts": "sts", "logs": "logs", "monitoring": "cloudwatch", "ec2": "ec2", "ssm": "ssm", "events": "events", "execute-api": "execute-api",
}

// serviceBehind is the service of a name such as "com.amazonaws.eu-west-3.ecr.api"; "" if it is
// not known.
func serviceBehind(name string) string {
	parts := strings.Split(name, ".")
	i := slices.IndexFunc(parts, regionName.MatchString)
	if i < 0 || i+1 == len(parts) || slices.Contains(parts, "vpce") {
		return ""
	}
	return behind[parts[i+1]]
}

func readEndpoints(s *state, r *record) {
	a := s.account(r.account)
	for v := range r.output.get("VpcEndpoints").each() {
		typ := v.get("VpcEndpointType").text()
		if state := v.get("State").text(); strings.EqualFold(state, "deleted") || typ != "Gateway" && typ != "Interface" && typ != "" {
			continue // the other types lead to no API of AWS
		}
		e := org.Endpoint{ID: v.get("VpcEndpointId").text(), VPC: v.get("VpcId").text(), Service: serviceBehind(v.get("ServiceName").text()), Gateway: typ == "Gateway"}
		s.once(r, v, e.ID, v.canonical())
		if slices.ContainsFunc(a.Endpoints, func(o org.Endpoint) bool { return o.ID == e.ID }) {
			continue
		}
		var why string
		e.Policy, why = v.get("PolicyDocument").document(policy.VPCEndpoint)
		switch {
		case typ == "":
			why = v.place() + ": there is no VpcEndpointType"
		case e.Policy == nil && e.Service != "": // which all take one
			why = firstText(why, v.place()+": there is no PolicyDocument")
		}
		if why != "" {
			a.gap(e.ID, org.GapResourcePolicy, why)
		}
		a.Endpoints = append(a.Endpoints, e)
	}
}
