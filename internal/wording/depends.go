package wording

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A dependency is what an indeterminate decision depends on, in words.
type dependency struct {
	text string
	at   string // where the statement stands, and where it is attached; "" if there is none
}

// dependencies says what an indeterminate decision depends on. Conditions of one statement
// hold together, so there is one for a statement, not for a key.
func (w *World) dependencies(x *simulate.Explanation) []dependency {
	var out []dependency
	var seen []simulate.StatementRef
	for _, d := range x.Depends {
		switch {
		case d.Kind != simulate.DependsOnKey && len(d.Statements) == 0:
			out = append(out, dependency{text: w.Missing(d)})
		case len(d.Statements) == 0:
			out = append(out, dependency{text: fmt.Sprintf("%s: the policy of a VPC endpoint may apply", d.Name)})
		}
		for i := range d.Statements {
			t := &d.Statements[i]
			if !slices.Contains(seen, t.Statement) {
				seen = append(seen, t.Statement)
				at := w.Place(t.Statement)
				if level := Level(t.Statement.Policy); level != "" && at != "" {
					at += ", attached to " + level
				}
				out = append(out, dependency{w.trialDepends(t), at})
			}
		}
	}
	return out
}

// Missing says what is not in the model.
func (w *World) Missing(d simulate.Dependency) string {
	switch d.Kind {
	case simulate.DependsOnCaller:
		return fmt.Sprintf("the caller: %s does not know %s", w.Name, d.Name)
	case simulate.DependsOnResource:
		return fmt.Sprintf("%s, which %s does not list: its policy, or whose it is", d.Name, w.Name)
	case simulate.DependsOnInput:
		return "the request: it needs " + d.Name
	}
	if w.Org != nil {
		for g := range w.Org.Gaps() {
			if g.Subject != d.Name {
				continue
			}
			text := fmt.Sprintf("a gap: %s of %s is not known", GapName(g.What), g.Subject)
			if g.Reason != "" {
				text += fmt.Sprintf(" (%s)", g.Reason)
			}
			return text
		}
	}
	return fmt.Sprintf("a gap: %s is not known", d.Name)
}

// trialDepends says what a statement depends on: "aws:RequestedRegion: denied by SCP
// regions (Sid Outside) unless it is eu-west-1 or eu-west-3".
func (w *World) trialDepends(t *simulate.Trial) string {
	verb := "allowed"
	if t.Effect == policy.Deny {
		verb = "denied"
	}
	by := fmt.Sprintf("%s by %s", verb, w.StatementLabel(t.Statement))
	names := dependsOn(t.Unknown)
	if len(names) == 1 && len(t.Unknown) == 1 {
		u := t.Unknown[0]
		if p := phraseOf(u.Operator, u.Want); u.Key != "" && p.negated && p.subject == "" {
			return fmt.Sprintf("%s: %s unless it %s", names[0], by, p.affirm)
		}
		return fmt.Sprintf("%s: %s if %s", names[0], by, UnknownText(u, "it"))
	}
	var conditions []string
	for _, u := range t.Unknown {
		conditions = append(conditions, UnknownText(u, u.Key))
	}
	return fmt.Sprintf("%s: %s if %s", strings.Join(names, " and "), by, strings.Join(conditions, " and "))
}

// dependsOn lists each key once; the caller has no key.
func dependsOn(list []simulate.Unknown) []string {
	var out []string
	for _, u := range list {
		name := u.Key
		if name == "" {
			name = "the caller"
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// UnknownText is the condition as a clause about its subject.
func UnknownText(u simulate.Unknown, subject string) string {
	switch {
	case u.Key == "":
		return "the principal element (" + OrList(u.Want) + ") names the caller"
	case u.Operator == "":
		return fmt.Sprintf("%s fits the resource pattern %s", subject, OrList(u.Want))
	}
	p := phraseOf(u.Operator, u.Want)
	if p.subject != "" {
		subject = fmt.Sprintf(p.subject, subject)
	}
	text := subject + " " + p.affirm
	if p.negated {
		text = subject + " " + p.deny
	}
	return text + p.orElse
}

// MostAlternatives bounds how many ways to be allowed are listed.
const MostAlternatives = 5

// RequirementLines writes the alternatives in words, the certain ones first.
func (w *World) RequirementLines(r simulate.Requirement, line func(string, string, ...any)) {
	shown := 0
	write := func(name string, list []simulate.Alternative) {
		for _, a := range list {
			if len(a) == 0 {
				continue // it says no more than the dependencies
			}
			if shown++; shown <= MostAlternatives {
				line(name, "%s", AlternativeText(a))
			}
		}
	}
	write("allowed if", r.Allowed)
	write("perhaps if", r.Possible)
	if more := shown - MostAlternatives; more > 0 {
		text := fmt.Sprintf("… or in %d more ways", more)
		if more == 1 {
			text = "… or in 1 more way"
		}
		if w.GiveKey != "" {
			text += " (-o json lists them)"
		}
		line("", "%s", text)
	}
}

// AlternativeText joins the tests of an alternative with "and"; "" if there are none.
func AlternativeText(a simulate.Alternative) string {
	var texts []string
	for _, t := range a {
		if text := TestText(t); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " and ")
}

// TestText is the test as a clause: "aws:RequestedRegion is eu-west-1 or eu-west-3".
func TestText(t simulate.Test) string {
	c := t.Condition
	u := simulate.Unknown{Key: c.Key, Operator: c.Operator, Want: slices.Collect(c.Values.All())}
	parts, _ := c.Operator.Parts()
	p := phraseOf(u.Operator, u.Want)
	simple := parts.Quantifier == policy.NoQuantifier
	switch {
	case t.Holds:
		return UnknownText(u, c.Key)
	case parts.Base == "Null" && p.affirm == "is absent":
		return c.Key + " is present"
	case parts.Base == "Null":
		return c.Key + " is absent"
	case simple && p.negated:
		return c.Key + " " + p.affirm
	case simple && !parts.IfExists && !strings.HasPrefix(p.deny, " "): // orders have no opposite in words
		return c.Key + " " + p.deny
	}
	return "not (" + UnknownText(u, c.Key) + ")"
}

// A phrase is a condition in words.
type phrase struct {
	affirm, deny string // "is A or B", "is not A or B"
	negated      bool   // the condition holds when affirm does not
	orElse       string // ", or absent" where a positive condition holds without the key, too
	subject      string // format of the subject of a set operator, "" for a plain operator
}

// verbs of the operators, without their negation.
var verbs = map[string][2]string{
	"StringEquals":             {"is", "is not"},
	"StringEqualsIgnoreCase":   {"is, in any case,", "is not, in any case,"},
	"StringLike":               {"matches", "does not match"},
	"NumericEquals":            {"is", "is not"},
	"NumericLessThan":          {"is less than", ""},
	"NumericLessThanEquals":    {"is at most", ""},
	"NumericGreaterThan":       {"is greater than", ""},
	"NumericGreaterThanEquals": {"is at least", ""},
	"DateEquals":               {"is", "is not"},
	"DateLessThan":             {"is before", ""},
	"DateLessThanEquals":       {"is not after", ""},
	"DateGreaterThan":          {"is after", ""},
	"DateGreaterThanEquals":    {"is not before", ""},
	"Bool":                     {"is", "is not"},
	"BinaryEquals":             {"is", "is not"},
	"IpAddress":                {"is in", "is not in"},
	"ArnEquals":                {"matches", "does not match"},
	"ArnLike":                  {"matches", "does not match"},
}

// phraseOf puts an operator and its values into words.
func phraseOf(op policy.Operator, want []string) phrase {
	parts, _ := op.Parts()
	if parts.Base == "Null" {
		if slices.ContainsFunc(want, func(s string) bool { return strings.EqualFold(s, "true") }) {
			return phrase{affirm: "is absent"}
		}
		return phrase{affirm: "is present"}
	}
	base, p := parts.Base, phrase{}
	if positive := strings.Replace(base, "Not", "", 1); positive != base {
		base, p.negated = positive, true
	}
	verb, ok := verbs[base]
	if !ok {
		verb = [2]string{"meets " + base, "does not meet " + base}
	}
	if verb[0] == "matches" && !slices.ContainsFunc(want, func(s string) bool { return strings.ContainsAny(s, "*?$") }) {
		verb = verbs["StringEquals"]
	}
	p.affirm, p.deny = verb[0]+" "+OrList(want), verb[1]+" "+OrList(want)
	if parts.IfExists && !p.negated && parts.Quantifier == policy.NoQuantifier {
		p.orElse = ", or absent"
	}
	switch parts.Quantifier {
	case policy.ForAllValues:
		p.subject = "every value of %s"
		p.orElse = ", or there is none"
	case policy.ForAnyValue:
		p.subject = "any value of %s"
	}
	return p
}

// mostListed bounds how many values a sentence lists.
const mostListed = 6

// OrList is "a", "a or b", "a, b or c".
func OrList(list []string) string {
	quoted := make([]string, 0, mostListed)
	for i, s := range list {
		if i == mostListed {
			return fmt.Sprintf("%s or %d more", strings.Join(quoted, ", "), len(list)-i)
		}
		quoted = append(quoted, Plain(s))
	}
	switch n := len(quoted); n {
	case 0:
		return "nothing"
	case 1:
		return quoted[0]
	default:
		return strings.Join(quoted[:n-1], ", ") + " or " + quoted[n-1]
	}
}
