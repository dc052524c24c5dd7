package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func (v *diffView) write(a *app, output string, top int) error {
	var text string
	switch output {
	case "json":
		out, err := v.json()
		if err != nil {
			return err
		}
		if v.plan != nil {
			return writeJSON(a.stdout, planDiffJSON{out, v.plan.json()})
		}
		return writeJSON(a.stdout, out)
	case "markdown":
		text = v.markdown(top)
		if v.plan != nil {
			text += v.plan.markdown(top)
		}
	case "github":
		text = v.workflowCommands(top)
		if v.plan != nil {
			text += v.plan.workflowCommands(top)
		}
	default:
		text = v.text(top)
		if v.plan != nil {
			text += v.plan.text(top)
		}
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

// summary is the first line of all formats for people.
func (v *diffView) summary() string {
	type group struct {
		kind    simulate.DeltaKind
		outside bool
	}
	callers := map[group]map[simulate.Outsider]bool{}
	for i := range v.report.Rows {
		r := &v.report.Rows[i]
		g := group{r.Kind, len(r.Outside) > 0}
		if callers[g] == nil {
			callers[g] = map[simulate.Outsider]bool{}
		}
		for _, c := range callersOf(r) {
			callers[g][c] = true
		}
	}
	people := ""
	if v.plan != nil && len(v.plan.signIns) > 0 {
		people = signInSummary(v.plan.signIns)
	}
	if len(callers) == 0 {
		return cmp.Or(people, "no access changes, as far as was asked")
	}
	text := func(noun string, outside bool) string {
		count := func(k simulate.DeltaKind) int { return len(callers[group{k, outside}]) }
		s := fmt.Sprintf("%s gain access, %d lose access", plural(count(simulate.DeltaGained), noun), count(simulate.DeltaLost))
		if open := count(simulate.DeltaConditions); open > 0 {
			s += fmt.Sprintf(", %d have it under other conditions", open)
		}
		return s
	}
	s := text("principal", false)
	if v.outside() > 0 {
		s += "; from outside: " + text("caller", true)
	}
	if people != "" {
		s += "; " + people
	}
	return s
}

// asked says what was asked.
func (v *diffView) asked() string {
	r := v.report
	who := plural(r.Principals, "principal")
	if r.Groups < r.Principals {
		who += fmt.Sprintf(" (in %s of equal ones)", plural(r.Groups, "group"))
	}
	s := fmt.Sprintf("asked both sides %s: for %s that may be affected and %s, those of the service data of %s and others that policies name",
		plural(r.Requests, "request"), who, plural(r.Actions, "action"), v.facts.Date())
	if r.Sampled > 0 {
		s += fmt.Sprintf("; %s are on samples of resources that are not listed", plural(r.Sampled, "request"))
	}
	for _, in := range r.Incomplete {
		set := actionSet{}
		for _, a := range in.Actions {
			set[strings.ToLower(string(a))] = a
		}
		s += fmt.Sprintf("; not complete, since patterns overlap in too many ways: %s on %s", actionsText(v.facts, set, plain), resourcesText(&storyLine{rows: []*simulate.Row{{Resources: in.Resources}}}, plain))
	}
	return s
}

// Bounds of one line of output for people.
const (
	mostActions   = 6
	mostResources = 4
	mostNames     = 3
)

func resourcesText(l *storyLine, code func(string) string) string {
	if l.reason != "" {
		return code("*")
	}
	var out []string
	for i, r := range l.resources() {
		if i == mostResources {
			out = append(out, fmt.Sprintf("%d more", len(l.resources())-i))
			break
		}
		out = append(out, code(r))
	}
	text := strings.Join(out, ", ")
	if l.sampled() {
		text += " (sampled)"
	}
	return text
}

func (v *diffView) text(top int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", v.summary())
	shown, left := 0, 0
	for _, s := range v.stories() {
		if top > 0 && shown >= top {
			left += len(s.lines)
			continue
		}
		fmt.Fprintf(&b, "\n%s\n", s.title())
		line := func(name, text string) { fmt.Fprintf(&b, "  %-10s %s\n", name, text) }
		line("was", s.before)
		line("is", s.after)
		for _, c := range s.causes {
			line("because", c)
		}
		for _, l := range s.lines {
			if shown++; top > 0 && shown > top {
				left++
				continue
			}
			line("who", l.callers(plain, plain))
			line("  what", l.what(v.facts, printable, plain))
			line("  on", resourcesText(l, plain))
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n… and %s (--top 0 shows them, -o json lists them)\n", plural(left, "more line"))
	}
	b.WriteString(v.regionsText(top))
	fmt.Fprintf(&b, "\n%s\n", v.asked())
	for _, line := range v.proofs.lines() {
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.String()
}

// mostMarkdown keeps a report below what GitHub takes as a comment, 65,536 characters.
const mostMarkdown = 60_000

// markdown is fit for a comment on a pull request.
func (v *diffView) markdown(top int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Access\n\n**%s**\n", markdownText(v.summary()))
	shown, left := 0, 0
	for _, s := range v.stories() {
		var section strings.Builder
		fmt.Fprintf(&section, "\n#### %s\n\n- was: %s\n- is: %s\n", markdownText(s.title()), markdownText(s.before), markdownText(s.after))
		for _, c := range s.causes {
			fmt.Fprintf(&section, "- %s\n", markdownText(c))
		}
		section.WriteString("\n| who | actions | resources |\n|---|---|---|\n")
		rows := 0
		for _, l := range s.lines {
			if top > 0 && shown >= top {
				left++
				continue
			}
			row := fmt.Sprintf("| %s | %s | %s |\n", l.callers(markdownText, markdownCode),
				l.what(v.facts, markdownText, markdownCode), resourcesText(l, markdownCode))
			if b.Len()+section.Len()+len(row) > mostMarkdown {
				left++
				continue
			}
			section.WriteString(row)
			shown++
			rows++
		}
		if rows > 0 {
			b.WriteString(section.String())
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n… and %s.\n", plural(left, "more line"))
	}
	b.WriteString(v.regionsMarkdown(top, max(0, mostMarkdown-b.Len())))
	proofs := v.proofs.lines()
	for _, line := range proofs {
		fmt.Fprintf(&b, "\n%s.\n", markdownText(strings.ToUpper(line[:1])+line[1:]))
	}
	asked := markdownText(v.asked())
	if len(proofs)+len(v.regions) == 0 {
		asked += ". No proof: see `licit diff --help`"
	}
	fmt.Fprintf(&b, "\n<sub>%s.</sub>\n", asked)
	return b.String()
}

var markdownEscapes = strings.NewReplacer("|", "&#124;", "`", "&#96;", "<", "&lt;", ">", "&gt;", "*", "&#42;", "_", "&#95;", "[", "&#91;", "]", "&#93;", "@", "&#64;", "#", "&#35;")

// markdownText is a text that Markdown shows as it is.
func markdownText(s string) string { return markdownEscapes.Replace(printable(s)) }

// markdownCode is a text as code, also in a table.
func markdownCode(s string) string { return codeSpan(plain(s)) }

// codeSpan is a text of any length as code.
func codeSpan(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", `\|`).Replace(printable(s)) + "`"
}

// workflowCommands are annotations at the statements that differ (GitHub Docs, “Workflow
// commands for GitHub Actions”).
func (v *diffView) workflowCommands(top int) string {
	var b strings.Builder
	stories := v.stories()
	for i, s := range stories {
		if top > 0 && i >= top {
			fmt.Fprintf(&b, "::notice title=Access::%s\n", commandData(fmt.Sprintf("and %d more changes", len(stories)-i)))
			break
		}
		level := "warning"
		if s.kind == simulate.DeltaConditions {
			level = "notice"
		}
		where := ""
		// The statement after the change is the one that a pull request shows.
		causes := slices.Clone(s.example.Causes)
		slices.Reverse(causes)
		for _, c := range causes {
			if file, at := v.file(c); v.plan == nil && file != "" && (where == "" || c.After) {
				where = fmt.Sprintf("file=%s,line=%d,", commandProperty(file), at.Line)
			}
		}
		noun := "principal"
		if slices.ContainsFunc(s.rows, func(r *simulate.Row) bool { return len(r.Outside) > 0 }) {
			noun = "caller"
		}
		text := fmt.Sprintf("%s: %s, %s. Was: %s. Is: %s.", s.title(), plural(len(s.callers), noun), actionsText(v.facts, actionsOfRows(s.rows), plain), s.before, s.after)
		for _, c := range causes {
			if address := v.addresses[c.Statement.Policy.Document]; address != "" {
				text = address + ": " + text
				break
			}
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", level, where, commandProperty("Access "+s.kind.String()), commandData(text))
	}
	_, others := v.regionStories()
	for _, line := range v.unprovedLines(others) {
		fmt.Fprintf(&b, "::notice title=Proof::%s\n", commandData(line))
	}
	for _, line := range v.proofs.lines() {
		level := "notice"
		if disproved(v.proofs.gained) || disproved(v.proofs.lost) {
			level = "warning"
		}
		fmt.Fprintf(&b, "::%s title=Proof::%s\n", level, commandData(line))
	}
	fmt.Fprintf(&b, "::notice title=Access::%s\n", commandData(v.summary()+"; "+v.asked()))
	return b.String()
}

// The JSON output of diff; it may grow members, never change one.
type diffJSON struct {
	ServiceData string         `json:"serviceData"`
	Counts      diffCountJSON  `json:"counts"`
	Asked       diffAskedJSON  `json:"asked"`
	Rows        []diffRowJSON  `json:"rows"`
	Incomplete  []diffLackJSON `json:"incomplete,omitempty"` // where rows may lack
	// Proofs are there where nothing was found that anybody gains, or loses.
	Proofs *diffProofsJSON `json:"proofs,omitempty"`
	// Regions are those of some principals, see mostRegions: all that they gain, or lose.
	Regions []diffRegionsJSON `json:"regions,omitempty"`
}

type diffLackJSON struct {
	Actions   []policy.Action `json:"actions"`
	Resources []string        `json:"resources"`
}

type diffCountJSON struct {
	Gained        int `json:"gained"`     // rows
	Lost          int `json:"lost"`       // rows
	Conditions    int `json:"conditions"` // rows that depend on conditions in another way
	Indeterminate int `json:"indeterminate"`
	Principals    int `json:"principals"`        // whose access changes
	Outside       int `json:"outside,omitempty"` // callers from outside whose access changes
}

type diffAskedJSON struct {
	Principals int `json:"principals"` // that may be affected
	Groups     int `json:"groups"`     // of principals that are decided alike
	Actions    int `json:"actions"`
	Requests   int `json:"requests"`
	Sampled    int `json:"sampled"` // requests on samples
}

type diffRowJSON struct {
	Kind        string                `json:"kind"` // gained, lost or conditions
	Principals  []string              `json:"principals"`
	Outside     []outsiderJSON        `json:"outside,omitempty"` // callers that no organization lists; then there are no principals
	Actions     []string              `json:"actions"`           // patterns
	ActionCount int                   `json:"actionCount"`
	Resources   []string              `json:"resources"`
	Sampled     bool                  `json:"sampled"`
	Before      diffSideJSON          `json:"before"`
	After       diffSideJSON          `json:"after"`
	Gained      []map[string][]string `json:"gainedFor"` // examples of condition keys
	Lost        []map[string][]string `json:"lostFor"`
	Causes      []diffCauseJSON       `json:"causes"`
	Reason      string                `json:"reason,omitempty"`
}

type outsiderJSON struct {
	Type      string `json:"type"`
	Principal string `json:"principal,omitempty"` // absent: any other of the type
}

type diffSideJSON struct {
	Decision string   `json:"decision"`
	Stage    string   `json:"stage"`
	Allowed  []string `json:"allowedIf,omitempty"`
	Possible []string `json:"perhapsIf,omitempty"`
}

type diffCauseJSON struct {
	Side    string `json:"side"` // before or after
	Policy  string `json:"policy"`
	ID      string `json:"id,omitempty"`
	SID     string `json:"sid,omitempty"`
	Index   int    `json:"index"`
	Address string `json:"address,omitempty"` // of the resource of a Terraform plan
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}

func (v *diffView) json() (out diffJSON, err error) {
	r := v.report
	gained, lost, open := v.counts()
	out = diffJSON{
		ServiceData: v.facts.Date(), Rows: []diffRowJSON{},
		Counts: diffCountJSON{gained, lost, open, r.Indeterminate, v.changed(), v.outside()},
		Asked:  diffAskedJSON{r.Principals, r.Groups, r.Actions, r.Requests, r.Sampled},
		Proofs: v.proofs.json(),
	}
	for i := range r.Rows {
		out.Rows = append(out.Rows, v.row(&r.Rows[i]))
	}
	for _, in := range r.Incomplete {
		out.Incomplete = append(out.Incomplete, diffLackJSON(in))
	}
	out.Regions, err = v.regionsJSON()
	return out, err
}

func (v *diffView) row(r *simulate.Row) diffRowJSON {
	set := actionsOfRows([]*simulate.Row{r})
	j := diffRowJSON{
		Kind: r.Kind.String(), Actions: shortestPatterns(v.facts, set), ActionCount: len(r.Actions), Resources: r.Resources, Sampled: r.Sampled,
		Before: diffSide(r.Before, r.BeforeRequires), After: diffSide(r.After, r.AfterRequires),
		Principals: []string{}, Gained: keyMaps(r.Gained), Lost: keyMaps(r.Lost), Causes: []diffCauseJSON{}, Reason: r.Reason,
	}
	for _, p := range r.Principals {
		j.Principals = append(j.Principals, p.String())
	}
	for _, o := range r.Outside {
		j.Outside = append(j.Outside, outsiderJSON{o.Type.String(), principalText(simulate.Caller{Principal: o.Principal, Type: o.Type})})
	}
	for _, c := range r.Causes {
		side := "before"
		if c.After {
			side = "after"
		}
		cause := diffCauseJSON{Side: side, Policy: c.Statement.Policy.Name, ID: c.Statement.Policy.ID, SID: c.Statement.SID, Index: c.Statement.Index, Address: v.addresses[c.Statement.Policy.Document]}
		if file, at := v.file(c); file != "" {
			cause.File, cause.Line, cause.Column = file, at.Line, at.Column
		}
		j.Causes = append(j.Causes, cause)
	}
	return j
}

func diffSide(d simulate.Decision, r simulate.Requirement) diffSideJSON {
	j := diffSideJSON{Decision: d.Outcome.String(), Stage: d.Stage.String()}
	for _, a := range r.Allowed {
		j.Allowed = append(j.Allowed, a.String())
	}
	for _, a := range r.Possible {
		j.Possible = append(j.Possible, a.String())
	}
	return j
}

func keyMaps(list []simulate.Keys) []map[string][]string {
	out := []map[string][]string{}
	for _, k := range list {
		m := map[string][]string{}
		for name, values := range k.All() {
			m[name] = values
		}
		out = append(out, m)
	}
	return out
}
