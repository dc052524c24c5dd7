package main

import (
	"strings"

	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A checkJSON is the output of check. It is a public promise: it may grow members, never
// change one.
type checkJSON struct {
	ServiceData    string              `json:"serviceData"`
	Check          string              `json:"check"` // the subcommand
	Kind           string              `json:"kind"`
	Policies       []checkedPolicyJSON `json:"policies"`            // in the order of the arguments
	Actions        []string            `json:"actions,omitempty"`   // of not-granted
	Resources      []string            `json:"resources,omitempty"` // of not-granted
	Verdict        string              `json:"verdict"`             // pass, fail or unknown
	Says           string              `json:"says"`
	Reason         string              `json:"reason,omitempty"`         // of unknown
	Counterexample *counterexampleJSON `json:"counterexample,omitempty"` // of fail
	Differences    *summaryJSON        `json:"differences,omitempty"`    // of --all, unless the verdict is pass
}

type checkedPolicyJSON struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // where the document begins
	Column  int    `json:"column,omitempty"`
	Managed string `json:"managed,omitempty"` // ARN of a managed policy of AWS
	Version string `json:"version,omitempty"`
	Guessed bool   `json:"guessed"` // the kind
}

// A counterexampleJSON is a request that one policy allows and another does not.
type counterexampleJSON struct {
	Request    requestJSON     `json:"request"`
	Given      []string        `json:"given,omitempty"` // what is taken for granted besides
	Documented bool            `json:"documented"`
	Allowed    checkedSideJSON `json:"allowed"`
	// Refused is absent where there is no other policy.
	Refused *checkedSideJSON `json:"refused,omitempty"`
}

// A checkedSideJSON is how one policy decides the request.
type checkedSideJSON struct {
	Policy   string      `json:"policy"`         // file or ARN
	Decision string      `json:"decision"`       // with the other policies that are given
	Why      string      `json:"why,omitempty"`  // of a refusal
	Matches  []trialJSON `json:"matches"`        // statements that match
	Near     []trialJSON `json:"near,omitempty"` // of a refusal: Allow statements about the action that do not
}

func (c *checking) json() checkJSON {
	j := checkJSON{
		ServiceData: serviceref.Embedded().Date(), Check: c.command(), Kind: c.kind.String(), Actions: c.actions, Resources: c.resources,
		Verdict: c.result.Verdict.String(), Says: c.headline(), Reason: c.result.Reason, Policies: c.policiesJSON(),
	}
	x := c.result.Counterexample
	if x == nil {
		return j
	}
	j.Counterexample = &counterexampleJSON{
		Request: requestOf(x.Request), Given: c.given(), Documented: x.Documented,
		Allowed: c.allows.json(x.Allowed),
	}
	if c.refuses != nil {
		refused := c.refuses.json(x.Refused)
		refused.Why, refused.Near = c.refusal(), c.refuses.trialsJSON(c.refuses.near(x.Refused))
		j.Counterexample.Refused = &refused
	}
	return j
}

func (c *checking) policiesJSON() (out []checkedPolicyJSON) {
	for _, p := range c.policies {
		one := checkedPolicyJSON{Managed: p.managed.ARN.String(), Version: p.managed.Version}
		if p.target != nil {
			at := p.target.position(0)
			one = checkedPolicyJSON{File: p.target.file.name, Line: at.Line, Column: p.target.file.column(at), Guessed: p.target.guessed}
		}
		out = append(out, one)
	}
	return out
}

// command is the name of the subcommand.
func (q *checkQuestion) command() string {
	name, _, _ := strings.Cut(q.use, " ")
	return name
}

func (p *checkedPolicy) json(x *simulate.Explanation) checkedSideJSON {
	var list []simulate.Trial
	for _, t := range p.trials(x) {
		if t.Match == simulate.Matches {
			list = append(list, t)
		}
	}
	side := checkedSideJSON{Policy: p.name(), Decision: x.Decision.Outcome.String(), Matches: p.trialsJSON(list)}
	if side.Matches == nil {
		side.Matches = []trialJSON{}
	}
	return side
}

// trialsJSON are statements of the policy, with their places in its file.
func (p *checkedPolicy) trialsJSON(list []simulate.Trial) []trialJSON {
	out := worldOf("", "").trials(list)
	for i, t := range list {
		s := out[i].Statement
		s.Policy = p.name()
		if file, line, column, ok := p.place(t.Statement); ok {
			s.File, s.Line, s.Column = file, line, column
		}
	}
	return out
}
