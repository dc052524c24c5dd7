package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail/detect"
)

// A detectView writes a report.
type detectView struct {
	r   *detect.Report
	dir string
	top int // findings of a rule; 0: all
}

func (v detectView) write(a *app, output string) error {
	var err error
	switch output {
	case "json":
		err = writeJSON(a.stdout, detectReportJSON(v.r))
	case "csv":
		_, err = io.WriteString(a.stdout, v.csv())
	case "markdown":
		_, err = io.WriteString(a.stdout, v.markdown())
	default:
		_, err = io.WriteString(a.stdout, v.text(a.style))
	}
	return err
}

// summary says what was read.
func (v detectView) summary() string {
	r := v.r
	text := plural(r.Events, "event")
	if r.Events > 0 {
		text += fmt.Sprintf(" of %s, from %s to %s", plural(r.Days, "day"), moment(r.First), moment(r.Last))
	}
	for _, part := range []struct {
		n    int
		what string
	}{
		{r.Duplicates, "more than once, examined once"}, {r.Outside, "outside of --since and --until"}, {r.Undated, "without a time, not examined"}, {r.Future, "dated more than a year after today, not counted in the days"}, {r.Unreadable, "records or files that could not be read"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf("; %d %s", part.n, part.what)
		}
	}
	return text
}

// shown are the findings of a result that are listed, and how many are not.
func (v detectView) shown(res detect.Result) ([]detect.Finding, int) {
	if v.top == 0 || len(res.Findings) <= v.top {
		return res.Findings, 0
	}
	return res.Findings[:v.top], len(res.Findings) - v.top
}

func (v detectView) text(s style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", plain(v.dir), v.summary())
	for _, res := range v.r.Results {
		if len(res.Findings) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s (%s): %s\n", res.Rule.Code, s.severity(res.Rule.Severity), res.Rule.Title)
		list, more := v.shown(res)
		for _, f := range list {
			findingText(&b, f)
		}
		if more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	v.others(&b, "\nnothing found:\n", func(res detect.Result) string {
		if res.Observed != "" && len(res.Notes) > 0 {
			return res.Observed + ", as far as it is known: see below"
		}
		return res.Observed
	})
	v.others(&b, "\nskipped:\n", func(res detect.Result) string { return res.Skipped })
	head := "\nnot known:\n"
	for _, res := range v.r.Results {
		for _, n := range res.Notes {
			fmt.Fprintf(&b, "%s  %s: %s\n", head, res.Rule.Code, plain(n))
			head = ""
		}
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(v.facts(), "\n"))
	if len(v.r.Keys) > 0 {
		b.WriteString("\nlong-term access keys in use:\n")
	}
	for i, k := range v.r.Keys {
		if v.top > 0 && i == v.top {
			fmt.Fprintf(&b, "  and %d more\n", len(v.r.Keys)-i)
			break
		}
		fmt.Fprintf(&b, "  %s %s: %s from %s, %s to %s\n    %s\n", plain(k.ID), plain(k.Principal), plural(k.Count, "event"), addressCount(k.Addresses), moment(k.First), moment(k.Last), keyAgents(k))
	}
	if len(v.r.Alarms) > 0 {
		b.WriteString("\nalarms:\n")
	}
	for _, f := range v.r.Alarms {
		fmt.Fprintf(&b, "  %s on %s of %s: goes off: %s, tells somebody: %s\n", plain(f.Alarm), f.Watched, plain(f.Subject), f.Fires, f.Notifies)
		for _, reason := range f.Reasons {
			fmt.Fprintf(&b, "    %s\n", plain(reason))
		}
	}
	return b.String()
}

func addressCount(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}

// keyAgents are the programs that use a key, and what they hint at.
func keyAgents(k detect.KeyUse) string {
	text := plain(strings.Join(k.Agents, ", "))
	if text == "" {
		text = "no user agent"
	}
	if len(k.Hints) > 0 {
		text += "; perhaps in " + strings.Join(k.Hints, ", ")
	}
	return text
}

// others lists the results of which a text says something.
func (v detectView) others(b *strings.Builder, head string, of func(detect.Result) string) {
	for _, res := range v.r.Results {
		if text := of(res); text != "" {
			fmt.Fprintf(b, "%s  %s: %s\n", head, res.Rule.Code, text)
			head = ""
		}
	}
}

func findingText(b *strings.Builder, f detect.Finding) {
	fmt.Fprintf(b, "  %s: %s\n", plain(f.Subject), plain(f.Message))
	if f.Count == 0 {
		return
	}
	span := moment(f.First)
	if !f.Last.Equal(f.First) {
		span += " to " + moment(f.Last)
	}
	fmt.Fprintf(b, "    %s, %s", plural(f.Count, "event"), span)
	if f.Account != "" && f.Account != f.Subject {
		fmt.Fprintf(b, ", in %s", plain(f.Account))
	}
	if f.Principal != "" && f.Principal != f.Subject {
		fmt.Fprintf(b, ", by %s", plain(f.Principal))
	}
	if f.Person != "" {
		fmt.Fprintf(b, ", %s", plain(f.Person))
	}
	b.WriteString("\n")
	for _, s := range f.Samples {
		parts := []string{s.EventID, moment(s.Time), s.Event, s.Region}
		if s.SourceIP != "" {
			parts = append(parts, s.SourceIP)
		}
		if s.ErrorCode != "" {
			parts = append(parts, s.ErrorCode)
		}
		fmt.Fprintf(b, "      %s\n", plain(strings.Join(parts, " ")))
	}
}

// facts are what was counted besides findings.
func (v detectView) facts() []string {
	at := v.r.Attribution
	line := "attribution: no events of people"
	if share := ratio(at); share != nil {
		// Rounded down: 100 % is all of them.
		line = fmt.Sprintf("attribution: %d of %d events of people can be traced to a person, %d.%d %%; persons: %d", at.Persons, at.Persons+at.Unattributed, int(*share*1000)/10, int(*share*1000)%10, at.People)
	}
	line += fmt.Sprintf("; besides, %d of services, %d of workloads, %d of pipelines", at.Services, at.Workloads, at.Pipelines)
	out := []string{line}
	if l := v.r.Leavers; l != nil {
		text := fmt.Sprintf("leavers: %d judged, %d of them active afterwards, %d longer than 24 hours; 95 %% no longer than %s, all no longer than %s", l.Leavers, l.Active, l.Late, latency(l.P95), latency(l.Longest))
		if l.Unjudged > 0 {
			text += fmt.Sprintf("; %d not judged", l.Unjudged)
		}
		out = append(out, text)
	}
	return out
}

func latency(d time.Duration) string {
	return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
}

// severity colours a severity.
func (s style) severity(v detect.Severity) string {
	if v >= detect.High {
		return s.bad(v.String())
	}
	return v.String()
}

func (v detectView) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Detections in CloudTrail\n\n%s\n\n| Severity | Rule | Subject | What | Events | First | Last | Person | Account | Samples |\n|---|---|---|---|--:|---|---|---|---|---|\n", markdownText(v.summary()))
	for _, res := range v.r.Results {
		list, more := v.shown(res)
		for _, f := range list {
			var ids []string
			for _, s := range f.Samples {
				ids = append(ids, s.EventID)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %s | %s | %s | %s | %s |\n", f.Severity, markdownText(f.Code), markdownCode(f.Subject), markdownText(f.Message), f.Count, moment(f.First), moment(f.Last), markdownText(f.Person), markdownText(f.Account), markdownText(strings.Join(ids, " ")))
		}
		if more > 0 {
			fmt.Fprintf(&b, "| %s | %s | and %d more | | | | | | | |\n", res.Rule.Severity, markdownText(res.Rule.Code), more)
		}
	}
	b.WriteString("\n| Rule | Not observed, skipped, or not known |\n|---|---|\n")
	for _, res := range v.r.Results {
		if res.Observed != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", markdownText(res.Rule.Code), markdownText(res.Observed))
		}
		if res.Skipped != "" {
			fmt.Fprintf(&b, "| %s | skipped: %s |\n", markdownText(res.Rule.Code), markdownText(res.Skipped))
		}
		for _, n := range res.Notes {
			fmt.Fprintf(&b, "| %s | not known: %s |\n", markdownText(res.Rule.Code), markdownText(n))
		}
	}
	b.WriteString("\n")
	for _, line := range v.facts() {
		fmt.Fprintf(&b, "- %s\n", markdownText(line))
	}
	for _, f := range v.r.Alarms {
		fmt.Fprintf(&b, "- alarm %s on %s of %s: goes off: %s, tells somebody: %s\n", markdownCode(f.Alarm), markdownText(f.Watched), markdownCode(f.Subject), f.Fires, f.Notifies)
	}
	return b.String()
}
