package simulate

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// serviceOwned reports whether a service refuses the request whatever the policies say.
func (w *world) serviceOwned(t *tracer) bool {
	v := &w.view
	if !strings.EqualFold(v.Service, "iam") && !strings.EqualFold(v.Service, "sts") && !strings.EqualFold(v.Service, "kms") {
		return false
	}
	service, name := strings.ToLower(v.Service), strings.ToLower(v.Name)
	switch {
	case v.Caller.Account != "" && service == "sts" && (name == "assumerolewithsaml" || name == "assumerolewithwebidentity"):
		t.rule("R-STS-3") // the caller is a token, not a principal
		return true
	case v.Caller.Kind == policy.FederatedUser && (service == "iam" || service == "sts"):
		t.rule("R-SES-5")
		return true
	case service == "sts" && (v.Caller.Kind == policy.Role || v.Caller.Kind == policy.RoleSession) &&
		(name == "getsessiontoken" || name == "getfederationtoken"):
		t.rule("R-SES-6")
		return true
	case v.NoResource:
		return false
	case service == "iam" && v.Resource[2] == "iam" && v.Resource[4] == "aws" && awsPolicyActions[name]:
		t.rule("R-SPC-6")
		return strings.HasPrefix(v.Resource[5], "policy/")
	case service == "iam" && v.Resource[2] == "iam" && reservedRoleActions[name]:
		if strings.HasPrefix(v.Resource[5], "role/aws-reserved/") {
			t.rule("R-SPC-6")
			return true
		}
	case service == "kms" && v.Resource[2] == "kms" && (name == "createalias" || name == "deletealias" || name == "updatealias"):
		if strings.HasPrefix(v.Resource[5], "alias/aws/") {
			t.rule("R-SPC-7")
			return true
		}
	}
	return false
}

var awsPolicyActions = set("createpolicy", "createpolicyversion", "deletepolicy", "deletepolicyversion",
	"setdefaultpolicyversion", "tagpolicy", "untagpolicy")

var reservedRoleActions = set("attachrolepolicy", "createrole", "createservicelinkedrole", "deleterole",
	"deleterolepermissionsboundary", "deleterolepolicy", "deleteservicelinkedrole", "detachrolepolicy", "passrole",
	"putrolepermissionsboundary", "putrolepolicy", "tagrole", "untagrole", "updateassumerolepolicy", "updaterole",
	"updateroledescription")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
