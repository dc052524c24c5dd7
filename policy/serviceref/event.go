package serviceref

import (
	_ "embed"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/policy"
)

// An Event is an API call in CloudTrail's words. Its eventType is AwsApiCall; other types
// need no action.
type Event struct {
	Source string // eventSource: "s3.amazonaws.com"
	Name   string // eventName: "GetObject"
	// HasParameter says whether requestParameters has a member. It is asked for the few
	// calls whose action depends on one, such as S3's versionId; nil: not known.
	HasParameter func(name string) bool
}

// A Certainty says how an event and an action go together. The zero Certainty is
// [Unknown].
type Certainty uint8

// How certain it is that the call was authorised as the action.
const (
	Unknown   Certainty = iota // no such action is known; it is only named after the event
	Certain                    // always
	Sometimes                  // for some parameters of the call, or on some resources
	AnyOf                      // as one of the event's actions with this mark
)

var certaintyNames = [...]string{"unknown", "certain", "conditional", "any-of"}

// String names the certainty: "unknown", "certain", "conditional", "any-of".
func (c Certainty) String() string { return name(certaintyNames[:], int(c)) }

// EventAction is one action that a call was authorised as.
type EventAction struct {
	Action    policy.Action
	Certainty Certainty
}

// EventInfo is what is known of a CloudTrail event.
type EventInfo struct {
	Actions  []EventAction // those that are certain first; empty if the call needs none
	NoAction string        // why the call needs no permission; "" if it needs one
}

// Event returns the actions that a call was authorised as. It always has an answer: an
// event that is not known gives prefix:Name with [Unknown]. The table behind it is the
// project's own; actions are spelled as in the reference.
func (r *Reference) Event(e Event) EventInfo {
	t := events()
	if why, ok := t.none[eventKey(e.Source, e.Name)]; ok {
		return EventInfo{NoAction: why}
	}
	names := []string{e.Name}
	if short := withoutVersion(e.Name); short != e.Name {
		names = append(names, short)
	}
	// The exact name first: some names end in digits.
	for _, name := range names {
		if actions, ok := r.eventActions(t, e, name); ok {
			return EventInfo{Actions: actions}
		}
	}
	for prefix := range r.EventServices(e.Source) {
		return EventInfo{Actions: []EventAction{{policy.Action(prefix + ":" + e.Name), Unknown}}}
	}
	return EventInfo{}
}

func (r *Reference) eventActions(t *eventTable, e Event, name string) ([]EventAction, bool) {
	key := eventKey(e.Source, name)
	actions := slices.Clone(t.events[key])
	if len(actions) == 0 {
		same, ok := r.sameName(e.Source, name)
		if !ok {
			return nil, false
		}
		actions = []EventAction{{same, Certain}}
	}
	if s, ok := t.switches[key]; ok {
		actions = s.apply(actions, e.HasParameter)
	}
	for _, a := range t.also[key] {
		if !slices.ContainsFunc(actions, func(o EventAction) bool { return o.Action == a }) {
			actions = append(actions, EventAction{a, Sometimes})
		}
	}
	for i, a := range actions {
		if info, ok := r.Action(a.Action); ok {
			actions[i].Action = info.Action()
		}
	}
	return actions, true
}

// sameName finds the action that is named as the event.
func (r *Reference) sameName(source, name string) (policy.Action, bool) {
	for prefix := range r.EventServices(source) {
		if info, ok := r.Action(policy.Action(prefix + ":" + name)); ok {
			return info.Action(), true
		}
	}
	return "", false
}

// EventServices yields the service prefixes whose calls CloudTrail records under an event
// source, in the order in which their actions are to be tried. A source that is not known
// yields what stands before ".amazonaws.com".
func (r *Reference) EventServices(source string) iter.Seq[string] {
	source = strings.ToLower(source)
	prefix := strings.TrimSuffix(strings.TrimSuffix(source, ".cn"), ".amazonaws.com")
	if list, ok := events().sources[prefix+".amazonaws.com"]; ok {
		return slices.Values(list)
	}
	if _, ok := r.body().service(prefix); !ok {
		if alias, ok := events().aliases[prefix+".amazonaws.com"]; ok {
			prefix = alias
		}
	}
	return func(yield func(string) bool) {
		if prefix != "" {
			yield(prefix)
		}
	}
}

// withoutVersion removes what CloudFront (2020_05_31) and Lambda (20150331v2) put at the
// end of the names of their calls.
func withoutVersion(name string) string {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if n := len(name) - len("2020_05_31"); n > 0 {
		if v := name[n:]; v[4] == '_' && v[7] == '_' && digits(v[:4]+v[5:7]+v[8:]) {
			return name[:n]
		}
	}
	rest := name
	if i := strings.LastIndexByte(name, 'v'); i > 0 && digits(name[i+1:]) {
		rest = name[:i]
	}
	if n := len(rest) - len("20150331"); n > 0 && digits(rest[n:]) {
		return rest[:n]
	}
	return name
}

//go:embed data/events.txt
var eventsText string

type eventTable struct {
	sources  map[string][]string
	aliases  map[string]string
	events   map[string][]EventAction
	also     map[string][]policy.Action
	switches map[string]paramSwitch
	none     map[string]string
}

type paramSwitch struct {
	param string
	with  policy.Action
}

// apply replaces the call's own action if the parameter is there.
func (s paramSwitch) apply(actions []EventAction, has func(string) bool) []EventAction {
	var out []EventAction
	for i, a := range actions {
		switch {
		case a.Action == s.with:
		case i > 0 || a.Certainty != Certain:
			out = append(out, a)
		case has == nil:
			out = append(out, EventAction{a.Action, AnyOf}, EventAction{s.with, AnyOf})
		case has(s.param):
			out = append(out, EventAction{s.with, Certain})
		default:
			out = append(out, a)
		}
	}
	return out
}

// eventKey compares sources and names without regard to case.
func eventKey(source, name string) string {
	return strings.ToLower(strings.TrimSuffix(source, ".cn") + " " + name)
}

var events = sync.OnceValue(func() *eventTable {
	t := &eventTable{
		make(map[string][]string), make(map[string]string), make(map[string][]EventAction),
		make(map[string][]policy.Action), make(map[string]paramSwitch), make(map[string]string),
	}
	for line := range strings.Lines(eventsText) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) >= 3 {
			t.add(f)
		}
	}
	return t
})

// add enters one line, whose form a test checks.
func (t *eventTable) add(f []string) {
	key := eventKey(f[1], f[2])
	switch f[0] {
	case "source":
		t.sources[f[1]] = f[2:]
	case "alias":
		t.aliases[f[1]] = f[2]
	case "event":
		for _, a := range f[3:] {
			c := Certain
			if rest, ok := strings.CutPrefix(a, "?"); ok {
				a, c = rest, Sometimes
			}
			t.events[key] = append(t.events[key], EventAction{policy.Action(a), c})
		}
	case "any":
		for _, a := range f[3:] {
			t.events[key] = append(t.events[key], EventAction{policy.Action(a), AnyOf})
		}
	case "also":
		for _, a := range f[3:] {
			t.also[key] = append(t.also[key], policy.Action(a))
		}
	case "switch":
		t.switches[key] = paramSwitch{f[3], policy.Action(f[4])}
	case "none":
		t.none[key] = strings.Join(f[3:], " ")
	}
}
