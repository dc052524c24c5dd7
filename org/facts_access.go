package org

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// An AccessReport says when a user, group or role last used the services that its policies
// let it reach (IAM User Guide, “Refine permissions in AWS using last accessed
// information”). For a group it is when any member did. Services that the report does not
// list could not be reached when it was made.
type AccessReport struct {
	AsOf     time.Time // when the report was made; zero: not known
	Services []ServiceUse
}

// A ServiceUse is when a service was last used.
type ServiceUse struct {
	Service string // action prefix, such as "s3"
	Used    Usage
	Actions []ActionUse // of the few services that track them; nil: not known
}

// An ActionUse is when an action was last used.
type ActionUse struct {
	Action policy.Action // such as "s3:PutBucketPolicy"
	Used   Usage
}

// A Finding is one of IAM Access Analyzer about a resource of an account: that somebody
// outside can reach it, or that access is not used.
type Finding struct {
	ID           string
	Analyzer     policy.ARN
	Type         string // "ExternalAccess", "UnusedIAMRole", …; empty: not known
	Resource     policy.ARN
	ResourceType string // such as "AWS::S3::Bucket"
	Status       string // "ACTIVE", "ARCHIVED" or "RESOLVED"
	Public       bool   // anybody has access; false: not, or not known
	Principal    map[string]string
	Actions      []string
	Created      time.Time // zero: not known
	Updated      time.Time // zero: not known
}

func (r *AccessReport) clone() *AccessReport {
	if r == nil {
		return nil
	}
	out := &AccessReport{AsOf: utc(r.AsOf), Services: append([]ServiceUse(nil), r.Services...)}
	for i := range out.Services {
		u := &out.Services[i]
		u.Used = u.Used.utc()
		u.Actions = slices.Clone(u.Actions)
		for j := range u.Actions {
			u.Actions[j].Used = u.Actions[j].Used.utc()
		}
	}
	return out
}

func (r *AccessReport) canonical() {
	if r == nil {
		return
	}
	slices.SortFunc(r.Services, func(a, b ServiceUse) int { return strings.Compare(a.Service, b.Service) })
	for i := range r.Services {
		slices.SortFunc(r.Services[i].Actions, func(a, b ActionUse) int { return cmp.Compare(a.Action, b.Action) })
	}
}

func equalReports(a, b *AccessReport) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.AsOf == b.AsOf && slices.EqualFunc(a.Services, b.Services, func(a, b ServiceUse) bool {
		return a.Service == b.Service && a.Used == b.Used && equalKnown(a.Actions, b.Actions)
	})
}

func cloneFindings(list []Finding) []Finding {
	list = slices.Clone(list)
	for i := range list {
		f := &list[i]
		f.Principal, f.Actions = cloneTags(f.Principal), cloneStrings(f.Actions)
		f.Created, f.Updated = utc(f.Created), utc(f.Updated)
	}
	return list
}

func compareFindings(a, b Finding) int {
	return cmp.Or(a.Analyzer.Compare(b.Analyzer), strings.Compare(a.ID, b.ID))
}

func equalFinding(a, b Finding) bool {
	return a.ID == b.ID && a.Analyzer == b.Analyzer && a.Type == b.Type && a.Resource == b.Resource && a.ResourceType == b.ResourceType &&
		a.Status == b.Status && a.Public == b.Public && maps.Equal(a.Principal, b.Principal) && slices.Equal(a.Actions, b.Actions) &&
		a.Created == b.Created && a.Updated == b.Updated
}

func (d *decoder) accessReport(to **AccessReport) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		r := new(AccessReport)
		d.Object(n, p, "an object, when services were last used",
			form.Member("asOf", d.Time(&r.AsOf)),
			form.Must("services", d.Array(func(n *jsontree.Node, p *form.Path) {
				var u ServiceUse
				d.Object(n, p, "an object, when a service was last used",
					form.Member("service", d.Text(&u.Service)),
					form.Member("used", d.usage(&u.Used)),
					form.Member("actions", form.Known(d.Decoder, &u.Actions, d.actionUse)))
				r.Services = append(r.Services, u)
			})))
		*to = r
	}
}

func (d *decoder) actionUse(n *jsontree.Node, p *form.Path) (u ActionUse) {
	var name string
	d.Object(n, p, "an object, when an action was last used",
		form.Member("action", d.Text(&name)),
		form.Member("used", d.usage(&u.Used)))
	u.Action = policy.Action(name)
	return u
}

func (d *decoder) finding(n *jsontree.Node, p *form.Path) (f Finding) {
	d.Object(n, p, "an object, a finding",
		form.Member("id", d.Text(&f.ID)),
		form.Member("analyzer", d.ARN(&f.Analyzer)),
		form.Member("type", d.Text(&f.Type)),
		form.Member("resource", d.ARN(&f.Resource)),
		form.Member("resourceType", d.Text(&f.ResourceType)),
		form.Member("status", d.Text(&f.Status)),
		form.Member("public", d.Boolean(&f.Public)),
		form.Member("principal", d.Tags(&f.Principal)),
		form.Member("actions", d.Texts(&f.Actions)),
		form.Member("created", d.Time(&f.Created)),
		form.Member("updated", d.Time(&f.Updated)))
	return f
}

func (e *encoder) accessReport(name string, r *AccessReport) {
	if r == nil {
		return
	}
	e.Name(name)
	e.Object(func() {
		e.Time("asOf", r.AsOf)
		form.KnownList(e.Encoder, "services", append([]ServiceUse{}, r.Services...), func(u ServiceUse) {
			e.Object(func() {
				e.Text("service", u.Service)
				e.usage("used", u.Used)
				form.KnownList(e.Encoder, "actions", u.Actions, func(a ActionUse) {
					e.Object(func() {
						e.Text("action", string(a.Action))
						e.usage("used", a.Used)
					})
				})
			})
		})
	})
}

func (e *encoder) finding(f Finding) {
	e.Object(func() {
		e.Text("id", f.ID)
		e.Text("analyzer", f.Analyzer.String())
		e.Text("type", f.Type)
		e.Text("resource", f.Resource.String())
		e.Text("resourceType", f.ResourceType)
		e.Text("status", f.Status)
		e.Flag("public", f.Public)
		e.StringMap("principal", f.Principal)
		e.Texts("actions", f.Actions)
		e.Time("created", f.Created)
		e.Time("updated", f.Updated)
	})
}

func (v *accountValidator) accessReport(p *form.Path, r *AccessReport) {
	if r == nil {
		return
	}
	v.time(p.Member("asOf"), r.AsOf)
	first := make(map[string]int, len(r.Services))
	for i, u := range r.Services {
		at := p.Member("services").At(i)
		v.usage(at.Member("used"), u.Used)
		if v.text(at.Member("service"), u.Service) {
			v.once(p.Member("services"), first, i, u.Service, "service")
		}
		for j, a := range u.Actions {
			v.text(at.Member("actions").At(j).Member("action"), string(a.Action))
			v.usage(at.Member("actions").At(j).Member("used"), a.Used)
		}
	}
}

func (v *accountValidator) finding(p *form.Path, f *Finding) {
	if f.ID == "" {
		v.fail(p.Member("id"), "missing; want the finding's ID")
	} else {
		v.unique(p.Member("id"), thing{"finding of " + f.Analyzer.String(), f.ID}, f.ID)
	}
	v.texts(p, append([]string{f.ID, f.Analyzer.String(), f.Type, f.Resource.String(), f.ResourceType, f.Status}, f.Actions...))
	v.tags(p.Member("principal"), f.Principal)
	v.time(p.Member("created"), f.Created)
	v.time(p.Member("updated"), f.Updated)
}
