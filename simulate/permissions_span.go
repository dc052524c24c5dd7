package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A span is a set of resources that a pattern describes: its six parts, or everything,
// requests without a resource included.
type span struct {
	all   bool
	parts [6]glob.Symbols
}

// spanOf reads a value of a Resource element. Variables that the principal has are put in;
// others are a star, so that the span may hold more than the pattern matches. So it is with
// short ARNs, which some kinds of policies do not take (R-RSC-7).
func (s *survey) spanOf(text string, v policy.Version) span {
	if text != "" && strings.Trim(text, "*") == "" {
		return span{all: true}
	}
	mode := glob.Mode(0)
	if v == policy.Version2012 {
		mode = glob.Variables
	}
	parts, n := glob.SplitARN(text, mode)
	for i := n; i < 6; i++ {
		parts[i] = "*"
	}
	var out span
	for i, part := range parts {
		p := glob.Compile(part, mode|glob.Wildcards)
		out.parts[i] = p.Symbols(s.variable)
	}
	return out
}

// variable is the value of a policy variable that does not depend on the request.
func (s *survey) variable(v glob.Variable) (string, bool) { return s.base.variable(v) }

// variable is the value of a policy variable that does not depend on the request.
func (w *world) variable(v glob.Variable) (string, bool) {
	ref := engine.NewKeyRef(v.Key)
	val, given := w.view.Given.Value(&ref)
	if !given {
		name := strings.ToLower(v.Key)
		if !strings.HasPrefix(name, "aws:principal") && name != "aws:username" && name != "aws:userid" {
			return "", false
		}
		val = w.view.Key(&ref)
	}
	switch {
	case val.State == engine.Known && !val.Multi && len(val.Values) == 1:
		return val.Values[0], true
	case val.State == engine.Absent && v.HasDefault:
		return v.Default, true
	}
	return "", false
}

func literalSpan(arn string) span {
	parts, _ := glob.SplitARN(arn, 0)
	var out span
	for i, part := range parts {
		out.parts[i] = glob.Literal(part)
	}
	return out
}

// below is everything that lies below a resource, behind the separator.
func below(a policy.ARN, separator string) span {
	out := literalSpan(a.String())
	star := glob.Compile("*", glob.Wildcards)
	out.parts[5] = slices.Concat(glob.Literal(a.Resource()+separator), star.Symbols(nil))
	return out
}

// String is the span as a document of version 2012-10-17 writes it.
func (p span) String() string {
	if p.all {
		return "*"
	}
	texts := make([]string, len(p.parts))
	for i := range p.parts {
		texts[i] = p.parts[i].String()
	}
	return strings.Join(texts, ":")
}

// includes reports whether p holds all of q. It may fail to see it, except for an ARN.
func (p span) includes(q span) bool {
	if p.all || q.all {
		return p.all
	}
	for i := range p.parts {
		if !p.parts[i].Includes(q.parts[i]) {
			return false
		}
	}
	return true
}

// intersect lists spans that together are what p and q have in common. It reports false if
// these are too many.
func (p span) intersect(q span) ([]span, bool) {
	switch {
	case p.includes(q):
		return []span{q}, true
	case q.includes(p):
		return []span{p}, true
	}
	out := []span{{}}
	for _, i := range [6]int{2, 5, 4, 3, 1, 0} {
		list, ok := p.parts[i].Intersect(q.parts[i])
		if !ok {
			return nil, false
		}
		var next []span
		for _, o := range out {
			for _, part := range list {
				o.parts[i] = part
				next = append(next, o)
			}
		}
		if out = next; len(out) == 0 {
			return nil, true
		}
	}
	return out, len(out) <= 64
}

// mostSpans bounds the patterns that are told apart for one action.
const mostSpans = 256

// A family is a set of spans that tells apart all resources that different statements
// match. What two spans have in common is a span of it, too, unless the same statements
// match all three.
type family struct {
	list    []span
	texts   map[string]bool
	marks   []mark
	matched map[string]string // by text of a span
	// tangled: it would take too many spans, so some of them overlap.
	tangled bool
}

// A mark says that something of its own, such as a statement, is about a span.
type mark struct {
	span span
	id   int
}

// mark adds a span that something is about.
func (f *family) mark(p span, id int) {
	f.marks = append(f.marks, mark{p, id})
	f.matched = map[string]string{}
}

// alone marks a span that is not like any other.
func (f *family) alone(p span) { f.mark(p, -1-len(f.marks)) }

// about tells spans apart that different marks hold.
func (f *family) about(p span, text string) string {
	out, ok := f.matched[text]
	if ok {
		return out
	}
	var ids []int
	for _, m := range f.marks {
		if m.span.includes(p) {
			ids = append(ids, m.id)
		}
	}
	slices.Sort(ids)
	out = fmt.Sprint(slices.Compact(ids))
	f.matched[text] = out
	return out
}

// complete adds all marked spans, and what they have in common.
func (f *family) complete() {
	if f.texts == nil {
		f.texts = map[string]bool{}
	}
	for _, m := range f.marks {
		f.add(m.span)
	}
	f.list = slices.DeleteFunc(f.list, func(p span) bool { return f.needless(p) })
}

// needless reports whether a wider span of the family says the same.
func (f *family) needless(p span) bool {
	text := p.String()
	about := f.about(p, text)
	return slices.ContainsFunc(f.list, func(q span) bool {
		other := q.String()
		return other != text && q.includes(p) && f.about(q, other) == about && (!p.includes(q) || other < text)
	})
}

// add adds a span, and what it has in common with others.
func (f *family) add(p span) {
	todo := []span{p}
	for len(todo) > 0 {
		p, todo = todo[0], todo[1:]
		text := p.String()
		if f.texts[text] {
			continue
		}
		f.texts[text] = true
		if f.needless(p) {
			continue
		}
		if len(f.list) >= mostSpans {
			f.tangled = true
			return
		}
		about := f.about(p, text)
		for _, q := range f.list {
			if f.about(q, q.String()) == about || p.includes(q) || q.includes(p) {
				continue
			}
			common, ok := p.intersect(q)
			f.tangled = f.tangled || !ok
			todo = append(todo, common...)
		}
		f.list = append(f.list, p)
	}
}

// A sample is a request's resource that stands for all of a span that no narrower span of
// its family holds.
type permissionSample struct {
	arn        policy.ARN // zero: no resource
	class      string
	openRegion bool // the span does not say in which region it is
	format     *format
}

// regions are some of each partition, the likely ones first.
var regions = map[string][]string{
	"aws":        {"eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2", "eu-central-1", "eu-west-3", "sa-east-1", "ca-central-1", "af-south-1", "me-south-1", "il-central-1"},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
	"aws-us-gov": {"us-gov-west-1", "us-gov-east-1"},
}

// samples lists a sample of the span for each form of resource that the action has; those
// of narrower spans are left out.
func (s *survey) samples(a *knownAction, p span, among []span) []permissionSample {
	if a.info.IsValid() && len(a.kinds.formats) == 0 {
		if p.all {
			return []permissionSample{{class: "none"}}
		}
		return nil
	}
	var out []permissionSample
	done := map[string]bool{} // formats of one class and text
	for i := range a.kinds.formats {
		f := &a.kinds.formats[i]
		common, _ := p.intersect(f.span)
		for _, q := range common {
			if key := f.class + " " + q.String(); !done[key] {
				done[key] = true
				out = s.fill(out, q, p, f, a, among)
			}
		}
	}
	if !a.info.IsValid() {
		anything := span{parts: [6]glob.Symbols{glob.Literal("arn"), star, star, star, star, star}}
		common, _ := p.intersect(anything)
		for _, q := range common {
			out = s.fill(out, q, p, nil, a, among)
		}
	}
	if p.all && !a.kinds.required && !strings.EqualFold(a.name.Service(), "sts") {
		out = append(out, permissionSample{class: "none"})
	}
	return out
}

var star = func() glob.Symbols {
	p := glob.Compile("*", glob.Wildcards)
	return p.Symbols(nil)
}()

// fill adds a sample of q, a part of p: unusual characters in place of wildcards, the
// principal's account and partition, and an existing region. One of each class is enough.
func (s *survey) fill(out []permissionSample, q, p span, f *format, a *knownAction, among []span) []permissionSample {
	class := "unknown"
	if f != nil {
		class = f.class
	}
	if slices.ContainsFunc(out, func(o permissionSample) bool { return o.class == class }) {
		return out
	}
	choices := append(slices.Clip(regions[s.partition]), "xx-none-1")
	open := !q.parts[3].IsLiteral()
	if !open {
		choices = []string{""}
	}
	for _, unusual := range []rune{'ʬ', 'ɸ', 'ʘ'} {
		for _, region := range choices {
			text := s.text(q, region, unusual, a)
			literal := literalSpan(text)
			if !p.includes(literal) || slices.ContainsFunc(among, func(n span) bool { return n.includes(literal) && !n.includes(p) }) {
				continue
			}
			arn, err := policy.ParseARN(text)
			if err == nil && (f == nil || f.names(arn) && f.typ.Takes(text)) {
				return append(out, permissionSample{arn, class, open, f})
			}
		}
		if q.literal() {
			break
		}
	}
	return out
}

// names reports whether the ARN has a region and an account if the format has.
func (f *format) names(a policy.ARN) bool {
	return (a.Region() != "" || f.span.parts[3].IsLiteral()) && (a.AccountID() != "" || f.span.parts[4].IsLiteral())
}

// literal reports whether the span is one ARN.
func (p span) literal() bool {
	return !p.all && !slices.ContainsFunc(p.parts[:], func(s glob.Symbols) bool { return !s.IsLiteral() })
}

// text is an ARN of the span.
func (s *survey) text(q span, region string, unusual rune, a *knownAction) string {
	token := func(i int) string { return string(unusual) + "9qzxvjkwq4xzj2vqx" + strconv.Itoa(i) + string(unusual) }
	prefer := func(i int, text string) string {
		if q.parts[i].Includes(glob.Literal(text)) {
			return text
		}
		return q.parts[i].Fill(token, unusual)
	}
	account := prefer(4, s.account)
	if account != s.account && !q.parts[4].IsLiteral() {
		missing := 12 - len(q.parts[4].Fill(func(int) string { return "" }, '7'))
		account = q.parts[4].Fill(func(i int) string { return strings.Repeat("7", max(0, missing)*(1-min(i, 1))) }, '7')
	}
	parts := []string{"arn", prefer(1, s.partition), prefer(2, strings.ToLower(a.name.Service())), prefer(3, region), account, q.parts[5].Fill(token, unusual)}
	return strings.Join(parts, ":")
}
