package simulate

import (
	"strings"
)

// serviceControl implements R-SCP-1 to R-SCP-7 (Organizations User Guide, “SCP
// evaluation”). It reports whether a Deny is certain.
func (w *world) serviceControl(d *verdict, t *tracer) bool {
	v := &w.view
	if v.Caller.Account == "" {
		t.rule("R-LAY-3")
		return false
	}
	// R-SCP-6: the root user of a member account is not exempt.
	if w.isManagement(v.Caller.Account) || w.serviceLinked() { // R-SCP-5
		t.rule("R-SCP-5")
		return false
	}
	if w.unknownCaller != "" && w.account == nil {
		d.denies(StageServiceControl, result{deny: maybe})
		d.needs(StageServiceControl, maybe)
		return false
	}
	if w.control != nil {
		*d = *w.control
		return d.deny == yes
	}
	return w.levels(d, StageServiceControl, w.scps, false, t, "R-SCP-1", "R-SCP-2")
}

// levels wants an Allow at every level and no Deny at any. R-SCP-3: a level without SCPs
// allows nothing; no level at all limits nothing.
func (w *world) levels(d *verdict, s Stage, levels []level, implicitAllow bool, t *tracer, lackRule, denyRule string) bool {
	for i := range levels {
		r := levels[i].eval(&w.view)
		if d.denies(s, r) {
			t.rule(denyRule)
			return true
		}
		if implicitAllow {
			continue // R-RCP-1: the full-access RCP is attached everywhere
		}
		if r.allow != yes {
			t.rule(lackRule)
		}
		d.needs(s, r.allow)
	}
	return false
}

// isManagement implements the exemption of the management account.
func (w *world) isManagement(account string) bool {
	if account == "" {
		return false
	}
	if w.env.custom != nil {
		return account == w.env.custom.ManagementAccount
	}
	return account == w.env.org.ManagementAccount()
}

// resourceControl implements R-RCP-1 to R-RCP-6 (Organizations User Guide, “RCP
// evaluation”). It reports whether a Deny is certain.
func (w *world) resourceControl(d *verdict, t *tracer) bool {
	v := &w.view
	switch {
	case w.rcps == nil && w.unknownResource == "":
		return false
	case w.resourceControlSkipped() != "":
		t.rule("R-RCP-2")
		return false
	case w.unknownResource != "" && w.env.accounts[w.owner] == nil:
		d.denies(StageResourceControl, result{deny: maybe})
		return false
	}
	if v.NoResource {
		t.rule("R-RCP-6")
	}
	if rule := w.mayNotReach(); rule != "" {
		t.rule(rule)
		for i := range w.rcps {
			d.denies(StageResourceControl, unlessUnreached(w.rcps[i].eval(v)))
		}
		return false
	}
	return w.levels(d, StageResourceControl, w.rcps, true, t, "R-RCP-1", "R-RCP-1")
}

// resourceControlSkipped says why RCPs do not apply, "" if they do. R-RCP-4: services and
// anonymous callers are not exempt.
func (w *world) resourceControlSkipped() string {
	v := &w.view
	switch {
	case w.reachedByRCPs() == rcpsNever: // R-RCP-3
		return "RCPs do not reach this service"
	case w.isManagement(w.guarded()): // R-RCP-2
		return "resources of the management account are exempt from RCPs"
	case w.serviceLinked():
		return "calls of service-linked roles are exempt from RCPs"
	case w.target != nil && w.target.awsManaged && w.service == kmsService:
		return "AWS managed KMS keys are exempt from RCPs"
	case w.service == kmsService && strings.EqualFold(v.Name, "RetireGrant"):
		return "kms:RetireGrant is exempt from RCPs"
	case w.trusts() && v.Resource[2] == "iam" && isServiceLinked(v.Resource[5]):
		return "service-linked roles are exempt from RCPs"
	}
	return ""
}

// unknownReach reports whether the service facts do not tell if RCPs reached the service
// on the day that they are asked for (R-RCP-3).
func (w *world) unknownReach() bool { return w.reachedByRCPs() == rcpsPerhaps }

// mayNotReach is the rule by which it is not known whether RCPs reach the request, or "".
func (w *world) mayNotReach() string {
	switch {
	case w.unknownManager() != "":
		return "R-RCP-2"
	case w.unknownReach():
		return "R-RCP-3"
	}
	return ""
}

// unknownManager is the gap, or the key that nothing lists, because of which it is not known
// whether RCPs leave a KMS key alone since AWS manages it (R-RCP-2), or "".
func (w *world) unknownManager() string {
	switch {
	case w.service != kmsService || w.env.custom != nil:
		return ""
	case w.target != nil:
		return w.target.managerGap
	case strings.HasPrefix(w.view.Resource[5], "key/"):
		return w.unknownResource
	}
	return ""
}

// An rcpReach says whether RCPs reach the service of a request.
type rcpReach uint8

const (
	rcpsUnasked rcpReach = iota
	rcpsNever
	rcpsPerhaps
	rcpsAlways
)

func (w *world) reachedByRCPs() rcpReach {
	if w.rcpReach == rcpsUnasked {
		switch supports, known := w.env.facts.SupportsRCP(w.view.Service); {
		case !known:
			w.rcpReach = rcpsPerhaps
		case supports:
			w.rcpReach = rcpsAlways
		default:
			w.rcpReach = rcpsNever
		}
	}
	return w.rcpReach
}

// unlessUnreached is what a level of RCPs says if they may not reach the service.
func unlessUnreached(r result) result {
	r.deny = min(r.deny, maybe)
	return r
}

// guarded is the account whose RCPs apply: the resource's, or for an action without
// resource types the caller's (R-RCP-6). In an organization these are requests that name no
// resource. One that names a resource keeps the RCPs of its account, even if the service
// reference has no resource types for the action: AWS may have added some since.
func (w *world) guarded() string {
	if w.env.custom != nil && w.env.custom.WildcardOnly {
		return w.view.Caller.Account
	}
	return w.owner
}
