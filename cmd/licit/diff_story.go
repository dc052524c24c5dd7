package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A diffView is a report and how to speak of it.
type diffView struct {
	before, after *world
	files         map[*policy.Document]string // of documents that come from a change
	addresses     map[*policy.Document]string // of documents that come from a Terraform plan
	plan          *planView                   // nil: the change is no Terraform plan
	report        *simulate.Report
	proofs        diffProofs
	regions       []gainedRegions // of the principals of rows
	unproved      int             // more principals of rows
	facts         facts
}

// A story is rows that change for the same reason in the same way.
type story struct {
	kind          simulate.DeltaKind
	example       *simulate.Row
	before, after string // what is required, in words
	when          string // an example of conditions, in words; "" if there is none
	causes        []string
	rows          []*simulate.Row
	lines         []*storyLine
	callers       map[simulate.Outsider]bool
}

// A storyLine is one group of principals in a story.
type storyLine struct {
	principals []policy.Principal
	outside    []simulate.Outsider
	rows       []*simulate.Row // with the same resources, unless there is a reason
	reason     string          // why everything is perhaps allowed; "": it is not so
}

func (l *storyLine) resources() []string { return l.rows[0].Resources }

func (l *storyLine) sampled() bool {
	return slices.ContainsFunc(l.rows, func(r *simulate.Row) bool { return r.Sampled })
}

func (l *storyLine) actions() actionSet { return actionsOfRows(l.rows) }

func actionsOfRows(rows []*simulate.Row) actionSet {
	out := actionSet{}
	for _, r := range rows {
		for _, a := range r.Actions {
			out[strings.ToLower(string(a))] = a
		}
	}
	return out
}

// stories joins the rows, which are sorted, into stories, in the order of their first rows.
func (v *diffView) stories() []*story {
	index := map[string]*story{}
	var out []*story
	for i := range v.report.Rows {
		r := &v.report.Rows[i]
		s := v.story(r)
		key := strings.Join(slices.Concat([]string{s.kind.String(), s.before, s.after, s.when, r.Reason}, s.causes), "\x00")
		if known, ok := index[key]; ok {
			s = known
		} else {
			index[key] = s
			out = append(out, s)
		}
		s.rows = append(s.rows, r)
		for _, c := range callersOf(r) {
			s.callers[c] = true
		}
	}
	for _, s := range out {
		s.group()
		if v.plan != nil {
			v.plan.join(s)
		}
	}
	return out
}

// callersOf are the principals of a row, or its callers from outside.
func callersOf(r *simulate.Row) []simulate.Outsider {
	out := slices.Clone(r.Outside)
	for _, p := range r.Principals {
		out = append(out, simulate.Outsider{Principal: p})
	}
	return out
}

// group makes the lines: principals that have the same rows about the same resources.
func (s *story) group() {
	type place struct {
		caller    simulate.Outsider
		outside   bool
		resources string
	}
	own := map[place][]int{}
	var order []place
	for i, r := range s.rows {
		resources := strings.Join(r.Resources, " ")
		for _, c := range callersOf(r) {
			at := place{c, len(r.Outside) > 0, resources}
			if own[at] == nil {
				order = append(order, at)
			}
			own[at] = append(own[at], i)
		}
	}
	index := map[string]*storyLine{}
	for _, at := range order {
		key := fmt.Sprint(at.outside, own[at])
		l, ok := index[key]
		if !ok {
			l = &storyLine{}
			for _, i := range own[at] {
				l.rows = append(l.rows, s.rows[i])
			}
			index[key] = l
			s.lines = append(s.lines, l)
		}
		if at.outside {
			l.outside = append(l.outside, at.caller)
		} else {
			l.principals = append(l.principals, at.caller.Principal)
		}
	}
	for _, l := range s.lines {
		slices.SortFunc(l.principals, func(a, b policy.Principal) int { return cmp.Compare(a.String(), b.String()) })
	}
	size := func(l *storyLine) (n int) {
		for _, r := range l.rows {
			n += len(r.Actions)
		}
		return n * (len(l.principals) + len(l.outside))
	}
	slices.SortStableFunc(s.lines, func(a, b *storyLine) int { return cmp.Compare(size(b), size(a)) })
}

func (v *diffView) story(r *simulate.Row) *story {
	s := &story{
		kind: r.Kind, example: r, callers: map[simulate.Outsider]bool{},
		before: sideText(v.before, r, r.Before, r.BeforeRequires), after: sideText(v.after, r, r.After, r.AfterRequires),
	}
	keys := r.Gained
	if r.Kind == simulate.DeltaLost {
		keys = r.Lost
	}
	var texts []string
	for _, k := range keys {
		texts = append(texts, keysText(k))
	}
	s.when = strings.Join(texts, ", or ")
	for _, c := range r.Causes {
		s.causes = append(s.causes, v.causeText(c))
	}
	if len(s.causes) == 0 && r.Reason != "" {
		s.causes = []string{r.Reason}
	}
	return s
}

// what are the actions of a line; text is for all but names.
func (l *storyLine) what(f facts, text, code func(string) string) string {
	if l.reason != "" {
		return text("everything perhaps, because " + l.reason)
	}
	return actionsText(f, l.actions(), code)
}

// sideText is a decision in words.
func sideText(w *world, r *simulate.Row, d simulate.Decision, requires simulate.Requirement) string {
	switch {
	case d.Allowed():
		return "allowed"
	case d.Stage == simulate.StageNone && d.Denied():
		return "denied"
	case d.Denied():
		return "denied (" + wording.StageName(d.Stage) + ")"
	}
	if len(requires.Allowed)+len(requires.Possible) == 0 {
		requires = w.Env.Requires(r.Example)
	}
	var out []string
	add := func(word string, list []simulate.Alternative) {
		for _, a := range list {
			if text := wording.AlternativeText(a); text != "" {
				out = append(out, word+text)
			}
		}
	}
	add("allowed if ", requires.Allowed)
	add("perhaps if ", requires.Possible)
	const most = 3
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("in %d more ways", len(out)-most))
	}
	if ownAccount := len(r.Outside) > 0 && r.Outside[0].Type == simulate.CallerExternal; ownAccount {
		out = append(out, "if the caller's own account allows it")
		if len(out) > 1 {
			return strings.Join(out[:len(out)-1], ", or ") + ", and only " + out[len(out)-1]
		}
		return "perhaps, " + out[0]
	}
	if len(out) == 0 {
		return "depends on something unknown (" + wording.StageName(d.Stage) + ")"
	}
	return strings.Join(out, ", or ")
}

// otherValue is what the library tries a key with besides the values of policies.
const otherValue = "licit-sample"

// keysText is "aws:RequestedRegion is eu-central-1".
func keysText(k simulate.Keys) string {
	var out []string
	for name, values := range k.All() {
		switch {
		case len(values) == 1 && values[0] == otherValue:
			out = append(out, plain(name)+" is something else")
		default:
			var shown []string
			for _, v := range values {
				shown = append(shown, strings.ReplaceAll(v, otherValue, "…"))
			}
			out = append(out, plain(name)+" is "+wording.OrList(shown))
		}
	}
	if len(out) == 0 {
		return "keys are absent"
	}
	return strings.Join(out, " and ")
}

// causeText names a statement, and says on which side it stands.
func (v *diffView) causeText(c simulate.Cause) string {
	w, side := v.before, "before"
	if c.After {
		w, side = v.after, "after"
	}
	text := side + ": " + w.StatementLabel(c.Statement)
	if at := v.place(c); at != "" {
		text += ", " + at
	}
	if address := v.addresses[c.Statement.Policy.Document]; address != "" {
		text += ", " + printable(address)
	}
	return text
}

// place is file:line:column of a cause, "" if it comes from no file.
func (v *diffView) place(c simulate.Cause) string {
	file, at := v.file(c)
	if file == "" {
		return ""
	}
	return printable(file) + ":" + at.String()
}

func (v *diffView) file(c simulate.Cause) (string, policy.Position) {
	at := c.Statement.Position()
	d := c.Statement.Policy.Document
	if !at.IsValid() || d == nil || d.File() == "" {
		return "", at
	}
	if name, ok := v.files[d]; ok {
		return name, at
	}
	w := v.before
	if c.After {
		w = v.after
	}
	return path.Clean(path.Join(w.Prefix, d.File())), at
}

// counts are the numbers of rows of each kind.
func (v *diffView) counts() (gained, lost, conditions int) {
	for i := range v.report.Rows {
		switch v.report.Rows[i].Kind {
		case simulate.DeltaGained:
			gained++
		case simulate.DeltaLost:
			lost++
		default:
			conditions++
		}
	}
	return gained, lost, conditions
}

// changed is the number of principals whose access changes.
func (v *diffView) changed() int {
	all := map[policy.Principal]bool{}
	for i := range v.report.Rows {
		for _, p := range v.report.Rows[i].Principals {
			all[p] = true
		}
	}
	return len(all)
}

// outside is the number of callers from outside whose access changes.
func (v *diffView) outside() int {
	all := map[simulate.Outsider]bool{}
	for i := range v.report.Rows {
		for _, o := range v.report.Rows[i].Outside {
			all[o] = true
		}
	}
	return len(all)
}

// callers says who a line is about; code marks what is no prose, text is for all else.
func (l *storyLine) callers(text, code func(string) string) string {
	if len(l.outside) == 0 {
		return who(l.principals) + ": " + names(l.principals, mostNames, code)
	}
	var out []string
	for i, o := range l.outside {
		if i == mostNames {
			out = append(out, fmt.Sprintf("%d more", len(l.outside)-i))
			break
		}
		out = append(out, text(callerName(simulate.Caller{Principal: o.Principal, Type: o.Type})))
	}
	return "outside: " + strings.Join(out, ", ")
}

// title says what happens in a story.
func (s *story) title() string {
	word := map[simulate.DeltaKind]string{simulate.DeltaGained: "Gained", simulate.DeltaLost: "Lost", simulate.DeltaConditions: "Other conditions"}[s.kind]
	if s.when != "" {
		word += ", for example if " + s.when
	}
	return word
}

// who is "10 roles in 4 accounts".
func who(list []policy.Principal) string {
	kinds, accounts := map[policy.PrincipalKind]int{}, map[string]bool{}
	for _, p := range list {
		kinds[p.Kind()]++
		accounts[p.AccountID()] = true
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		noun := k.String()
		if k == policy.Root {
			noun = "root user"
		}
		parts = append(parts, plural(kinds[k], noun))
	}
	last := len(parts) - 1
	text := parts[last]
	if last > 0 {
		text = strings.Join(parts[:last], ", ") + " and " + text
	}
	return text + " in " + plural(len(accounts), "account")
}

// names lists some of the principals.
func names(list []policy.Principal, most int, code func(string) string) string {
	var out []string
	for i, p := range list {
		if i == most {
			out = append(out, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s (%s)", code(p.Name()), p.AccountID()))
	}
	return strings.Join(out, ", ")
}

// actionsText lists patterns for the actions, or how many they are if the patterns are too
// many to read; code marks what is no prose.
func actionsText(f facts, set actionSet, code func(string) string) string {
	services := map[string]int{}
	for _, a := range set {
		services[strings.ToLower(a.Service())]++
	}
	if len(services) <= mostActions {
		if list := shortestPatterns(f, set); len(list) <= mostActions {
			for i := range list {
				list[i] = code(list[i])
			}
			text := strings.Join(list, ", ")
			if len(list) < len(set) {
				text += fmt.Sprintf(" (%s)", plural(len(set), "action"))
			}
			return text
		}
	}
	names := slices.SortedFunc(maps.Keys(services), func(a, b string) int {
		return cmp.Or(cmp.Compare(services[b], services[a]), cmp.Compare(a, b))
	})
	var out []string
	for i, name := range names {
		if i == mostActions {
			out = append(out, fmt.Sprintf("%d more", len(names)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s (%d)", code(name), services[name]))
	}
	return fmt.Sprintf("%s of %s: %s", plural(len(set), "action"), plural(len(services), "service"), strings.Join(out, ", "))
}

// shortestPatterns is shrink for a set of actions; those that are not known stay as they are.
func shortestPatterns(f facts, set actionSet) []string {
	var names []string
	for _, a := range set.sorted() {
		names = append(names, string(a))
	}
	return f.Shrink(names)
}
