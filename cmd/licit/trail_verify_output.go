package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail/digest"
)

// verifyRead reads a file by a function, and names it in errors.
func verifyRead[T any](name string, read func(io.Reader) (T, error)) (T, error) {
	file, err := os.Open(name)
	if err != nil {
		var zero T
		return zero, err
	}
	defer file.Close()
	t, err := read(file)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return t, err
}

func (f *verifyFlags) write(a *app, dir string, r *digest.Report) error {
	switch f.output {
	case "json":
		return writeJSON(a.stdout, verifyJSONOf(r))
	case "csv":
		_, err := io.WriteString(a.stdout, verifyCSV(r))
		return err
	}
	v := verifyView{dir: dir, report: r, top: f.top, line: printable, code: printable, style: a.style}
	text := v.text
	if f.output == "markdown" {
		v.line, v.code = markdownText, markdownCode
		text = v.markdown
	}
	_, err := io.WriteString(a.stdout, text())
	return err
}

// The JSON output of trail verify; it may grow members, never change one.
type verifyJSON struct {
	Verdict  string              `json:"verdict"` // valid, invalid or unverified
	From     string              `json:"from,omitempty"`
	To       string              `json:"to,omitempty"`
	Digests  verifyCountsJSON    `json:"digests"`
	LogFiles verifyCountsJSON    `json:"logFiles"`
	Others   int                 `json:"otherFiles"`
	Findings []verifyFindingJSON `json:"findings"`
	Chains   []verifyChainJSON   `json:"chains"`
	Unlisted []verifyLogJSON     `json:"unlistedLogFiles"`
}

type verifyCountsJSON struct {
	Valid      int `json:"valid"`
	Invalid    int `json:"invalid"`
	Missing    int `json:"missing"`
	Unverified int `json:"unverified"`
}

type verifyFindingJSON struct {
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Subject  string `json:"subject"`
	Reason   string `json:"reason"`
}

type verifyChainJSON struct {
	Organization string             `json:"organization,omitempty"`
	Account      string             `json:"account"`
	Region       string             `json:"region"`
	Trail        string             `json:"trail"`
	HomeRegion   string             `json:"homeRegion"`
	Backfill     bool               `json:"backfill,omitempty"`
	Proved       []verifyPeriodJSON `json:"proved"`
	NotProved    []verifyPeriodJSON `json:"notProved"`
	Digests      []verifyDigestJSON `json:"digests"`
}

type verifyPeriodJSON struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason,omitempty"`
}

type verifyDigestJSON struct {
	verifyLogJSON
	Bucket      string          `json:"bucket,omitempty"`
	Start       string          `json:"start,omitempty"`
	End         string          `json:"end,omitempty"`
	Fingerprint string          `json:"publicKeyFingerprint,omitempty"`
	LogFiles    []verifyLogJSON `json:"logFiles"`
}

type verifyLogJSON struct {
	Path    string `json:"path,omitempty"`
	Key     string `json:"key,omitempty"`
	Verdict string `json:"verdict"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func verifyJSONOf(r *digest.Report) verifyJSON {
	digests, logs := r.Count()
	out := verifyJSON{
		Verdict: r.Verdict().String(), From: moment(r.From), To: moment(r.To), Digests: verifyCountsJSON(digests), LogFiles: verifyCountsJSON(logs), Others: r.Others,
		Findings: []verifyFindingJSON{}, Chains: []verifyChainJSON{}, Unlisted: verifyLogs(r.Unlisted),
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, verifyFindingJSON{f.Severity.String(), string(f.Code), f.Subject, f.Reason})
	}
	for i := range r.Chains {
		c := &r.Chains[i]
		j := verifyChainJSON{
			Organization: c.Organization, Account: c.Account, Region: c.Region, Trail: c.Trail, HomeRegion: c.HomeRegion, Backfill: c.Backfill,
			Proved: []verifyPeriodJSON{}, NotProved: []verifyPeriodJSON{}, Digests: []verifyDigestJSON{},
		}
		for _, p := range c.Proved {
			j.Proved = append(j.Proved, verifyPeriodJSON{moment(p.From), moment(p.To), ""})
		}
		for _, h := range c.Gaps {
			j.NotProved = append(j.NotProved, verifyPeriodJSON{moment(h.From), moment(h.To), h.Reason})
		}
		for _, d := range c.Digests {
			j.Digests = append(j.Digests, verifyDigestJSON{
				verifyLogJSON{d.Path, d.Key, d.Verdict.String(), string(d.Code), d.Reason}, d.Bucket, moment(d.Start), moment(d.End), d.Fingerprint, verifyLogs(d.Logs),
			})
		}
		out.Chains = append(out.Chains, j)
	}
	return out
}

func verifyLogs(logs []digest.Log) []verifyLogJSON {
	out := make([]verifyLogJSON, 0, len(logs))
	for _, l := range logs {
		out = append(out, verifyLogJSON{l.Path, l.Key, l.Verdict.String(), string(l.Code), l.Reason})
	}
	return out
}

// verifyCSV has a line for each digest and each log file.
func verifyCSV(r *digest.Report) string {
	t := table{heading: []string{"kind", "account", "region", "trail", "homeRegion", "path", "key", "start", "end", "verdict", "code", "reason"}}
	row := func(chain *digest.Chain, kind string, l digest.Log, start, end time.Time) {
		t.addPrintable(kind, chain.Account, chain.Region, chain.Trail, chain.HomeRegion, l.Path, l.Key, moment(start), moment(end), l.Verdict.String(), string(l.Code), l.Reason)
	}
	for i := range r.Chains {
		chain := &r.Chains[i]
		for _, d := range chain.Digests {
			row(chain, "digest", digest.Log{Path: d.Path, Key: d.Key, Verdict: d.Verdict, Code: d.Code, Reason: d.Reason}, d.Start, d.End)
			for _, l := range d.Logs {
				row(chain, "log file", l, time.Time{}, time.Time{})
			}
		}
	}
	for _, l := range r.Unlisted {
		row(&digest.Chain{}, "log file", l, time.Time{}, time.Time{})
	}
	return t.csv()
}

// A verifyView is a report as people read it.
type verifyView struct {
	dir        string
	report     *digest.Report
	top        int
	line, code func(string) string
	style      style
}

// verdict says in a sentence what was found.
func (v *verifyView) verdict() string {
	r := v.report
	n := map[digest.Severity]int{}
	for _, f := range r.Findings {
		n[f.Severity]++
	}
	switch r.Verdict() {
	case digest.Valid:
		s := "proved for the " + plural(len(r.Chains), "chain") + " that are here"
		if len(r.Chains) == 1 {
			s = "proved for the one chain that is here"
		}
		return s + ": all their digests and log files in the period are as CloudTrail delivered them"
	case digest.Invalid:
		s := "tampering, or files left out or added: " + plural(n[digest.Tampering], "finding")
		if n[digest.Unproved] > 0 {
			s += fmt.Sprintf(", and %d of what could not be verified", n[digest.Unproved])
		}
		return s
	}
	return "not proved: " + plural(n[digest.Unproved], "finding") + ", none of tampering"
}

func (v *verifyView) painted() string {
	s := v.verdict()
	switch v.report.Verdict() {
	case digest.Valid:
		return v.style.good(s)
	case digest.Invalid:
		return v.style.bad(s)
	}
	return s
}

// period is what was asked for.
func (v *verifyView) period() string {
	from, to := "the first digest of each chain", "the last"
	if !v.report.From.IsZero() {
		from = moment(v.report.From)
	}
	if !v.report.To.IsZero() {
		to = moment(v.report.To)
	} else if len(v.report.Chains) > 0 {
		to += "; whether more was delivered after it is not proved"
	}
	return "from " + from + " to " + to
}

func verifyCounts(c digest.Counts) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Valid, "valid"}, {c.Invalid, "invalid"}, {c.Missing, "missing"}, {c.Unverified, "not verified"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func (v *verifyView) text() string {
	var b strings.Builder
	digests, logs := v.report.Count()
	fmt.Fprintf(&b, "%s: %s\n\n", v.line(v.dir), v.painted())
	fmt.Fprintf(&b, "delivered  %s\ndigests    %s\nlog files  %s\n", v.period(), verifyCounts(digests), verifyCounts(logs))
	if v.report.Others > 0 {
		fmt.Fprintf(&b, "left out   %s\n", plural(v.report.Others, "file"))
	}
	for i := range v.report.Chains {
		c := &v.report.Chains[i]
		fmt.Fprintf(&b, "\n%s: %s\n", v.line(c.Name()), plural(len(c.Digests), "digest"))
		for _, p := range c.Proved {
			fmt.Fprintf(&b, "  proved      %s to %s\n", moment(p.From), moment(p.To))
		}
		for _, h := range c.Gaps {
			fmt.Fprintf(&b, "  not proved  %s to %s: %s\n", moment(h.From), moment(h.To), v.line(h.Reason))
		}
	}
	v.findings(func(title string) { fmt.Fprintf(&b, "\n%s\n", title) }, func(f digest.Finding) {
		fmt.Fprintf(&b, "  %s  %s\n      %s\n", f.Code, v.line(f.Subject), v.line(f.Reason))
	}, func(n int) { fmt.Fprintf(&b, "  … and %d more of this kind\n", n) })
	return b.String()
}

func (v *verifyView) markdown() string {
	var b strings.Builder
	digests, logs := v.report.Count()
	fmt.Fprintf(&b, "### CloudTrail log files of %s\n\n**%s**\n\n- delivered %s\n- digests: %s\n- log files: %s\n", v.code(v.dir), v.line(v.verdict()), v.line(v.period()), verifyCounts(digests), verifyCounts(logs))
	if len(v.report.Chains) > 0 {
		b.WriteString("\n| Account | Region | Trail | Digests | Period | |\n|---|---|---|---|---|---|\n")
	}
	for i := range v.report.Chains {
		c := &v.report.Chains[i]
		row := func(p digest.Period, what string) {
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %s to %s | %s |\n", c.Account, c.Region, v.code(c.Trail), len(c.Digests), moment(p.From), moment(p.To), v.line(what))
		}
		for _, p := range c.Proved {
			row(p, "proved")
		}
		for _, h := range c.Gaps {
			row(h.Period, "not proved: "+h.Reason)
		}
	}
	v.findings(func(title string) { fmt.Fprintf(&b, "\n#### %s\n\n", title) }, func(f digest.Finding) {
		fmt.Fprintf(&b, "- %s %s: %s\n", f.Code, v.code(f.Subject), v.line(f.Reason))
	}, func(n int) { fmt.Fprintf(&b, "- … and %d more of this kind\n", n) })
	return b.String()
}

// findings calls back for each, under the title of its severity; of one kind the first ones only.
func (v *verifyView) findings(title func(string), one func(digest.Finding), more func(int)) {
	titles := map[digest.Severity]string{digest.Tampering: "Tampering, or files left out or added", digest.Unproved: "Not proved", digest.Note: "Notes"}
	list := v.report.Findings
	for i := 0; i < len(list); {
		if i == 0 || list[i].Severity != list[i-1].Severity {
			title(titles[list[i].Severity])
		}
		end := i
		for end < len(list) && list[end].Severity == list[i].Severity && list[end].Code == list[i].Code {
			end++
		}
		shown := end
		if v.top > 0 {
			shown = min(end, i+v.top)
		}
		for _, f := range list[i:shown] {
			one(f)
		}
		if shown < end {
			more(end - shown)
		}
		i = end
	}
}
