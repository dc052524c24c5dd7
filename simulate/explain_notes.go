package simulate

import (
	"strings"

	"github.com/licit-dev/licit/policy/serviceref"
)

func (b *explainer) notes() {
	w, note := b.w, b.note
	b.reference(note)
	if w.env.org != nil && b.x.Request.Resource.IsValid() && w.target == nil && w.unknownResource == "" && !b.managesRole() {
		note("the resource is not in the model: it is taken to belong to account " + w.owner + " and to have no policy")
	}
	if len(w.resource.list) > 0 && w.unlocksBucket() {
		note("no Deny of the bucket's policy keeps the root user of its account from the policy itself")
	}
	if w.foreignObject() {
		note("the object belongs to account " + w.target.owner + ": the bucket policy's Allow statements do not reach it, an ACL may")
	}
}

// reference adds what the service reference says of the action (R-RSC-6). It changes no
// decision: AWS adds actions every week, so one that is not known is decided all the same.
func (b *explainer) reference(note func(string)) {
	facts, action := b.w.env.facts, b.x.Request.Action
	_, collection := facts.Collection(action)
	named := b.x.Request.Resource.IsValid()
	info, known := facts.Action(action)
	if !known {
		text := "the service reference of " + facts.Date() + " does not know " + string(action)
		if similar, ok := facts.SimilarAction(action); ok {
			text += "; did you mean " + string(similar) + "?"
		}
		note(text)
	}
	const none = "no resource is named: only statements about every resource match, and no resource policy, key policy or trust policy has a say"
	switch {
	case !named && !known && !collection:
		note(none)
	case !named && known && !info.WildcardOnly() && !collection:
		note(none + "; " + string(action) + " has the resource types " + resourceTypes(info))
	// A resource of the action's own service is not looked at so closely: that takes longer than
	// all the rest of an explanation.
	case named && known && !info.WildcardOnly() && b.x.Request.Resource.Service() != action.Service() && !info.Fits(b.x.Request.Resource):
		note("the resource is of none of the resource types of " + string(action) + " (" + resourceTypes(info) + "): AWS does not authorise it there")
	case named && known && len(required(info)) > 1:
		note(string(action) + " is authorised on each of the resource types " + strings.Join(required(info), ", ") + ": the call needs a request like this one for each of them")
	case named && known && info.WildcardOnly() && !collection && !b.w.trusts():
		note(string(action) + " has no resource types: AWS authorises it on every resource, *, and not on the one that is named")
	}
}

// resourceTypes lists the first resource types of an action.
func resourceTypes(a serviceref.ActionInfo) string {
	const most = 8
	var names []string
	for r := range a.Resources() {
		if len(names) == most {
			names = append(names, "…")
			break
		}
		names = append(names, r.Type.Name())
	}
	return strings.Join(names, ", ")
}

// required lists the resource types that every call of the action needs (R-RSC-6).
func required(a serviceref.ActionInfo) []string {
	var names []string
	for r := range a.Resources() {
		if r.Required {
			names = append(names, r.Type.Name())
		}
	}
	return names
}

func (b *explainer) managesRole() bool {
	_, ok := b.w.env.resources[b.x.Request.Resource.String()]
	return ok
}
