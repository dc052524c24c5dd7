package simulate

import (
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// grant is the grant test of evaluation §10 (IAM User Guide, “Policy evaluation logic”,
// “Cross account resource access in IAM”).
func (w *world) grant(d *verdict, resource result, levels levelSet, identity, boundary, session result, t *tracer) {
	v := &w.view
	// R-SES-1, R-BND-1: session policies and boundaries limit identity policies, and grant
	// nothing (IAM User Guide, “Session policies”, “Permissions boundaries for IAM entities”).
	limited := min(boundary.allow, session.allow)
	own := min(identity.allow, limited)
	switch {
	case v.Caller.Kind == policy.WebIdentity: // R-STS-3
		t.rule("R-STS-3")
		if !w.federates() {
			levels.direct = no
		}
		w.granted(d, StageResourcePolicy, levels.direct, resource.allowAt)
	case v.Caller.Account == "": // R-GRT-1: services and anonymous callers
		t.rule("R-GRT-1")
		w.granted(d, StageResourcePolicy, levels.direct, resource.allowAt)
	case w.owner == "": // nobody knows whose the resource is
		d.needs(StageResourcePolicy, maybe)
	case v.Caller.Account != w.owner: // R-GRT-6
		// Neither the principal "*" (R-GRT-8) nor a key (R-KMS-4) nor a role (R-STS-2) is an
		// exception: the caller needs its own side too.
		t.rule("R-GRT-6")
		d.needs(StageIdentityPolicy, identity.allow)
		d.needs(StageBoundary, boundary.allow) // R-BND-2
		d.needs(StageSessionPolicy, session.allow)
		w.granted(d, StageResourcePolicy, levels.any(), resource.allowAt) // R-GRT-7
	default:
		// R-GRT-5: levels.account grants nothing by itself.
		direct := levels.direct              // R-GRT-2
		role := min(levels.session, limited) // R-GRT-3
		usual, usualLack := own, StageNone   // R-GRT-4
		if w.needsAccountGrant() {           // R-KMS-1, R-STS-1
			t.rule("R-GRT-4")
			usual = min(own, levels.account)
			if levels.account < own {
				usualLack = StageResourcePolicy
			}
		}
		switch best := max(direct, role, usual); {
		case best == usual && best != no || best == no:
			stage := StageIdentityPolicy
			if best != yes {
				switch {
				case usualLack != StageNone:
					stage = usualLack
				case identity.allow == usual:
				case boundary.allow == usual:
					stage = StageBoundary
				default:
					stage = StageSessionPolicy
				}
			}
			t.rule("R-GRT-4")
			w.granted(d, stage, best, identity.allowAt)
		default:
			if best == direct {
				t.rule("R-GRT-2")
			} else {
				t.rule("R-GRT-3")
			}
			w.granted(d, StageResourcePolicy, best, resource.allowAt)
		}
	}
}

func (w *world) granted(d *verdict, s Stage, allow engine.Tri, at uint32) {
	d.needs(s, allow)
	if d.allow == yes {
		d.granted, d.grantedAt = s, at
	}
}

// federates reports whether the action is one that a web identity may call.
func (w *world) federates() bool {
	if !w.trusts() {
		return false
	}
	return !strings.EqualFold(w.view.Name, "AssumeRole") && !strings.EqualFold(w.view.Name, "AssumeRoot")
}

// needsAccountGrant implements the flag of R-GRT-4: identity policies count only if the
// resource's own policy hands the decision to the account.
func (w *world) needsAccountGrant() bool {
	v := &w.view
	// R-STS-6: a role that assumes itself is no exception (AWS Security Blog, “Announcing an
	// update to IAM role trust policy behavior”).
	switch {
	case w.assumesRole(): // on whatever: an identity Allow alone never suffices
		return true
	case v.NoResource:
		return false
	case ownRulesOf(v.Resource[2]) == kmsService:
		// R-ROOT-2: for the root user too (KMS Developer Guide, “Key policies in AWS KMS”).
		return strings.HasPrefix(v.Resource[5], "key/") // R-KMS-3: not aliases
	}
	// R-STS-5: any other STS action, or target, follows the ordinary rule.
	return v.Resource[2] == "iam" && w.trusts() && strings.HasPrefix(v.Resource[5], "role/")
}

// blockedAsPublic implements R-SPC-4 (Amazon S3 User Guide, “Blocking public access to
// your Amazon S3 storage”, RestrictPublicBuckets).
func (w *world) blockedAsPublic(t *tracer) bool {
	v := &w.view
	if !w.bucket || w.target == nil || !w.target.blockPublic {
		return false
	}
	if v.Caller.Kind == policy.Service || v.Caller.Account != "" && v.Caller.Account == w.owner {
		return false
	}
	for _, a := range w.resource.list {
		if a.program.Public() {
			t.rule("R-SPC-4")
			return true
		}
	}
	return false
}
