package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A Class says how a caller stands to control policies. The zero Class is an ordinary
// principal of a member account.
type Class uint8

// The classes.
const (
	Member        Class = iota // SCPs restrict it
	Management                 // of the management account, which SCPs do not restrict
	ServiceLinked              // a service-linked role, which neither SCPs nor RCPs restrict
	Service                    // an AWS service by itself, which RCPs may restrict
	Outside                    // anonymous, or with a token of an identity provider: RCPs may restrict it
	Foreign                    // of an account that the snapshot does not have: only RCPs may restrict it
)

// String is "member", "management account", "service-linked role", "service", "outside" or
// "foreign account".
func (c Class) String() string {
	names := [...]string{"member", "management account", "service-linked role", "service", "outside", "foreign account"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// A Delta is a group of calls that the change would have made a difference to, and how often
// they were made.
type Delta struct {
	Class     Class
	Gained    bool   // would be allowed; otherwise would be denied, or is in Unsure
	Certain   bool   // otherwise it depends on what the events do not tell
	Principal string // ARN of the user or role, "" for none
	Person    string // the user of Identity Center behind the role, as far as events tell
	Account   string // where it was called
	Region    string // in which it was called
	Action    policy.Action
	Statement string   // what denies: the statement, or the layer that does not allow
	Depends   []string // condition keys and other things that decide, if it is not certain
	Reason    string   // why it is in Unsure
	Counts
}

func (d *Delta) key() string {
	return strings.Join([]string{d.Class.String(), truth(d.Gained), truth(!d.Certain), d.Principal, d.Person, d.Account, d.Region, string(d.Action), d.Statement, strings.Join(d.Depends, "\n"), d.Reason}, "\x00")
}

func (d *Delta) compare(o *Delta) int {
	return cmp.Or(cmp.Compare(truth(!d.Certain), truth(!o.Certain)), cmp.Compare(o.Events, d.Events), strings.Compare(d.key(), o.key()))
}

// A Skipped is a group of events that were not replayed.
type Skipped struct {
	Why    string // a [Reason], or what else kept them out
	Detail string
	Counts
}

// A ClassCount is how many of the calls that could be asked are of a class.
type ClassCount struct {
	Class  Class
	Events int
}

// A KeyCoverage says for how many of the calls a condition key of the change is known.
type KeyCoverage struct {
	Key                    string
	Known, Absent, Unknown int // events
	Why                    []string
}

// A Disagreement is a group of calls of members that AWS answered otherwise than the policies
// of the snapshot.
type Disagreement struct {
	Action policy.Action
	AWS    string // "allowed", or "denied" and what the message says of the policy
	Model  string // "allowed", or "denied" and the layer
	Counts
}

// A Backtest holds the policies of the snapshot against what AWS answered, on the calls of
// members that succeeded or were refused.
type Backtest struct {
	Agree, Disagree, Undecided int // events
	// Other are refusals that both saw, but for which the message names another action or layer
	// than the policies refuse by: the same answer for another reason, which is no agreement.
	Other int
	// Named are refusals that both saw, and whose message names the layer; in Same of them the
	// policies refuse by it.
	Named, Same   int
	Disagreements []Disagreement // most frequent first
}

// Rate is the part of the decided calls on which model and AWS agree, from 0 to 1: Agree of
// Agree, Disagree and Other. It reports false if there are none, so that nothing is known.
func (b *Backtest) Rate() (rate float64, ok bool) {
	if n := b.Agree + b.Disagree + b.Other; n > 0 {
		return float64(b.Agree) / float64(n), true
	}
	return 0, false
}

// A Report is what a change would have done to the calls of a log, and how far to trust that.
type Report struct {
	Events                    int // all
	Succeeded, Denied, Failed int // API calls: those refused for lack of permission, and for other reasons
	Tuples                    int // that the policies can tell apart
	First, Last               time.Time

	Broken []Delta // calls of members that would be denied; certain ones first, then by how many
	Opened []Delta // calls that were refused and would be allowed
	Unsure []Delta // calls that succeeded, and that the policies of the snapshot deny
	Apart  []Delta // what would be denied or allowed to callers that are no members

	Skipped  []Skipped // by why
	Classes  []ClassCount
	Backtest Backtest
	Keys     []KeyCoverage // of the condition keys that the change mentions

	Accounts, Regions, Days []string // that the log has events of
	Sources                 []string // event sources with data events
	Mapped, Placed          int      // calls whose actions are known; and also all their resources
	Calls                   int      // that could be asked
	Duplicates              int      // events that came again, or as copies in other accounts' logs, and were left out
	Errors                  []error  // the first of what could not be read
	Unread                  int      // how many there were
}

// number counts from 1, as people do.
func number(i int) string { return strconv.Itoa(i + 1) }

// A gathering collects what becomes a report. Parts of it merge in any order.
type gathering struct {
	events, succeeded, denied, failed int
	calls, mapped, placed             int
	broken, opened, unsure            map[string]*Delta
	skipped                           map[[2]string]*Counts
	classes                           map[Class]int
	keys                              map[string]*KeyCoverage
	why                               map[string]map[string]int
	back                              backtest
}

func newGathering() *gathering {
	return &gathering{
		broken: map[string]*Delta{}, opened: map[string]*Delta{}, unsure: map[string]*Delta{},
		skipped: map[[2]string]*Counts{}, classes: map[Class]int{}, keys: map[string]*KeyCoverage{}, why: map[string]map[string]int{},
		back: backtest{top: map[[3]string]*Counts{}},
	}
}

func (g *gathering) class(c Class, n Counts) { g.classes[c] += n.Events }

func (g *gathering) skip(why, detail string, n Counts) { plus(g.skipped, [2]string{why, detail}, n) }

func plus[K comparable](m map[K]*Counts, k K, n Counts) {
	if old, ok := m[k]; ok {
		n = old.Merge(n)
	}
	m[k] = &n
}

func (g *gathering) add(to *map[string]*Delta, d Delta, n Counts) {
	d.Counts = n
	if old, ok := (*to)[d.key()]; ok {
		d.Counts = old.Merge(n)
	}
	(*to)[d.key()] = &d
}

// count counts what is known of a call: action, resource, the keys of the change.
func (g *gathering) count(x *runner, list []Request, n Counts) {
	g.calls += n.Events
	known := !slices.ContainsFunc(list, func(r Request) bool { return r.Certainty.String() == "unknown" })
	if known {
		g.mapped += n.Events
		if !slices.ContainsFunc(list, func(r Request) bool { return r.Open }) {
			g.placed += n.Events
		}
	}
	for _, key := range x.keys {
		k := g.keys[key]
		if k == nil {
			k = &KeyCoverage{Key: key}
			g.keys[key] = k
		}
		switch _, state := x.after.Key(list[0].Request, key); state {
		case simulate.KeyKnown:
			k.Known += n.Events
		case simulate.KeyAbsent:
			k.Absent += n.Events
		default:
			k.Unknown += n.Events
			for _, u := range list[0].Unknown {
				if strings.EqualFold(family(u.Key), family(key)) {
					if g.why[key] == nil {
						g.why[key] = map[string]int{}
					}
					g.why[key][u.Reason] += n.Events
				}
			}
		}
	}
}

func (g *gathering) merge(o *gathering) {
	g.events, g.succeeded, g.denied, g.failed = g.events+o.events, g.succeeded+o.succeeded, g.denied+o.denied, g.failed+o.failed
	g.calls, g.mapped, g.placed = g.calls+o.calls, g.mapped+o.mapped, g.placed+o.placed
	for _, pair := range [][2]map[string]*Delta{{g.broken, o.broken}, {g.opened, o.opened}, {g.unsure, o.unsure}} {
		for _, d := range pair[1] {
			g.add(&pair[0], *d, d.Counts)
		}
	}
	for k, c := range o.skipped {
		plus(g.skipped, k, *c)
	}
	for k, n := range o.classes {
		g.classes[k] += n
	}
	for key, k := range o.keys {
		if mine := g.keys[key]; mine != nil {
			mine.Known, mine.Absent, mine.Unknown = mine.Known+k.Known, mine.Absent+k.Absent, mine.Unknown+k.Unknown
		} else {
			g.keys[key] = k
		}
	}
	for key, m := range o.why {
		if g.why[key] == nil {
			g.why[key] = map[string]int{}
		}
		for reason, n := range m {
			g.why[key][reason] += n
		}
	}
	g.back.merge(&o.back)
}

func (g *gathering) report(m *Summary, change *Selection) *Report {
	r := &Report{
		Events: g.events, Succeeded: g.succeeded, Denied: g.denied, Failed: g.failed, Tuples: len(m.tuples),
		Calls: g.calls, Mapped: g.mapped, Placed: g.placed, Errors: slices.Clone(m.errors), Unread: m.broken, Duplicates: m.twice,
		Backtest: g.back.result(),
	}
	for _, c := range m.tuples {
		all := Counts{First: r.First, Last: r.Last}.Merge(Counts{First: c.First, Last: c.Last})
		r.First, r.Last = all.First, all.Last
	}
	place := func(from map[string]*Delta, to *[]Delta) {
		for _, d := range from {
			if d.Class != Member && to != &r.Unsure {
				r.Apart = append(r.Apart, *d)
				continue
			}
			*to = append(*to, *d)
		}
	}
	place(g.broken, &r.Broken)
	place(g.opened, &r.Opened)
	place(g.unsure, &r.Unsure)
	for _, list := range [][]Delta{r.Broken, r.Opened, r.Unsure, r.Apart} {
		slices.SortFunc(list, func(a, b Delta) int { return a.compare(&b) })
	}
	for k, c := range g.skipped {
		r.Skipped = append(r.Skipped, Skipped{k[0], k[1], *c})
	}
	slices.SortFunc(r.Skipped, func(a, b Skipped) int {
		return cmp.Or(strings.Compare(a.Why, b.Why), cmp.Compare(b.Events, a.Events), strings.Compare(a.Detail, b.Detail))
	})
	for _, c := range slices.Sorted(maps.Keys(g.classes)) {
		r.Classes = append(r.Classes, ClassCount{c, g.classes[c]})
	}
	for _, key := range change.Keys() {
		k := g.keys[key]
		if k == nil {
			k = &KeyCoverage{Key: key}
		}
		k.Why = slices.SortedFunc(maps.Keys(g.why[key]), func(a, b string) int {
			return cmp.Or(cmp.Compare(g.why[key][b], g.why[key][a]), strings.Compare(a, b))
		})
		r.Keys = append(r.Keys, *k)
	}
	r.cover(m)
	return r
}

// cover says what the log has.
func (r *Report) cover(m *Summary) {
	accounts, regions, days, sources := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for d := range m.days {
		accounts[d.Account], regions[d.Region], days[d.Day], sources[d.Source] = true, true, true, true
	}
	for _, p := range []struct {
		from map[string]bool
		to   *[]string
	}{{accounts, &r.Accounts}, {regions, &r.Regions}, {days, &r.Days}, {sources, &r.Sources}} {
		delete(p.from, "")
		*p.to = slices.Sorted(maps.Keys(p.from))
	}
}

// backtest collects a [Backtest].
type backtest struct {
	agree, disagree, undecided, other, named, same int
	top                                            map[[3]string]*Counts
}

func (b *backtest) allowed(x *runner, _ *Tuple, c Counts, class Class, list []Request, today Verdict) {
	switch {
	case class != Member:
	case today == Allowed:
		b.agree += c.Events
	case today == Denied:
		b.disagree += c.Events
		r, d := x.decisive(list)
		plus(b.top, [3]string{string(r.Action), "allowed", "denied by " + d.Stage.String()}, c)
	default:
		b.undecided += c.Events
	}
}

func (b *backtest) denied(x *runner, t *Tuple, c Counts, class Class, list []Request, today Verdict) {
	if class != Member {
		return
	}
	said := "denied"
	stage, _, named := layer(t.DeniedBy)
	if named {
		said += " by " + stage.String()
	}
	switch today {
	case Denied:
		r, d, other := x.refused(t, list)
		if named {
			b.named += c.Events
			if d.Stage == stage {
				b.same += c.Events
			}
		}
		if other == "" {
			b.agree += c.Events
			return
		}
		b.other += c.Events
		if strings.EqualFold(other, t.DeniedAction) {
			said += " for " + other
		}
		plus(b.top, [3]string{string(r.Action), said, "denied by " + d.Stage.String()}, c)
	case Allowed:
		b.disagree += c.Events
		plus(b.top, [3]string{string(list[0].Action), said, "allowed"}, c)
	default:
		b.undecided += c.Events
	}
}

func (b *backtest) merge(o *backtest) {
	b.agree, b.disagree, b.undecided, b.other, b.named, b.same = b.agree+o.agree, b.disagree+o.disagree, b.undecided+o.undecided, b.other+o.other, b.named+o.named, b.same+o.same
	for k, c := range o.top {
		plus(b.top, k, *c)
	}
}

func (b *backtest) result() Backtest {
	out := Backtest{Agree: b.agree, Disagree: b.disagree, Undecided: b.undecided, Other: b.other, Named: b.named, Same: b.same}
	for k, c := range b.top {
		out.Disagreements = append(out.Disagreements, Disagreement{policy.Action(k[0]), k[1], k[2], *c})
	}
	slices.SortFunc(out.Disagreements, func(a, b Disagreement) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(string(a.Action), string(b.Action)), strings.Compare(a.AWS, b.AWS), strings.Compare(a.Model, b.Model))
	})
	return out
}
