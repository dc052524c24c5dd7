package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/cloudtrail/replay"
)

func writeReplay(a *app, r *replay.Report, output string, top int) error {
	switch output {
	case "json":
		return writeJSON(a.stdout, replayJSONOf(r))
	case "csv":
		return printTo(a.stdout, replayCSV(r))
	case "markdown":
		return printTo(a.stdout, replayMarkdown(r, top))
	}
	return printTo(a.stdout, replayText(r, top))
}

// A replaySection is one kind of differences under its headline.
type replaySection struct {
	name, title string
	deltas      []replay.Delta
}

// replaySections are all kinds, those that are empty included: that nothing was found is an
// answer, too.
func replaySections(r *replay.Report) []replaySection {
	var certain, possible []replay.Delta
	for _, d := range r.Broken {
		if d.Certain {
			certain = append(certain, d)
		} else {
			possible = append(possible, d)
		}
	}
	return []replaySection{
		{"broken", "would be denied for certain", certain},
		{"possible", "would perhaps be denied", possible},
		{"opened", "were refused and would be allowed", r.Opened},
		{"apart", "of callers that SCPs do not restrict, or from outside, would change", r.Apart},
		{"unsure", "succeeded although the policies of the snapshot deny them: errors of the model, which say nothing about the change", r.Unsure},
	}
}

// trust is how far the report can be trusted, as lines.
func trust(r *replay.Report) []string {
	days := "no days"
	if n := len(r.Days); n > 0 {
		days = fmt.Sprintf("%s (%s to %s)", plural(n, "day"), r.Days[0], r.Days[n-1])
	}
	data := "no data events: calls on objects, items and messages were not seen"
	if len(r.Sources) > 0 {
		data = "data events of " + strings.Join(r.Sources, ", ")
	}
	out := []string{
		fmt.Sprintf("log: %s of %s in %s over %s; %s", plural(r.Events, "event"), plural(len(r.Accounts), "account"), plural(len(r.Regions), "Region"), days, data),
		fmt.Sprintf("calls: %d succeeded, %d refused, %d failed for other reasons; %s that policies can tell apart", r.Succeeded, r.Denied, r.Failed, plural(r.Tuples, "kind")),
	}
	if r.Duplicates > 0 {
		out = append(out, "left out: "+plural(r.Duplicates, "event")+" that came again")
	}
	b := &r.Backtest
	if rate, ok := b.Rate(); ok {
		out = append(out, fmt.Sprintf("backtest: the policies of the snapshot agree with what AWS answered on %s of %s that they decide; %d not decided", percent(rate), plural(b.Agree+b.Disagree+b.Other, "call"), b.Undecided))
		if b.Other > 0 {
			out = append(out, fmt.Sprintf("  not counted as agreement: %s refused for another action or layer than the message names", plural(b.Other, "call")))
		}
	} else {
		out = append(out, fmt.Sprintf("backtest: the policies of the snapshot decide none of the calls; %d not decided: how far to trust this is not known", b.Undecided))
	}
	if b.Named > 0 {
		out = append(out, fmt.Sprintf("  refusals whose message names the layer: %d, of which %d as the snapshot does", b.Named, b.Same))
	}
	for i, d := range b.Disagreements {
		if i == 5 {
			out = append(out, fmt.Sprintf("  and %d more kinds of disagreement", len(b.Disagreements)-i))
			break
		}
		out = append(out, fmt.Sprintf("  %s: AWS %s, snapshot %s, %s", d.Action, d.AWS, d.Model, plural(d.Events, "call")))
	}
	if r.Calls > 0 {
		out = append(out, fmt.Sprintf("mapping: the actions of %s of the calls are known, actions and resources of %s", percent(float64(r.Mapped)/float64(r.Calls)), percent(float64(r.Placed)/float64(r.Calls))))
	}
	for _, k := range r.Keys {
		line := fmt.Sprintf("key %s: known for %s of the calls, absent for %s", k.Key, part(k.Known, k), part(k.Absent, k))
		if k.Unknown > 0 {
			line += fmt.Sprintf(", not known for %s", part(k.Unknown, k))
			if len(k.Why) > 0 {
				line += " (" + strings.Join(k.Why, "; ") + ")"
			}
		}
		out = append(out, line)
	}
	return out
}

func part(n int, k replay.KeyCoverage) string {
	all := k.Known + k.Absent + k.Unknown
	if all == 0 {
		return "none"
	}
	return percent(float64(n) / float64(all))
}

// percent rounds down, so that 100 % means all.
func percent(x float64) string { return fmt.Sprintf("%.1f %%", float64(int(x*1000))/10) }

func replayText(r *replay.Report, top int) string {
	var b strings.Builder
	for _, line := range trust(r) {
		fmt.Fprintf(&b, "%s\n", printable(line))
	}
	for _, s := range replaySections(r) {
		fmt.Fprintf(&b, "\n%s %s", plural(events(s.deltas), "call"), s.title)
		if len(s.deltas) == 0 {
			fmt.Fprintf(&b, " (not observed in %s)\n", plural(len(r.Days), "day"))
			continue
		}
		b.WriteString("\n")
		for i := range s.deltas {
			if top > 0 && i == top {
				fmt.Fprintf(&b, "  … %d more kinds; --top 0 shows all\n", len(s.deltas)-i)
				break
			}
			fmt.Fprintf(&b, "  %s\n", printable(deltaText(&s.deltas[i])))
		}
	}
	if len(r.Skipped) > 0 {
		b.WriteString("\nnot replayed\n")
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "  %s\n", printable(skippedText(s)))
	}
	return b.String()
}

func skippedText(s replay.Skipped) string {
	text := s.Why
	if s.Detail != "" {
		text += " (" + s.Detail + ")"
	}
	return text + ": " + plural(s.Events, "event")
}

func events(list []replay.Delta) (n int) {
	for i := range list {
		n += list[i].Events
	}
	return n
}

func deltaText(d *replay.Delta) string {
	who := d.Principal
	if d.Person != "" {
		who += " (" + d.Person + ")"
	}
	if d.Class != replay.Member {
		who = d.Class.String() + " " + who
	}
	s := fmt.Sprintf("%s %s in %s %s: %s, %s to %s; %s", who, d.Action, d.Account, d.Region, plural(d.Events, "call"), day(d.First), day(d.Last), d.Statement)
	if d.Class != replay.Member && d.Gained {
		s += " no longer"
	}
	if len(d.Depends) > 0 {
		s += "; depends on " + strings.Join(d.Depends, ", ")
	}
	if ids := sampleIDs(d.Counts); len(ids) > 0 {
		s += "; such as " + strings.Join(ids, ", ")
	}
	return s
}

func sampleIDs(c replay.Counts) (out []string) {
	for _, s := range c.Samples {
		if s.ID != "" {
			out = append(out, s.ID)
		}
	}
	return out
}

func replayMarkdown(r *replay.Report, top int) string {
	var b strings.Builder
	for _, line := range trust(r) {
		indent := ""
		if strings.HasPrefix(line, " ") {
			indent = "  "
		}
		fmt.Fprintf(&b, "%s- %s\n", indent, markdownText(strings.TrimSpace(line)))
	}
	for _, s := range replaySections(r) {
		fmt.Fprintf(&b, "\n### %s %s\n\n", plural(events(s.deltas), "call"), s.title)
		if len(s.deltas) == 0 {
			fmt.Fprintf(&b, "Not observed in %s.\n", plural(len(r.Days), "day"))
			continue
		}
		b.WriteString("| who | action | account | Region | calls | last | by | depends on |\n|---|---|---|---|---|---|---|---|\n")
		for i := range s.deltas {
			if top > 0 && i == top {
				fmt.Fprintf(&b, "\n%d more kinds.\n", len(s.deltas)-i)
				break
			}
			d := &s.deltas[i]
			who := d.Principal
			if d.Person != "" {
				who += " (" + d.Person + ")"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %s | %s | %s |\n", markdownText(who), markdownText(string(d.Action)), markdownText(d.Account), markdownText(d.Region), d.Events, day(d.Last), markdownText(d.Statement), markdownText(strings.Join(d.Depends, ", ")))
		}
	}
	return b.String()
}

func replayCSV(r *replay.Report) string {
	t := &table{heading: []string{"kind", "class", "principal", "person", "account", "region", "action", "statement", "depends", "calls", "first", "last", "events"}}
	for _, s := range replaySections(r) {
		for i := range s.deltas {
			d := &s.deltas[i]
			t.addPrintable(s.name, d.Class.String(), d.Principal, d.Person, d.Account, d.Region, string(d.Action), d.Statement, strings.Join(d.Depends, " "), fmt.Sprint(d.Events), moment(d.First), moment(d.Last), strings.Join(sampleIDs(d.Counts), " "))
		}
	}
	return t.csv()
}
