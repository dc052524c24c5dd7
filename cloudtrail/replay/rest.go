package replay

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// rest are requests on what a call may have been about besides: resources of the types that
// its actions take but do not require, and of which it names none.
func (x *runner) rest(t *Tuple, list []Request) (out []Request) {
	for i := range list {
		r := &list[i]
		if !r.more || slices.ContainsFunc(out, func(q Request) bool { return q.Action == r.Action }) {
			continue
		}
		q := *r
		q.Resource, q.Open, q.Certainty = policy.ARN{}, true, serviceref.Sometimes
		if x.touches(&q) == "" {
			continue
		}
		if q.types = x.calls.otherTypes(t, r.Action, list); len(q.types) > 0 {
			out = append(out, q)
		}
	}
	return out
}

// otherTypes are patterns of the ARNs of the types of an action that no request is about.
func (c *calls) otherTypes(t *Tuple, a policy.Action, list []Request) (out []string) {
	info, ok := c.ref.Action(a)
	if !ok {
		return nil
	}
	_, template := c.parameter(t, "launchTemplate")
	for r := range info.Resources() {
		if slices.ContainsFunc(list, func(q Request) bool { return q.Action == a && r.Type.Takes(named(q.Resource).String()) }) {
			continue
		}
		for f := range r.Type.ARNFormats() {
			kind, _, _ := strings.Cut(f[strings.LastIndexByte(f, ':')+1:], "/")
			if a == "ec2:RunInstances" && !template && !slices.Contains([]string{"subnet", "security-group", "snapshot"}, kind) {
				continue // only these have a default
			}
			out = append(out, formatPattern(f))
		}
	}
	return out
}

// formatPattern is the pattern of the ARNs of a format.
func formatPattern(f string) string {
	for _, v := range append(variables(f), "Partition", "Region", "Account") {
		f = strings.ReplaceAll(f, "${"+v+"}", "*")
	}
	return f
}

// named stands for what has no name yet.
func named(a policy.ARN) policy.ARN {
	if body, ok := strings.CutSuffix(a.String(), "/*"); ok {
		if b, err := policy.ParseARN(body + "/x"); err == nil {
			return b
		}
	}
	return a
}

// reaches reports whether a statement may be about resources of one of the patterns; of none:
// of any resources.
func reaches(s policy.Statement, patterns []string) bool {
	if len(patterns) == 0 || !s.NotResource.IsZero() {
		return true
	}
	for p := range s.Resource.All() {
		if strings.Contains(p, "${") || slices.ContainsFunc(patterns, func(q string) bool { return overlap(p, q) }) {
			return true
		}
	}
	return false
}

// overlap reports whether some ARN matches both patterns, in which * is any text and ? any
// byte. Of two that have all parts of an ARN, each part must.
func overlap(p, q string) bool {
	a, b := strings.SplitN(p, ":", 6), strings.SplitN(q, ":", 6)
	if len(a) < 6 || len(b) < 6 {
		return match(p, q)
	}
	for i := range a {
		if !match(a[i], b[i]) {
			return false
		}
	}
	return true
}

// match reports whether some text matches both patterns.
func match(p, q string) bool {
	can := make([]bool, len(q)+1) // of the rest of p and each rest of q
	for i := len(p); i >= 0; i-- {
		last := slices.Clone(can)
		for j := len(q); j >= 0; j-- {
			switch {
			case i == len(p) && j == len(q):
				can[j] = true
			case i < len(p) && p[i] == '*':
				can[j] = last[j] || j < len(q) && can[j+1]
			case j < len(q) && q[j] == '*':
				can[j] = can[j+1] || i < len(p) && last[j]
			default:
				can[j] = i < len(p) && j < len(q) && (p[i] == q[j] || p[i] == '?' || q[j] == '?') && last[j+1]
			}
		}
	}
	return can[0]
}
