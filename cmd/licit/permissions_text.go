package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/simulate"
)

// textWidth is how wide lines of text are, unless a word is longer.
const textWidth = 110

// A block writes lines of a label and a wrapped text.
type block struct {
	strings.Builder
	label int // width of the labels
}

// put writes the text behind its label, or alone if there is none, wrapped and aligned.
func (b *block) put(indent int, label, text string) {
	head := strings.Repeat(" ", indent)
	if label != "" {
		head += fmt.Sprintf("%-*s ", b.label, label)
	}
	rest := strings.Repeat(" ", utf8.RuneCountInString(head))
	if label == "" {
		rest += "  "
	}
	line, width := head, utf8.RuneCountInString(head)
	empty := true
	for word := range strings.FieldsSeq(printable(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case empty:
		case width+1+n > textWidth:
			b.WriteString(line + "\n")
			line, width = rest, utf8.RuneCountInString(rest)
		default:
			line, width = line+" ", width+1
		}
		line, width, empty = line+word, width+n, false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// requirementTexts are the alternatives in words: "always", "if …", "perhaps if …".
func requirementTexts(r simulate.Requirement) []string {
	var out []string
	for _, a := range r.Allowed {
		if len(a) == 0 {
			return []string{"always"}
		}
		out = append(out, "if "+wording.AlternativeText(a))
	}
	for _, a := range r.Possible {
		if len(a) == 0 {
			out = append(out, "perhaps")
			continue
		}
		out = append(out, "perhaps if "+wording.AlternativeText(a))
	}
	if len(out) == 0 {
		return []string{"never"}
	}
	return out
}

// permissionsText are the rows, each with its exceptions indented below it.
func (w *world) permissionsText(rows []simulate.Permission, s style) string {
	b := block{label: 10}
	for i, p := range rows {
		indent := 2 + 4*p.Depth
		actions := strings.Join(p.Actions, ", ")
		switch {
		case p.Depth > 0 && slices.Equal(p.Actions, parentActions(rows, i)):
			b.put(indent-4, "", "except")
		case p.Depth > 0:
			b.put(indent-4, "", "except "+actions)
		default:
			if i > 0 {
				b.WriteString("\n")
			}
			b.put(0, "", actions)
		}
		on := p.Resource
		if on == "" {
			on = "no resource"
		}
		b.put(indent, "on", on)
		w.permissionLines(&b, indent, p, s)
	}
	return b.String()
}

func parentActions(rows []simulate.Permission, i int) []string {
	for j := i - 1; j >= 0; j-- {
		if rows[j].Depth < rows[i].Depth {
			return rows[j].Actions
		}
	}
	return nil
}

func (w *world) permissionLines(b *block, indent int, p simulate.Permission, s style) {
	texts := requirementTexts(p.Requires)
	for i, text := range texts {
		label := "allowed"
		switch {
		case i > 0:
			label = "or"
		case text == "never":
			label, text = "denied", s.outcome(p.Decision.Outcome)
			if p.Decision.Outcome == simulate.Indeterminate {
				text = "explicitly or implicitly"
			}
			if p.Decision.Outcome == simulate.ImplicitDeny {
				text += ", " + lackText(p.Decision.Stage)
			}
		}
		if i == wording.MostAlternatives {
			b.put(indent, label, fmt.Sprintf("in %s (-o json lists them)", plural(len(texts)-i, "more way")))
			break
		}
		b.put(indent, label, text)
	}
	w.labelLines(b, indent, "granted by", p.Grants)
	w.labelLines(b, indent, "limited by", p.Limits)
	if p.Certified {
		b.put(indent, "proved", "over all requests that the row is about")
	}
}

// labelLines lists statements, each policy once where it stands in several levels.
func (w *world) labelLines(b *block, indent int, label string, list []simulate.StatementRef) {
	var seen []string
	for _, r := range list {
		if text := w.StatementLabel(r); !slices.Contains(seen, text) {
			seen = append(seen, text)
			b.put(indent, label, text)
			label = "and"
		}
	}
}

// lackText says which layer does not allow.
func lackText(s simulate.Stage) string {
	switch s {
	case simulate.StageServiceRule:
		return "by a rule of the service"
	case simulate.StageResourcePolicy:
		return "the policy of the resource does not allow it, and must"
	case simulate.StageNone:
		return "nothing allows it"
	}
	return "no " + strings.NewReplacer("policies", "policy", "identity policies", "identity policy").Replace(wording.StageName(s)) + " allows it"
}
