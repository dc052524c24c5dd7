package main

import (
	"encoding/json"

	"github.com/licit-dev/licit/cloudtrail/replay"
)

type seenJSON struct {
	Events  int      `json:"events"`
	First   string   `json:"first,omitempty"`
	Last    string   `json:"last,omitempty"`
	Samples []string `json:"samples,omitempty"`
}

func seenOf(c replay.Counts) seenJSON {
	return seenJSON{c.Events, moment(c.First), moment(c.Last), sampleIDs(c)}
}

type deltaJSON struct {
	Class     string   `json:"class"`
	Change    string   `json:"change"`
	Certain   bool     `json:"certain"`
	Principal string   `json:"principal,omitempty"`
	Person    string   `json:"person,omitempty"`
	Account   string   `json:"account"`
	Region    string   `json:"region"`
	Action    string   `json:"action"`
	Statement string   `json:"statement,omitempty"`
	Depends   []string `json:"depends,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	seenJSON
}

type replayJSON struct {
	Events    int               `json:"events"`
	Succeeded int               `json:"succeeded"`
	Refused   int               `json:"refused"`
	Failed    int               `json:"failed"`
	Tuples    int               `json:"tuples"`
	Backtest  backtestJSON      `json:"backtest"`
	Coverage  trailCoverageJSON `json:"coverage"`
	Broken    []deltaJSON       `json:"broken"`
	Opened    []deltaJSON       `json:"opened"`
	Unsure    []deltaJSON       `json:"unsure"`
	Apart     []deltaJSON       `json:"apart"`
	Skipped   []skipJSON        `json:"skipped"`
	Unread    int               `json:"unread"`
	Twice     int               `json:"duplicates"`
	Errors    []string          `json:"errors,omitempty"`
}

type backtestJSON struct {
	Rate          *float64      `json:"rate"` // null: nothing was decided
	Agree         int           `json:"agree"`
	Disagree      int           `json:"disagree"`
	Undecided     int           `json:"undecided"`
	OtherReason   int           `json:"otherReason"` // the same answer for another action or layer
	LayersNamed   int           `json:"layersNamed"`
	LayersSame    int           `json:"layersSame"`
	Disagreements []disagreJSON `json:"disagreements"`
}

type disagreJSON struct {
	Action   string `json:"action"`
	AWS      string `json:"aws"`
	Snapshot string `json:"snapshot"`
	seenJSON
}

type trailCoverageJSON struct {
	Accounts   []string       `json:"accounts"`
	Regions    []string       `json:"regions"`
	Days       []string       `json:"days"`
	DataEvents []string       `json:"dataEvents"`
	Calls      int            `json:"calls"`
	Mapped     int            `json:"mapped"`
	Placed     int            `json:"placed"`
	Classes    map[string]int `json:"classes"`
	Keys       []keyJSON      `json:"keys"`
}

type keyJSON struct {
	Key     string   `json:"key"`
	Known   int      `json:"known"`
	Absent  int      `json:"absent"`
	Unknown int      `json:"unknown"`
	Why     []string `json:"why,omitempty"`
}

type skipJSON struct {
	Why    string `json:"why"`
	Detail string `json:"detail,omitempty"`
	seenJSON
}

func deltasJSON(list []replay.Delta) []deltaJSON {
	out := make([]deltaJSON, 0, len(list))
	for _, d := range list {
		change := "denied"
		if d.Gained {
			change = "allowed"
		}
		if d.Reason != "" {
			change = "unsure"
		}
		out = append(out, deltaJSON{d.Class.String(), change, d.Certain, d.Principal, d.Person, d.Account, d.Region, string(d.Action), d.Statement, d.Depends, d.Reason, seenOf(d.Counts)})
	}
	return out
}

func skippedJSON(list []replay.Skipped) []skipJSON {
	out := make([]skipJSON, 0, len(list))
	for _, s := range list {
		out = append(out, skipJSON{s.Why, s.Detail, seenOf(s.Counts)})
	}
	return out
}

func listOf(s []string) []string { return append([]string{}, s...) }

func errorTexts(list []error) (out []string) {
	for _, err := range list {
		out = append(out, err.Error())
	}
	return out
}

func replayJSONOf(r *replay.Report) replayJSON {
	b := &r.Backtest
	out := replayJSON{
		Events: r.Events, Succeeded: r.Succeeded, Refused: r.Denied, Failed: r.Failed, Tuples: r.Tuples,
		Backtest: backtestJSON{Agree: b.Agree, Disagree: b.Disagree, Undecided: b.Undecided, OtherReason: b.Other, LayersNamed: b.Named, LayersSame: b.Same, Disagreements: []disagreJSON{}},
		Coverage: trailCoverageJSON{Accounts: listOf(r.Accounts), Regions: listOf(r.Regions), Days: listOf(r.Days), DataEvents: listOf(r.Sources), Calls: r.Calls, Mapped: r.Mapped, Placed: r.Placed, Classes: map[string]int{}, Keys: []keyJSON{}},
		Broken:   deltasJSON(r.Broken), Opened: deltasJSON(r.Opened), Unsure: deltasJSON(r.Unsure), Apart: deltasJSON(r.Apart),
		Skipped: skippedJSON(r.Skipped), Unread: r.Unread, Twice: r.Duplicates, Errors: errorTexts(r.Errors),
	}
	if rate, ok := b.Rate(); ok {
		out.Backtest.Rate = &rate
	}
	for _, d := range b.Disagreements {
		out.Backtest.Disagreements = append(out.Backtest.Disagreements, disagreJSON{string(d.Action), d.AWS, d.Model, seenOf(d.Counts)})
	}
	for _, c := range r.Classes {
		out.Coverage.Classes[c.Class.String()] = c.Events
	}
	for _, k := range r.Keys {
		out.Coverage.Keys = append(out.Coverage.Keys, keyJSON{k.Key, k.Known, k.Absent, k.Unknown, k.Why})
	}
	return out
}

type useJSON struct {
	Principal string          `json:"principal"`
	Class     string          `json:"class"`
	Persons   []personJSON    `json:"persons,omitempty"`
	Actions   []actionUseJSON `json:"actions"`
	Refused   []actionUseJSON `json:"refused,omitempty"`
	Failed    []actionUseJSON `json:"failed,omitempty"` // for another reason
	Unused    *unusedJSON     `json:"unused,omitempty"`
	seenJSON
}

type personJSON struct {
	Person string `json:"person"`
	seenJSON
}

type actionUseJSON struct {
	Action    string   `json:"action"`
	Certainty string   `json:"certainty"`
	Inferred  bool     `json:"inferred,omitempty"`
	Resources []string `json:"resources"`
	Patterns  []string `json:"patterns,omitempty"`
	Open      bool     `json:"open,omitempty"`
	None      bool     `json:"none,omitempty"`
	seenJSON
}

type unusedJSON struct {
	Granted  int      `json:"granted"`
	Used     int      `json:"used"`
	Patterns []string `json:"patterns"`
	Problem  string   `json:"problem,omitempty"`
}

type leastPolicyJSON struct {
	Document json.RawMessage `json:"document"` // null: nothing was done
	Size     int             `json:"size"`
	Proved   int             `json:"proved"`
	Unproved []string        `json:"unproved"`
	Wide     []string        `json:"wide"`
	Patterns []string        `json:"patterns"`
	Left     []string        `json:"left"`
}

// An idleJSON is a user or role of which no call was observed.
type idleJSON struct {
	Principal string    `json:"principal"`
	Class     string    `json:"class"`
	Unlogged  bool      `json:"unlogged,omitempty"` // no events of its account either
	Sessions  *seenJSON `json:"sessions,omitempty"` // of the role, that began
	Others    *seenJSON `json:"others,omitempty"`   // events that are no calls that need permission
}

func idlesJSON(list []replay.Idle) (out []idleJSON) {
	some := func(c replay.Counts) *seenJSON {
		if c.Events == 0 {
			return nil
		}
		s := seenOf(c)
		return &s
	}
	for _, i := range list {
		out = append(out, idleJSON{i.Principal.String(), i.Class.String(), i.Unlogged, some(i.Sessions), some(i.Others)})
	}
	return out
}

type usageJSON struct {
	Uses       []useJSON        `json:"uses"`
	Idle       []idleJSON       `json:"idle,omitempty"`
	Policy     *leastPolicyJSON `json:"policy,omitempty"`
	Events     int              `json:"events"`
	Days       []string         `json:"days"`
	Skipped    []skipJSON       `json:"skipped"`
	BlindSpots []string         `json:"blindSpots"`
	Unread     int              `json:"unread"`
	Twice      int              `json:"duplicates"`
	Errors     []string         `json:"errors,omitempty"`
}

func actionUses(list []replay.ActionUse) []actionUseJSON {
	out := make([]actionUseJSON, 0, len(list))
	for _, x := range list {
		out = append(out, actionUseJSON{string(x.Action), x.Certainty.String(), x.Inferred, listOf(x.Resources), x.Patterns, x.Open, x.None, seenOf(x.Counts)})
	}
	return out
}

func (v *usageView) json() usageJSON {
	r := v.report
	out := usageJSON{Uses: []useJSON{}, Events: r.Events, Days: listOf(r.Days), Skipped: skippedJSON(r.Skipped), BlindSpots: r.BlindSpots(), Unread: r.Unread, Twice: r.Duplicates, Errors: errorTexts(r.Errors)}
	for _, u := range r.Uses {
		x := useJSON{Principal: u.Principal.String(), Class: u.Class.String(), Actions: actionUses(u.Actions), Refused: actionUses(u.Refused), Failed: actionUses(u.Failed), seenJSON: seenOf(u.Counts)}
		for _, p := range u.Persons {
			x.Persons = append(x.Persons, personJSON{p.Person, seenOf(p.Counts)})
		}
		if n, ok := v.unused[u.Principal]; ok {
			x.Unused = &unusedJSON{n.granted, n.used, listOf(n.patterns), n.problem}
		}
		out.Uses = append(out.Uses, x)
	}
	out.Idle = idlesJSON(v.idle)
	if l := v.policy; l != nil {
		p := &leastPolicyJSON{Size: l.Size, Proved: l.Proved, Unproved: listOf(l.Unproved), Wide: []string{}, Patterns: listOf(l.Patterns), Left: []string{}}
		if l.Document != nil {
			p.Document, _ = l.Document.MarshalJSON()
		}
		for _, a := range l.Wide {
			p.Wide = append(p.Wide, string(a))
		}
		for _, a := range l.Left {
			p.Left = append(p.Left, string(a))
		}
		out.Policy = p
	}
	return out
}
