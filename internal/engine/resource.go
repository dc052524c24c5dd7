package engine

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

type resourceElement struct {
	absent bool // R-DOC-5: matches every resource
	not    bool
	list   []resourcePattern
}

type resourcePattern struct {
	text       string
	everything bool
	arn        arnPattern
	shortRule  bool // fewer than six parts: R-RSC-7
}

// An arnPattern is six patterns; ok is false for a text that can match nothing.
type arnPattern struct {
	ok    bool
	parts [6]varPattern
}

// A varPattern is a pattern with its variables resolved.
type varPattern struct {
	glob  glob.Pattern
	vars  []KeyRef
	loose *glob.Pattern // with a star for each variable
}

func compilePattern(text string, mode glob.Mode) varPattern {
	p := varPattern{glob: glob.Compile(text, mode)}
	for _, v := range p.glob.Variables() {
		p.vars = append(p.vars, NewKeyRef(v.Key))
	}
	if len(p.vars) > 0 {
		loose := p.glob.Loosened()
		p.loose = &loose
	}
	return p
}

func compileResource(s policy.Statement, k policy.Kind, mode glob.Mode) resourceElement {
	el := resourceElement{absent: s.Resource.IsZero() && s.NotResource.IsZero(), not: !s.NotResource.IsZero()}
	list := s.Resource
	if el.not {
		list = s.NotResource
	}
	for text := range list.All() {
		p := resourcePattern{text: text, everything: text != "" && strings.Trim(text, "*") == ""}
		if !p.everything {
			p.arn, p.shortRule = compileResourceARN(text, k, mode)
		}
		el.list = append(el.list, p)
	}
	return el
}

// compileResourceARN implements R-RSC-2 and, for short ARNs, R-RSC-7 (IAM User Guide,
// “Identify AWS resources with Amazon Resource Names (ARNs)”).
func compileResourceARN(text string, k policy.Kind, mode glob.Mode) (a arnPattern, short bool) {
	parts, n := glob.SplitARN(text, mode)
	if n < 6 {
		switch k {
		case policy.IdentityBased, policy.PermissionsBoundary:
		case policy.ResourceBased, policy.VPCEndpoint:
			if !strings.Contains(text, "*") {
				return a, true
			}
		case policy.ServiceControl:
			if !strings.HasSuffix(text, "*") {
				return a, true
			}
		default:
			return a, true
		}
		for i := n; i < 6; i++ {
			parts[i] = "*"
		}
	}
	// Wildcards stand anywhere, in the resource type too (R-RSC-4), variables in every part
	// (R-RSC-10), and case counts in all of them (R-RSC-8).
	a.ok = true
	for i, part := range parts {
		a.parts[i] = compilePattern(part, mode|glob.Wildcards)
	}
	return a, n < 6
}

// match implements R-RSC-1 and R-RSC-9 (IAM User Guide, “IAM JSON policy elements: Resource”,
// “IAM JSON policy elements: NotResource”).
func (el *resourceElement) match(v *View) Tri {
	if el.absent {
		return Yes
	}
	hit := No
	for i := range el.list {
		if hit = max(hit, el.list[i].match(v)); hit == Yes {
			break
		}
	}
	if el.not {
		return not(hit)
	}
	return hit
}

func (p *resourcePattern) match(v *View) Tri {
	switch {
	case p.everything:
		return Yes
	case v.NoResource || !p.arn.ok:
		return No
	case v.UnknownRegion && !p.arn.parts[3].glob.IsEverything():
		return min(Maybe, p.arn.match(&v.Resource, v, 3))
	}
	return p.arn.match(&v.Resource, v, -1)
}

// match compares part by part, so wildcards cross colons in the last part only (R-RSC-2,
// R-RSC-3); the longest and most telling ones come first. Part skip is taken to match.
func (a *arnPattern) match(parts *[6]string, v *View, skip int) Tri {
	out := Yes
	for _, i := range [6]int{5, 2, 4, 3, 1, 0} {
		if i == skip {
			continue
		}
		if out = min(out, a.parts[i].match(parts[i], v)); out == No {
			return No
		}
	}
	return out
}

func (p *varPattern) match(s string, v *View) Tri {
	if len(p.vars) == 0 {
		return tri(p.glob.Match(s, nil))
	}
	var buf [4]string
	values, state := p.resolve(v, buf[:0])
	switch state {
	case Known:
		return tri(p.glob.Match(s, values))
	case Absent:
		return No // R-VAR-5, R-VAR-6: a null value is like nothing
	}
	return min(Maybe, tri(p.loose.Match(s, nil)))
}

// resolve looks up the variables. Absent: one of them is null (R-VAR-3). Unknown: one of
// them may have any value, or none.
func (p *varPattern) resolve(v *View, values []string) ([]string, State) {
	state := Known
	for i := range p.vars {
		val := v.key(&p.vars[i])
		text := ""
		switch {
		case val.State == Known && !val.Multi && len(val.Values) == 1:
			text = val.Values[0] // R-VAR-4: an empty value is empty text
		case (val.State == Unknown || val.State == Present) && !val.Multi:
			state = Unknown
		default:
			def := p.glob.Variables()[i]
			if !def.HasDefault {
				return nil, Absent
			}
			text = def.Default
		}
		values = append(values, text)
	}
	return values, state
}
