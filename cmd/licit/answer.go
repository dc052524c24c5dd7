package main

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// The JSON output of can and explain is a public promise: it may grow members, never
// change one. The words are those of the case files.

// An answerJSON is the output of can, and with steps that of explain.
type answerJSON struct {
	Request   requestJSON      `json:"request"`
	Decision  string           `json:"decision"`
	Stage     string           `json:"stage,omitempty"`
	Possible  []string         `json:"possible,omitempty"` // of an indeterminate decision
	Statement *statementJSON   `json:"statement,omitempty"`
	Depends   []dependencyJSON `json:"depends,omitempty"`
	Requires  *requiresJSON    `json:"requires,omitempty"` // of an indeterminate decision
	Rules     []string         `json:"rules,omitempty"`
	Notes     []string         `json:"notes,omitempty"`
	Steps     []stepJSON       `json:"steps,omitempty"`
	Also      []answerJSON     `json:"also,omitempty"`
	// HowToAllow is there if it was asked for.
	HowToAllow *howToJSON `json:"howToAllow,omitempty"`
}

type requestJSON struct {
	Principal string              `json:"principal"`
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Context   map[string][]string `json:"context,omitempty"`
}

// A statementJSON names a statement and where it stands.
type statementJSON struct {
	Kind     string `json:"kind"`
	Policy   string `json:"policy"`
	ID       string `json:"id,omitempty"`
	Node     string `json:"node,omitempty"`
	NodeName string `json:"nodeName,omitempty"`
	Holder   string `json:"holder,omitempty"`
	Index    int    `json:"index"`
	SID      string `json:"sid,omitempty"`
	Effect   string `json:"effect"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

type dependencyJSON struct {
	Kind       string      `json:"kind"`
	Name       string      `json:"name"`
	Statements []trialJSON `json:"statements,omitempty"`
}

type stepJSON struct {
	Stage    string      `json:"stage"`
	Node     string      `json:"node,omitempty"`
	NodeName string      `json:"nodeName,omitempty"`
	Outcome  string      `json:"outcome,omitempty"` // not of a layer that is skipped
	Skipped  string      `json:"skipped,omitempty"`
	Gap      string      `json:"gap,omitempty"`
	Trials   []trialJSON `json:"trials,omitempty"`
}

type trialJSON struct {
	Statement *statementJSON `json:"statement"`
	Match     string         `json:"match"`
	Miss      *missJSON      `json:"miss,omitempty"`
	Unknown   []unknownJSON  `json:"unknown,omitempty"`
}

type missJSON struct {
	Element  string   `json:"element"`
	Operator string   `json:"operator,omitempty"`
	Key      string   `json:"key,omitempty"`
	Want     []string `json:"want"`
	Got      []string `json:"got,omitempty"`
	Absent   bool     `json:"absent,omitempty"`
}

type unknownJSON struct {
	Key      string   `json:"key,omitempty"` // absent: the caller
	Operator string   `json:"operator,omitempty"`
	Want     []string `json:"want"`
}

// A requiresJSON lists alternatives, each a list of tests that must all come out so.
type requiresJSON struct {
	Allowed   [][]testJSON `json:"allowed"`
	Possible  [][]testJSON `json:"possible,omitempty"`
	Truncated bool         `json:"truncated,omitempty"`
}

type testJSON struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
	Holds    bool     `json:"holds"`
}

func requires(r simulate.Requirement) *requiresJSON {
	list := func(alternatives []simulate.Alternative) [][]testJSON {
		out := make([][]testJSON, len(alternatives))
		for i, a := range alternatives {
			out[i] = tests(a)
		}
		return out
	}
	return &requiresJSON{Allowed: list(r.Allowed), Possible: list(r.Possible), Truncated: r.Truncated}
}

func tests(list []simulate.Test) []testJSON {
	out := []testJSON{}
	for _, t := range list {
		out = append(out, testJSON{t.Condition.Key, string(t.Condition.Operator), nonNil(slices.Collect(t.Condition.Values.All())), t.Holds})
	}
	return out
}

// answer is the explanation as JSON; steps says whether with every step.
func (w *world) answer(x *simulate.Explanation, steps bool) answerJSON {
	a := answerJSON{
		Request:   requestOf(x.Request),
		Decision:  x.Decision.Outcome.String(),
		Statement: w.statement(x.Statement),
		Rules:     x.Rules,
		Notes:     x.Notes,
	}
	if x.Decision.Stage != simulate.StageNone {
		a.Stage = x.Decision.Stage.String()
	}
	if x.Decision.Outcome == simulate.Indeterminate {
		for _, o := range x.Possible {
			a.Possible = append(a.Possible, o.String())
		}
	}
	if x.Decision.Outcome == simulate.Indeterminate {
		a.Requires = requires(w.Env.Requires(x.Request))
	}
	for _, d := range x.Depends {
		a.Depends = append(a.Depends, dependencyJSON{Kind: d.Kind.String(), Name: d.Name, Statements: w.trials(d.Statements)})
	}
	if !steps {
		return a
	}
	for _, s := range x.Steps {
		step := stepJSON{Stage: s.Stage.String(), Node: s.Node, NodeName: s.NodeName, Skipped: s.Skipped, Gap: s.Gap, Trials: w.trials(s.Trials())}
		if s.Skipped == "" {
			step.Outcome = s.Outcome.String()
		}
		a.Steps = append(a.Steps, step)
	}
	for _, also := range x.Also {
		a.Also = append(a.Also, w.answer(also, true))
	}
	return a
}

func requestOf(r simulate.Request) requestJSON {
	j := requestJSON{Principal: r.Principal.String(), Action: string(r.Action), Resource: resourceText(r.Resource)}
	for name, values := range r.Keys.All() {
		if j.Context == nil {
			j.Context = map[string][]string{}
		}
		j.Context[name] = values
	}
	return j
}

func resourceText(a policy.ARN) string {
	if !a.IsValid() {
		return "*"
	}
	return a.String()
}

// statement is nil for no statement.
func (w *world) statement(ref simulate.StatementRef) *statementJSON {
	if ref.IsZero() {
		return nil
	}
	p := ref.Policy
	s := &statementJSON{
		Kind: p.Kind.String(), Policy: p.Name, ID: p.ID, Node: p.Node, NodeName: p.NodeName, Holder: p.Holder,
		Index: ref.Index, SID: ref.SID, Effect: p.Document.Statement(ref.Index).Effect.String(),
	}
	if file, at, ok := w.Position(ref); ok {
		s.File, s.Line, s.Column = file, at.Line, at.Column
	}
	return s
}

func (w *world) trials(list []simulate.Trial) []trialJSON {
	var out []trialJSON
	for _, t := range list {
		j := trialJSON{Statement: w.statement(t.Statement), Match: t.Match.String()}
		if m := t.Miss; m.Element != "" {
			j.Miss = &missJSON{Element: m.Element, Operator: string(m.Operator), Key: m.Key, Want: nonNil(m.Want), Got: m.Got, Absent: m.Absent}
		}
		for _, u := range t.Unknown {
			j.Unknown = append(j.Unknown, unknownJSON{Key: u.Key, Operator: string(u.Operator), Want: nonNil(u.Want)})
		}
		out = append(out, j)
	}
	return out
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// writeJSON writes one indented JSON value.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	// GitHub Actions takes ##[ for the beginning of a command; it stands in strings only.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("##["), []byte(`##\u005b`)))
	return err
}
