package detect

import (
	"fmt"
	"slices"
)

// A Rule is what is looked for in events, or in alarms.
type Rule struct {
	Code     string
	Title    string
	Severity Severity // of most of its findings
	Reads    string   // what it looks at
	Blind    string   // what it cannot see
}

// A rule is a Rule and how it is done.
type rule struct {
	Rule
	static bool                   // about filters and alarms, not events
	lacks  func(c *Config) string // why it cannot be done; empty: it can
	start  func(r Rule, d *detector) watcher
}

// A watcher is a rule at work.
type watcher interface {
	see(e *event)
	done(r *Result)
}

// Rules are all rules, in the order of a [Report].
func Rules() []Rule {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		out[i] = r.Rule
	}
	return out
}

// A Result is what a rule found.
type Result struct {
	Rule     Rule
	Skipped  string    // why the rule was not applied; empty: it was
	Findings []Finding // the worst first, then by code, subject and account
	Notes    []string  // what could not be told, sorted
	Observed string    // without findings: "not observed in 30 days", or among how many alarms; empty otherwise
}

func (r *Result) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if at, found := slices.BinarySearch(r.Notes, text); !found {
		r.Notes = slices.Insert(r.Notes, at, text)
	}
}

func nothing(*Config) string { return "" }
