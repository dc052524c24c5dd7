package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// kindNames name the kinds of policies in sentences.
var kindNames = map[policy.Kind]string{
	policy.IdentityBased:       "identity policy",
	policy.ResourceBased:       "resource policy",
	policy.RoleTrust:           "trust policy",
	policy.PermissionsBoundary: "permissions boundary",
	policy.SessionPolicy:       "session policy",
	policy.ServiceControl:      "SCP",
	policy.ResourceControl:     "RCP",
	policy.VPCEndpoint:         "endpoint policy",
}

// stageNames name the layers in sentences.
var stageNames = map[simulate.Stage]string{
	simulate.StageServiceRule:       "service rule",
	simulate.StageServiceControl:    "service control policies",
	simulate.StageResourceControl:   "resource control policies",
	simulate.StageResourcePolicy:    "resource policy",
	simulate.StageIdentityPolicy:    "identity policies",
	simulate.StageBoundary:          "permissions boundary",
	simulate.StageSessionPolicy:     "session policies",
	simulate.StageEndpointPolicy:    "VPC endpoint policy",
	simulate.StageBlockPublicAccess: "S3 Block Public Access",
}

var gapNames = map[string]string{
	org.GapDocument:         "the document",
	org.GapIdentityPolicies: "an identity policy",
	org.GapBoundary:         "the permissions boundary",
	org.GapResourcePolicy:   "the resource policy",
	org.GapControlPolicies:  "a control policy",
	org.GapTags:             "a tag",
}

func gapName(what string) string {
	if name, ok := gapNames[what]; ok {
		return name
	}
	return "everything"
}

// policyName is the policy's name as the user knows it: a policy given by a flag has the
// name of its file.
func (w *world) policyName(p simulate.PolicyRef) string {
	if p.Document != nil && p.Document.File() != "" && (w.org == nil || p.Kind == policy.SessionPolicy) {
		return plain(path.Base(p.Document.File()))
	}
	return plain(p.Name)
}

// policyLabel is kind and name: "SCP deny-regions".
func (w *world) policyLabel(p simulate.PolicyRef) string {
	kind := kindNames[p.Kind]
	if w.org != nil && (p.Kind == policy.ResourceBased || p.Kind == policy.RoleTrust || p.Kind == policy.VPCEndpoint) {
		return kind + " of " + w.policyName(p)
	}
	return kind + " " + w.policyName(p)
}

// statementLabel is "SCP deny-regions (Sid Outside)".
func (w *world) statementLabel(r simulate.StatementRef) string {
	return w.policyLabel(r.Policy) + " (" + statementName(r) + ")"
}

func statementName(r simulate.StatementRef) string {
	if r.SID != "" {
		return "Sid " + plain(r.SID)
	}
	return fmt.Sprintf("statement %d", r.Index+1)
}

// place is file:line:column, "" for a document that comes from no file, such as
// FullAWSAccess where a snapshot does not list it.
func (w *world) place(r simulate.StatementRef) string {
	at := r.Position()
	if !at.IsValid() || r.Policy.Document.File() == "" {
		return ""
	}
	return printable(w.file(r.Policy.Document)) + ":" + at.String()
}

// nodeLabel is a root, OU or account with its ID: "OU Workloads (ou-ab12-11111111)". The
// levels of policies given file by file have no names, only numbers.
func nodeLabel(id, name string) string {
	kind := "level "
	switch {
	case strings.HasPrefix(id, "r-"):
		return fmt.Sprintf("root (%s)", id)
	case strings.HasPrefix(id, "ou-"):
		kind = "OU "
	case policy.IsAccountID(id):
		kind = "account "
	case strings.HasPrefix(id, "vpce-"):
		return id
	default:
		var n int
		if _, err := fmt.Sscanf(id[strings.IndexByte(id, '[')+1:], "%d]", &n); err == nil {
			return fmt.Sprintf("level %d", n+1)
		}
	}
	if name == "" || name == id {
		return kind + id
	}
	return fmt.Sprintf("%s%s (%s)", kind, plain(name), id)
}

// levelOf is the level of SCPs or RCPs at which a policy is attached, "" for other kinds.
func levelOf(p simulate.PolicyRef) string {
	if p.Node == "" {
		return ""
	}
	return nodeLabel(p.Node, p.NodeName)
}
