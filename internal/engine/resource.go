package engine

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

type resourceElement struct {
	always bool // matches every resource: it is absent (R-DOC-5), or nothing but stars is one of its patterns
	not    bool
	list   []resourcePattern
}

// A resourcePattern is a pattern for ARNs, or everything.
type resourcePattern struct {
	everything bool
	arnPattern
}

// A varPattern is a pattern with its variables resolved.
type varPattern struct {
	glob  glob.Pattern
	vars  []KeyRef
	loose *glob.Pattern // with a star for each variable
}

// A compiler makes the patterns of one document. Equal ones are the same: nearly all of
// what ARNs consist of is "arn", "aws" and the like.
type compiler struct {
	*Compiler
	mode glob.Mode
}

func (c *compiler) pattern(text string, mode glob.Mode) *varPattern {
	key := patternKey{text, mode}
	if p := c.patterns[key]; p != nil {
		return p
	}
	p := &varPattern{glob: glob.Compile(text, mode)}
	for _, v := range p.glob.Variables() {
		p.vars = append(p.vars, NewKeyRef(v.Key))
	}
	if len(p.vars) > 0 {
		loose := p.glob.Loosened()
		p.loose = &loose
	}
	c.patterns[key] = p
	return p
}

func (c *compiler) resource(s policy.Statement, k policy.Kind) resourceElement {
	if !s.NotResource.IsZero() {
		return resourceElement{not: true, list: c.resourceList(s.NotResource, k)}
	}
	el := resourceElement{always: s.Resource.IsZero(), list: c.resourceList(s.Resource, k)}
	for i := range el.list {
		el.always = el.always || el.list[i].everything
	}
	return el
}

func (c *compiler) resourceList(list policy.Patterns, k policy.Kind) []resourcePattern {
	key := resourceKey{k, c.mode, textOf(list)}
	out, ok := c.resources[key]
	if ok {
		return out
	}
	out = make([]resourcePattern, 0, list.Len())
	for text := range list.All() {
		p := resourcePattern{everything: text != "" && strings.Trim(text, "*") == ""}
		if !p.everything {
			p.arnPattern = c.resourceARN(text, k)
		}
		out = append(out, p)
	}
	c.resources[key] = out
	return out
}

// resourceARN implements R-RSC-2 and, for short ARNs, R-RSC-7 (IAM User Guide, “Identify
// AWS resources with Amazon Resource Names (ARNs)”).
func (c *compiler) resourceARN(text string, k policy.Kind) arnPattern {
	parts, n := glob.SplitARN(text, c.mode)
	if n < 6 {
		switch k {
		case policy.IdentityBased, policy.PermissionsBoundary:
		case policy.ResourceBased, policy.VPCEndpoint:
			if !strings.Contains(text, "*") {
				return arnPattern{}
			}
		case policy.ServiceControl:
			if !strings.HasSuffix(text, "*") {
				return arnPattern{}
			}
		default:
			return arnPattern{}
		}
		for i := n; i < 6; i++ {
			parts[i] = "*"
		}
	}
	return c.arn(parts)
}

// lead is what every ARN that the element matches begins with.
func (el *resourceElement) lead() string {
	if el.always || el.not || len(el.list) == 0 {
		return ""
	}
	lead := el.list[0].lead
	for i := range el.list {
		n := 0
		for n < len(lead) && n < len(el.list[i].lead) && lead[n] == el.list[i].lead[n] {
			n++
		}
		lead = lead[:n]
	}
	return lead
}

// match implements R-RSC-1 and R-RSC-9 (IAM User Guide, “IAM JSON policy elements: Resource”,
// “IAM JSON policy elements: NotResource”).
func (el *resourceElement) match(v *View) Tri {
	if el.always {
		return Yes
	}
	if v.AnyResource {
		return el.matchAny()
	}
	hit := No
	for i := range el.list {
		p := &el.list[i]
		if n := len(p.lead); n >= 8 && len(v.arn) >= n && load(v.arn[n-8:]) != p.last {
			continue
		}
		if hit = max(hit, p.match(v)); hit == Yes {
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
	case p.shape == noARN || v.NoResource:
		return No
	case v.arn != "":
		return p.arnPattern.match(v.arn, &v.Resource, v)
	case v.UnknownRegion && !p.parts[3].glob.IsEverything():
		return min(Maybe, p.matchParts(&v.Resource, v, 3))
	}
	return p.matchParts(&v.Resource, v, -1)
}

func (p *varPattern) match(s string, v *View) Tri {
	if len(p.vars) == 0 {
		return tri(p.glob.Match(s, nil))
	}
	return p.matchResolved(s, v)
}

func (p *varPattern) matchResolved(s string, v *View) Tri {
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
