package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// howTo writes what would make the request allowed.
func (t *tree) howTo(c *simulate.Counterfactual) {
	t.b.WriteByte('\n')
	switch n := len(c.Remedies); {
	case c.Explanation.Decision.Allowed():
		t.line(0, "how to allow: it is allowed already")
		return
	case n == 0:
		t.line(0, "how to allow: %s", t.w.noRemedy(c))
		for _, d := range c.Unknown {
			t.line(1, "%s", t.w.Missing(d))
		}
	case n == 1:
		t.line(0, "how to allow: there is one way")
	default:
		t.line(0, "how to allow: one of %d ways", n)
	}
	for i := range c.Remedies {
		steps := c.Remedies[i].Steps
		for j := range steps {
			mark := fmt.Sprintf("%d.", i+1)
			if j > 0 {
				mark = "and"
			}
			t.line(1, "%-3s %s", mark, t.w.remedyStep(&steps[j]))
			for _, detail := range t.w.remedyDetails(&steps[j]) {
				t.line(4, "%s", detail)
			}
		}
	}
	if c.Truncated {
		t.line(1, "there may be more ways")
	}
	for _, text := range t.w.barriers(c) {
		t.line(1, "%s", text)
	}
}

// noRemedy says why there is no way.
func (w *world) noRemedy(c *simulate.Counterfactual) string {
	switch {
	case slices.ContainsFunc(c.Barriers, isServiceRule):
		return "it cannot be allowed: a rule of the service forbids it, whatever the policies say"
	case len(c.Unknown) > 0:
		return "that cannot be said until this is known:"
	case c.Truncated:
		return "no way was found, but not all were tried"
	}
	return "neither a key of the request nor a policy that can be changed makes it allowed"
}

func isServiceRule(b simulate.Barrier) bool { return b.Stage == simulate.StageServiceRule }

// remedyStep is a step as a sentence.
func (w *world) remedyStep(s *simulate.RemedyStep) string {
	switch s.Kind {
	case simulate.SetKey:
		return keyText(s)
	case simulate.AddAllow:
		return w.addText(s)
	case simulate.UnblockPublicAccess:
		return "S3 Block Public Access would have to let others in, or the bucket policy not be public"
	}
	text := w.StatementLabel(s.Deny)
	if h := s.Deny.Policy.Holder; h != "" {
		text += ", inline in " + plain(h) + ","
	}
	if s.Replacement.Effect == 0 {
		return text + " would have to go: no condition key tells this caller from others"
	}
	return text + " would have to except this request"
}

// keyText says what a key has to be: the value, or if that is only one of many what it was
// tried for.
func keyText(s *simulate.RemedyStep) string {
	call, value := "call it", " with "+plain(s.Key)+" = "+wording.AndList(s.Values)
	if s.Fixed {
		call = "only for another principal or resource:"
	}
	switch {
	case len(s.Values) == 0:
		return call + " without " + plain(s.Key)
	case exemplary(s):
		return fmt.Sprintf("%s so that %s (tried with %s)", call, joined(s.Tests), wording.AndList(s.Values))
	}
	return call + value
}

// exemplary reports whether the values were made up for the conditions.
func exemplary(s *simulate.RemedyStep) bool {
	if len(s.Values) == 1 && (s.Values[0] == "true" || s.Values[0] == "false") {
		return false
	}
	for _, t := range s.Tests {
		for v := range t.Condition.Values.All() {
			if slices.Contains(s.Values, v) {
				return false
			}
		}
	}
	return true
}

func joined(tests []simulate.Test) string {
	texts := make([]string, len(tests))
	for i, t := range tests {
		texts[i] = wording.TestText(t)
	}
	return strings.Join(texts, " and ")
}

func (w *world) addText(s *simulate.RemedyStep) string {
	target := plain(s.Target)
	of := func(what string) string {
		if s.Target == "" {
			return what
		}
		return what + " of " + target
	}
	switch s.Stage {
	case simulate.StageIdentityPolicy:
		if strings.Contains(s.Target, ":role/aws-reserved/sso.amazonaws.com/") {
			return "add to the permission set behind " + target
		}
		return "add to " + of("the identity policies")
	case simulate.StageResourcePolicy:
		if strings.Contains(s.Target, ":role/") {
			return "add to " + of("the trust policy")
		}
		if strings.HasPrefix(s.Target, "arn:") && strings.Contains(s.Target, ":kms:") {
			return "add to " + of("the key policy")
		}
		return "add to " + of("the resource policy")
	case simulate.StageBoundary:
		return strings.TrimSpace("add to the permissions boundary " + s.Target)
	case simulate.StageSessionPolicy:
		return "add to the session policies"
	case simulate.StageServiceControl:
		return "add to the SCPs of " + wording.NodeLabel(s.Node, s.NodeName)
	case simulate.StageEndpointPolicy:
		return "add to the policy of the VPC endpoint " + plain(s.Node)
	}
	return "add to the " + wording.StageName(s.Stage)
}

// remedyDetails stand below a step: what a key has to be, what a statement says, where a
// statement stands.
func (w *world) remedyDetails(s *simulate.RemedyStep) []string {
	var out []string
	switch s.Kind {
	case simulate.SetKey:
		// What is said already, or goes without saying.
		if text := joined(s.Tests); !exemplary(s) && len(s.Values) > 0 && s.Values[0] != "true" && s.Values[0] != "false" && text != plain(s.Key)+" is "+wording.AndList(s.Values) {
			out = append(out, "so that "+text)
		}
	case simulate.AddAllow:
		out = append(out, string(statementSource(s.Statement)))
	case simulate.ExceptDeny:
		if at := w.Place(s.Deny); at != "" {
			if level := wording.Level(s.Deny.Policy); level != "" {
				at += ", attached to " + level
			}
			out = append(out, "at "+at)
		}
		if c, ok := addedCondition(s); ok {
			out = append(out, fmt.Sprintf("such as by %s %s %s", c.Operator, c.Key, plain(c.Values.At(c.Values.Len()-1))))
		}
	}
	return out
}

// addedCondition is the condition that excepts the caller.
func addedCondition(s *simulate.RemedyStep) (policy.Condition, bool) {
	old := slices.Collect(s.Deny.Policy.Document.Statement(s.Deny.Index).Condition.All())
	for c := range s.Replacement.Condition.All() {
		if !slices.ContainsFunc(old, func(o policy.Condition) bool {
			return o.Operator == c.Operator && o.Key == c.Key && o.Values.Equal(c.Values)
		}) {
			return c, true
		}
	}
	return policy.Condition{}, false
}

// barriers says what no identity-based policy can get past; nothing for callers that have
// none.
func (w *world) barriers(c *simulate.Counterfactual) []string {
	var out []string
	x := c.Explanation
	if slices.ContainsFunc(c.Barriers, isServiceRule) || !slices.ContainsFunc(x.Steps, func(s simulate.Step) bool {
		return s.Stage == simulate.StageIdentityPolicy && s.Skipped == ""
	}) {
		return nil
	}
	for _, b := range c.Barriers {
		text := w.barrier(&b)
		if b.Action != x.Request.Action {
			text += " (" + plain(string(b.Action)) + ")"
		}
		if b.Stage == simulate.StageIdentityPolicy {
			out = append(out, "no Allow outweighs a Deny: "+text)
		} else {
			out = append(out, "no identity policy can allow it: "+text)
		}
	}
	return out
}

func (w *world) barrier(b *simulate.Barrier) string {
	where := ""
	if b.Node != "" {
		where = wording.NodeLabel(b.Node, b.NodeName)
	}
	switch {
	case !b.Statement.IsZero() && where != "" && b.Stage != simulate.StageEndpointPolicy:
		return fmt.Sprintf("%s of %s denies it", w.StatementLabel(b.Statement), where)
	case !b.Statement.IsZero():
		return w.StatementLabel(b.Statement) + " denies it"
	case b.Stage == simulate.StageServiceControl:
		return fmt.Sprintf("no SCP of %s allows it", where)
	case b.Stage == simulate.StageResourcePolicy:
		return "the policy of the resource does not allow it, and must"
	case b.Stage == simulate.StageBlockPublicAccess:
		return "S3 Block Public Access keeps others out of a bucket whose policy is public"
	}
	return "the " + wording.StageName(b.Stage) + " must allow it, too"
}

// statementSource is the statement as JSON, on one line.
func statementSource(s policy.Statement) json.RawMessage {
	d, err := policy.NewDocument(s)
	if err != nil {
		return nil
	}
	var doc struct{ Statement json.RawMessage }
	must(json.Unmarshal(d.Source(), &doc))
	var list []json.RawMessage
	if json.Unmarshal(doc.Statement, &list) == nil && len(list) == 1 {
		doc.Statement = list[0]
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	must(e.Encode(doc.Statement))
	return json.RawMessage(strings.TrimSpace(b.String()))
}

// A howToJSON says what would make a request allowed.
type howToJSON struct {
	Remedies  []remedyJSON     `json:"remedies"`
	Barriers  []barrierJSON    `json:"barriers,omitempty"`
	Unknown   []dependencyJSON `json:"unknown,omitempty"`
	Truncated bool             `json:"truncated,omitempty"`
}

type remedyJSON struct {
	Steps []remedyStepJSON `json:"steps"`
	// Context is that of the request with the steps, if one sets a key: what a key implies
	// is in it, too.
	Context map[string][]string `json:"context,omitempty"`
	Changes []string            `json:"changes,omitempty"`
}

type remedyStepJSON struct {
	Kind        string          `json:"kind"`
	Key         string          `json:"key,omitempty"`
	Values      *[]string       `json:"values,omitempty"` // of a key; [] says absent
	Tests       []testJSON      `json:"tests,omitempty"`
	Fixed       bool            `json:"fixed,omitempty"`
	Stage       string          `json:"stage,omitempty"`
	Node        string          `json:"node,omitempty"`
	NodeName    string          `json:"nodeName,omitempty"`
	Target      string          `json:"target,omitempty"`
	Add         json.RawMessage `json:"add,omitempty"`
	Deny        *statementJSON  `json:"deny,omitempty"`
	Replacement json.RawMessage `json:"replacement,omitempty"`
}

type barrierJSON struct {
	Stage     string         `json:"stage"`
	Node      string         `json:"node,omitempty"`
	NodeName  string         `json:"nodeName,omitempty"`
	Action    string         `json:"action"`
	Statement *statementJSON `json:"statement,omitempty"`
}

func (w *world) howTo(c *simulate.Counterfactual) *howToJSON {
	out := &howToJSON{Remedies: []remedyJSON{}, Truncated: c.Truncated}
	for _, r := range c.Remedies {
		j := remedyJSON{}
		for i := range r.Steps {
			j.Steps = append(j.Steps, w.remedyStepJSON(&r.Steps[i]))
		}
		if slices.ContainsFunc(r.Steps, func(s simulate.RemedyStep) bool { return s.Kind == simulate.SetKey }) {
			j.Context = maps.Collect(r.Request.Keys.All())
		}
		for _, change := range r.Changes {
			j.Changes = append(j.Changes, change.String())
		}
		out.Remedies = append(out.Remedies, j)
	}
	for _, b := range c.Barriers {
		out.Barriers = append(out.Barriers, barrierJSON{b.Stage.String(), b.Node, b.NodeName, string(b.Action), w.statement(b.Statement)})
	}
	for _, d := range c.Unknown {
		out.Unknown = append(out.Unknown, dependencyJSON{Kind: d.Kind.String(), Name: d.Name, Statements: w.trials(d.Statements)})
	}
	return out
}

func (w *world) remedyStepJSON(s *simulate.RemedyStep) remedyStepJSON {
	j := remedyStepJSON{Kind: s.Kind.String(), Key: s.Key, Fixed: s.Fixed, Node: s.Node, NodeName: s.NodeName, Target: s.Target, Deny: w.statement(s.Deny)}
	if s.Kind == simulate.SetKey {
		values := nonNil(s.Values)
		j.Values, j.Tests = &values, tests(s.Tests)
	} else {
		j.Stage = s.Stage.String()
	}
	if s.Statement.Effect != 0 {
		j.Add = statementSource(s.Statement)
	}
	if s.Replacement.Effect != 0 {
		j.Replacement = statementSource(s.Replacement)
	}
	return j
}
