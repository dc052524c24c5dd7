package check

import (
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A fit is what an action can be asked of: no resource, or resources of some ARN formats.
type fit struct {
	none    bool
	formats []*symbolic.Automaton // see formatAutomaton
	open    []bool                // the format leaves open of which service the resource is
}

// A serviceFits has the fits of documented actions of a service.
type serviceFits struct {
	of      []fit    // by number of the action
	formats []string // of its resources, with a star for each variable; sorted
}

var allFits sync.Map // prefix in lower case → *serviceFits

// fitsOf are the fits of the service's [documentedActions].
func fitsOf(prefix string) (*serviceFits, error) {
	if found, ok := allFits.Load(prefix); ok {
		return found.(*serviceFits), nil
	}
	actions := documentedActions(prefix).actions
	lists := make([][]string, len(actions))
	var every []string // formats of types, with a star for each variable
	for i, a := range actions {
		for format := range serviceref.Embedded().ARNFormats(a) {
			lists[i] = append(lists[i], placeholder.ReplaceAllString(format, "*"))
		}
		every = append(every, lists[i]...)
		if arn, ok := serviceref.Embedded().Collection(a); ok {
			lists[i] = append(lists[i], collectionMark+arn)
		}
		slices.Sort(lists[i])
		lists[i] = slices.Compact(lists[i])
	}
	slices.Sort(every)
	every = slices.Compact(every)
	out := &serviceFits{of: make([]fit, len(actions)), formats: every}
	made := map[string]*symbolic.Automaton{}
	for i, a := range actions {
		info, _ := serviceref.Embedded().Action(a)
		_, collection := serviceref.Embedded().Collection(a)
		required := strings.EqualFold(a.Service(), "sts") || collection
		for r := range info.Resources() {
			required = required || r.Required
		}
		out.of[i].none = len(lists[i]) == 0 || !required
		for _, format := range lists[i] {
			if made[format] == nil {
				var err error
				if made[format], err = formatAutomaton(format, every); err != nil {
					return nil, err
				}
			}
			out.of[i].formats = append(out.of[i].formats, made[format])
			out.of[i].open = append(out.of[i].open, strings.Contains(strings.SplitN(format, ":", 4)[2], "*"))
		}
	}
	if len(actions) > 0 { // not what somebody made up
		allFits.Store(prefix, out)
	}
	return out, nil
}

// collectionMark begins what a service authorises an action against without a resource type, of
// which a star is ordinary text (R-RSC-5).
const collectionMark = "="

// formatPattern is what a format, or a collection, may be.
func formatPattern(format string) symbolic.Pattern {
	if arn, ok := strings.CutPrefix(format, collectionMark); ok {
		var out symbolic.Pattern
		for i, text := range placeholder.Split(arn, -1) {
			if i > 0 {
				out = append(out, symbolic.Token{Kind: symbolic.RunInPart})
			}
			out = append(out, symbolic.Text(text)...)
		}
		if strings.HasSuffix(arn, "/") {
			out = append(out, symbolic.Token{Kind: symbolic.Run}) // the path that is asked for
		}
		return out
	}
	p, ok := (&compiler{}).arnPattern(policy.Version2008, format, false)
	if !ok { // not six parts: it may be anything
		return symbolic.Pattern{{Kind: symbolic.Run}}
	}
	return p.relaxed
}

// formatAutomaton has two elements: what a format can be, and what is of other formats of its
// service instead, at which a variable at the end stops.
func formatAutomaton(format string, every []string) (*symbolic.Automaton, error) {
	var longer []symbolic.Pattern
	for _, separator := range []string{"/", ":"} {
		if strings.HasSuffix(format, "*") && begins(format+separator, every) {
			longer = append(longer, formatPattern(format+separator+"*"))
		}
	}
	return symbolic.Build(symbolic.NewMeter(nil), symbolic.ResourceText, [][]symbolic.Pattern{{formatPattern(format)}, longer})
}

// isOfFormat reports whether a class of a formatAutomaton is of the format.
func isOfFormat(has func(element int) bool) bool { return has(0) && !has(1) }

// begins reports whether one of a sorted list begins so.
func begins(prefix string, list []string) bool {
	i, _ := slices.BinarySearch(list, prefix)
	return i < len(list) && strings.HasPrefix(list[i], prefix)
}

// A knownRequests tells which cells have a request of an action that AWS documents on a resource
// that fits it, or one of other actions that are named.
type knownRequests struct {
	meter    *symbolic.Meter
	services []string
	named    *symbolic.Words // other actions, in lower case
}

func newKnownRequests(m *symbolic.Meter, names []string) *knownRequests {
	k := &knownRequests{meter: m}
	for s := range serviceref.Embedded().Services() {
		k.services = append(k.services, lower(s.Prefix))
	}
	slices.Sort(k.services)
	k.services = slices.Compact(k.services)
	var others []string
	for _, name := range names {
		if _, documented := serviceref.Embedded().Action(policy.Action(name)); !documented {
			others = append(others, lower(name))
		}
	}
	slices.Sort(others)
	k.named = symbolic.NewWords(slices.Compact(others))
	return k
}

// has reports whether the cell has such a request, or may have one. Nothing is policed, has a
// policy, by a format that leaves open of which service it is.
func (k *knownRequests) has(cell *symbolic.Cell, policed bool) (bool, error) {
	for range cell.ActionsAmong(k.named) {
		return true, nil
	}
	for _, prefix := range k.services {
		if !cell.MayHaveAction(prefix + ":") {
			continue
		}
		fits, err := fitsOf(prefix)
		if err != nil {
			return false, err
		}
		tried := map[*symbolic.Automaton]bool{}
		for i := range cell.ActionsAmong(documentedActions(prefix).lower) {
			if fits.of[i].none && cell.HasResource("*") {
				return true, nil
			}
			for n, of := range fits.of[i].formats {
				if tried[of] || policed && fits.of[i].open[n] {
					continue
				}
				tried[of] = true
				if found, err := cell.ResourceAmong(k.meter, of, isOfFormat); found || err != nil {
					return found, err
				}
			}
		}
	}
	return false, nil
}
