package wording

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

// KindName names the kind of a policy in sentences.
func KindName(k policy.Kind) string { return kindNames[k] }

// StageName names the layer in sentences.
func StageName(s simulate.Stage) string { return stageNames[s] }

var gapNames = map[string]string{
	org.GapDocument:         "the document",
	org.GapIdentityPolicies: "an identity policy",
	org.GapBoundary:         "the permissions boundary",
	org.GapResourcePolicy:   "the resource policy",
	org.GapControlPolicies:  "a control policy",
	org.GapTags:             "a tag",
	org.GapKeyManager:       "the key manager",
	org.GapUnlisted:         "what is not listed",
}

// GapName names what a gap is about: "the permissions boundary".
func GapName(what string) string {
	if name, ok := gapNames[what]; ok {
		return name
	}
	return "everything"
}

// policyName is the policy's name as the user knows it: a policy given by a flag has the
// name of its file.
func (w *World) policyName(p simulate.PolicyRef) string {
	if p.Document != nil && p.Document.File() != "" && (w.Org == nil && !w.OwnNames || w.Org != nil && p.Kind == policy.SessionPolicy) {
		return Plain(path.Base(p.Document.File()))
	}
	return Plain(p.Name)
}

// PolicyLabel is kind and name: "SCP deny-regions".
func (w *World) PolicyLabel(p simulate.PolicyRef) string {
	kind := kindNames[p.Kind]
	if w.Org != nil && (p.Kind == policy.ResourceBased || p.Kind == policy.RoleTrust || p.Kind == policy.VPCEndpoint) {
		return kind + " of " + w.policyName(p)
	}
	return kind + " " + w.policyName(p)
}

// StatementLabel is "SCP deny-regions (Sid Outside)".
func (w *World) StatementLabel(r simulate.StatementRef) string {
	return w.PolicyLabel(r.Policy) + " (" + StatementName(r) + ")"
}

// StatementName is "Sid Outside", or "statement 2" of one without a Sid.
func StatementName(r simulate.StatementRef) string {
	if r.SID != "" {
		return "Sid " + Plain(r.SID)
	}
	return fmt.Sprintf("statement %d", r.Index+1)
}

// NodeLabel is a root, OU or account with its ID: "OU Workloads (ou-ab12-11111111)". The
// levels of policies given file by file have no names, only numbers.
func NodeLabel(id, name string) string {
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
	return fmt.Sprintf("%s%s (%s)", kind, Plain(name), id)
}

// Level is the level of SCPs or RCPs at which a policy is attached, "" for other kinds.
func Level(p simulate.PolicyRef) string {
	if p.Node == "" {
		return ""
	}
	return NodeLabel(p.Node, p.NodeName)
}
