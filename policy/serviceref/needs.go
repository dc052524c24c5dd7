package serviceref

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// Fits reports whether the ARN, or one that it matches as a pattern, can be of one of the
// action's resource types. AWS authorises no action on a resource that does not fit; an
// action without resource types is authorised on every resource, *, and none fits it.
func (a ActionInfo) Fits(resource policy.ARN) bool {
	if a.WildcardOnly() || !resource.IsValid() {
		return false
	}
	text := resource.String()
	for r := range a.Resources() {
		if r.Type.Takes(text) {
			return true
		}
	}
	return false
}

// Missing lists the required resource types of the action for which none of the resources
// is left, each standing for one type that its ARN can be of; sorted by name. A call is
// authorised on a resource of each of them (R-RSC-6; IAM User Guide, “IAM JSON policy
// elements: Condition operators”, on ec2:RunInstances): with some missing it is not known to
// be allowed. Nothing missing is no promise: a call may name resources of other types
// besides, and the marks are those of [Reference.Date]. An ARN with a wildcard names no
// resource and stands for no type.
func (a ActionInfo) Missing(resources ...policy.ARN) []ResourceInfo {
	var types []ResourceInfo
	for t := range a.Resources() {
		if t.Required {
			types = append(types, t.Type)
		}
	}
	if len(types) == 0 {
		return nil
	}
	fits := make([][]bool, len(resources)) // by type
	for i, arn := range resources {
		fits[i] = make([]bool, len(types))
		if text := arn.String(); arn.IsValid() && !strings.ContainsAny(text, "*?") {
			for t := range types {
				fits[i][t] = types[t].Takes(text)
			}
		}
	}
	// A maximum matching: ARNs may fit several types.
	of := make([]int, len(resources)) // type+1 that a resource stands for
	var place func(t int, tried []bool) bool
	place = func(t int, tried []bool) bool {
		for i := range resources {
			if tried[i] || !fits[i][t] {
				continue
			}
			tried[i] = true
			if of[i] == 0 || place(of[i]-1, tried) {
				of[i] = t + 1
				return true
			}
		}
		return false
	}
	var missing []ResourceInfo
	for t := range types {
		if !place(t, make([]bool, len(resources))) {
			missing = append(missing, types[t])
		}
	}
	return missing
}
