package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// mostRegions bounds the principals of whom regions are looked for, gained and lost by
// themselves; of all others there are only the rows.
const mostRegions = 20

// mostPatterns bounds the values of a list that regions show to people.
const mostPatterns = 4

// A gainedRegions is all that a principal gains, or loses, as regions.
type gainedRegions struct {
	kind      simulate.DeltaKind
	principal policy.Principal
	check.Summary
}

// regions looks for regions of the principals that gain or lose something.
func (c *comparison) regions(ctx context.Context, a *app, v *diffView) error {
	ask := func(kind simulate.DeltaKind, before, after *simulate.Environment, proof *check.Result) error {
		var who []policy.Principal
		add := func(p policy.Principal) {
			if !slices.Contains(who, p) {
				who = append(who, p)
			}
		}
		if disproved(proof) {
			add(proof.Counterexample.Request.Principal)
		}
		for i := range v.report.Rows {
			if r := &v.report.Rows[i]; r.Kind == kind || r.Kind == simulate.DeltaConditions {
				for _, p := range r.Principals {
					add(p)
				}
			}
		}
		if n := len(who) - mostRegions; n > 0 {
			who = who[:mostRegions]
			v.unproved += n
		}
		options, clear := c.progress(a)
		defer clear()
		list, err := check.GainedByEach(ctx, before, after, who, options...)
		if err == nil {
			err = ctx.Err()
		}
		for i := range list {
			v.regions = append(v.regions, gainedRegions{kind, who[i], list[i]})
		}
		return err
	}
	if err := ask(simulate.DeltaGained, v.before.Env, v.after.Env, v.proofs.gained); err != nil {
		return err
	}
	return ask(simulate.DeltaLost, v.after.Env, v.before.Env, v.proofs.lost)
}

// A regionStory is principals who gain, or lose, the same.
type regionStory struct {
	kind       simulate.DeltaKind
	principals []policy.Principal
	check.Summary
}

// verb is "gain" or "lose".
func verb(k simulate.DeltaKind) string {
	if k == simulate.DeltaLost {
		return "lose"
	}
	return "gain"
}

// regionStories joins principals with equal regions, the proved ones first.
func (v *diffView) regionStories() (proved, others []*regionStory) {
	index := map[string]*regionStory{}
	for i := range v.regions {
		g := &v.regions[i]
		if g.Certified && len(g.Regions) == 0 {
			continue // a row of other conditions, which only the other way is more
		}
		key := []string{g.kind.String(), g.reasonText()}
		for j := range g.Regions {
			key = append(key, strings.ReplaceAll(g.Regions[j].String(), " for "+g.principal.String(), " for it"))
		}
		text := strings.Join(key, "\x00")
		s, ok := index[text]
		if !ok {
			s = &regionStory{kind: g.kind, Summary: g.Summary}
			index[text] = s
			if g.Certified {
				proved = append(proved, s)
			} else {
				others = append(others, s)
			}
		}
		s.principals = append(s.principals, g.principal)
	}
	return proved, others
}

// reasonText is why the regions are not proved, of whichever principal.
func (g *gainedRegions) reasonText() string {
	return strings.ReplaceAll(g.Reason, g.principal.String(), "it")
}

// regionText is a region of a principal, who goes without saying, with the first values of long lists.
func regionText(r *check.Region, who policy.Principal) string {
	short := check.Region{Statement: shortStatement(r.Statement)}
	for _, s := range r.Within {
		short.Within = append(short.Within, shortStatement(s))
	}
	for _, s := range r.Except {
		short.Except = append(short.Except, shortStatement(s))
	}
	by := " for " + who.String()
	text := short.String()
	if rest, ok := strings.CutPrefix(text, "* on *"+by); ok {
		text = "what resource policies allow by name" + rest
	} else if rest, ok := strings.CutPrefix(text, "* on * for *"); ok {
		text = "what resource policies allow everybody" + rest
	}
	return printable(strings.ReplaceAll(text, by, " (by the resource's policy)"))
}

func shortStatement(s policy.Statement) policy.Statement {
	short := func(p policy.Patterns) policy.Patterns {
		list := slices.Collect(p.All())
		if len(list) <= mostPatterns+1 {
			return p
		}
		return policy.List(append(list[:mostPatterns:mostPatterns], fmt.Sprintf("%d more", len(list)-mostPatterns))...)
	}
	s.Action, s.NotAction = short(s.Action), short(s.NotAction)
	s.Resource, s.NotResource = short(s.Resource), short(s.NotResource)
	return s
}

// unprovedLines say of whom the rows are all there is.
func (v *diffView) unprovedLines(others []*regionStory) (out []string) {
	for _, s := range others {
		g := gainedRegions{principal: s.principals[0], Summary: s.Summary}
		out = append(out, fmt.Sprintf("only enumerated, not proved to be all that they %s: %s (%s)", verb(s.kind), names(s.principals, mostNames, plain), plain(g.reasonText())))
	}
	if v.unproved > 0 {
		out = append(out, fmt.Sprintf("only enumerated: %s, since regions are looked for of %d at most; name them with --principal", plural(v.unproved, "more principal"), mostRegions))
	}
	return out
}

func (v *diffView) regionsText(top int) string {
	var b strings.Builder
	proved, others := v.regionStories()
	shown, left := 0, 0
	for n, s := range proved {
		if top > 0 && shown >= top {
			left += len(s.Regions)
			continue
		}
		if n == 0 || proved[n-1].kind != s.kind {
			fmt.Fprintf(&b, "\nProved: all that they %s, and nothing else\n", verb(s.kind))
		}
		line := func(name, text string) { fmt.Fprintf(&b, "  %-10s %s\n", name, text) }
		line("who", who(s.principals)+": "+names(s.principals, mostNames, plain))
		for i := range s.Regions {
			if shown++; top > 0 && shown > top {
				left++
				continue
			}
			line("  what", regionText(&s.Regions[i], s.principals[0]))
			if x := s.Regions[i].Example; x != nil {
				line("", "  for example "+exampleText(x, ""))
			}
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n… and %s (--top 0 shows them, -o json lists them)\n", plural(left, "more region"))
	}
	if lines := v.unprovedLines(others); len(lines) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strings.Join(lines, "\n"))
	}
	return b.String()
}

// regionsMarkdown is [diffView.regionsText] in at most room bytes.
func (v *diffView) regionsMarkdown(top, room int) string {
	var b strings.Builder
	proved, others := v.regionStories()
	shown, left := 0, 0
	under := "" // what the section is below, also where the first ones have no room
	for _, s := range proved {
		var section strings.Builder
		if verb(s.kind) != under {
			fmt.Fprintf(&section, "\n#### Proved: all that they %s, and nothing else\n", verb(s.kind))
		}
		fmt.Fprintf(&section, "\n%s: %s\n\n", markdownText(who(s.principals)), names(s.principals, mostNames, markdownCode))
		rows := 0
		for i := range s.Regions {
			row := "- " + codeSpan(regionText(&s.Regions[i], s.principals[0]))
			if x := s.Regions[i].Example; x != nil {
				row += ", for example " + codeSpan(exampleText(x, ""))
			}
			if top > 0 && shown >= top || b.Len()+section.Len()+len(row) > room {
				left++
				continue
			}
			section.WriteString(row + "\n")
			shown++
			rows++
		}
		if rows > 0 {
			b.WriteString(section.String())
			under = verb(s.kind)
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n… and %s.\n", plural(left, "more region"))
	}
	for _, line := range v.unprovedLines(others) {
		if b.Len()+len(line) < room {
			fmt.Fprintf(&b, "\n%s.\n", markdownText(strings.ToUpper(line[:1])+line[1:]))
		}
	}
	return b.String()
}

// A diffRegionsJSON is all that a principal gains, or loses.
type diffRegionsJSON struct {
	Kind      string `json:"kind"` // gained or lost
	Principal string `json:"principal"`
	summaryJSON
}

func (v *diffView) regionsJSON() ([]diffRegionsJSON, error) {
	var out []diffRegionsJSON
	for i := range v.regions {
		s, err := summaryOf(&v.regions[i].Summary)
		if err != nil {
			return nil, err
		}
		out = append(out, diffRegionsJSON{v.regions[i].kind.String(), v.regions[i].principal.String(), *s})
	}
	return out, nil
}
