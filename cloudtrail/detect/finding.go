package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Severity is how bad a finding is. The zero Severity is [Info].
type Severity uint8

// The severities, the worst last.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityWords = [...]string{"info", "low", "medium", "high", "critical"}

// String is "info", "low", "medium", "high" or "critical".
func (s Severity) String() string {
	if int(s) < len(severityWords) {
		return severityWords[s]
	}
	return fmt.Sprintf("Severity(%d)", uint8(s))
}

// ParseSeverity is the opposite of [Severity.String].
func ParseSeverity(word string) (Severity, error) {
	if i := slices.Index(severityWords[:], word); i >= 0 {
		return Severity(i), nil
	}
	return Info, fmt.Errorf("%q is no severity; want info, low, medium, high or critical", word)
}

// A Finding is what a rule has against a principal, key, alarm or filter.
type Finding struct {
	Code      string
	Severity  Severity
	Subject   string // what it is about: a principal, an access key, an alarm, …
	Principal string // ARN of the role or user, or what is known of who it was; empty: no events
	Person    string // who it was; empty: it cannot be told, or no events
	Account   string // whose log it is
	Message   string
	Count     int // events
	First     time.Time
	Last      time.Time
	Samples   []Sample // the first events
}

// A Sample is an event that a finding is about.
type Sample struct {
	EventID   string
	Time      time.Time
	Event     string // eventSource and eventName: "iam.amazonaws.com CreateUser"
	Account   string // whose log it is
	Region    string
	SourceIP  string
	ErrorCode string // empty: the call succeeded
}

func sampleOf(e *event) Sample {
	// Clones do not hold on to the text that the event was read from.
	return Sample{
		EventID: strings.Clone(e.ID), Time: e.Time, Event: e.Source + " " + e.Name, Account: strings.Clone(e.Account),
		Region: strings.Clone(e.Region), SourceIP: strings.Clone(e.SourceIP), ErrorCode: strings.Clone(e.ErrorCode),
	}
}

func compareSamples(a, b Sample) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.EventID, b.EventID), strings.Compare(a.Event, b.Event))
}

// maxGroups bounds what a rule remembers, so that memory does not grow with the events.
const maxGroups = 10_000

// A tally counts events of one rule by what they are about.
type tally struct {
	code    string
	samples int
	groups  map[string]*Finding
	dropped int // events beyond maxGroups
}

func newTally(r Rule, c *Config) *tally {
	return &tally{code: r.Code, samples: c.sampleCount(), groups: make(map[string]*Finding)}
}

func (c *Config) sampleCount() int {
	if c.Samples <= 0 {
		return 3
	}
	return c.Samples
}

// add counts an event. The first of a group says what the finding is.
func (t *tally) add(e *event, severity Severity, subject, message string) *Finding {
	key := subject + "\x00" + e.principal + "\x00" + e.person + "\x00" + e.Account + "\x00" + message
	f := t.groups[key]
	if f == nil {
		if len(t.groups) >= maxGroups {
			t.dropped++
			return nil
		}
		f = &Finding{
			Code: t.code, Severity: severity, Subject: strings.Clone(subject), Principal: strings.Clone(e.principal),
			Person: strings.Clone(e.person), Account: strings.Clone(e.Account), Message: strings.Clone(message),
		}
		t.groups[key] = f
	}
	f.observe(e, t.samples)
	return f
}

func (f *Finding) observe(e *event, samples int) {
	f.Count++
	if f.First.IsZero() || e.Time.Before(f.First) {
		f.First = e.Time
	}
	if e.Time.After(f.Last) {
		f.Last = e.Time
	}
	if n := len(f.Samples); n < samples || !e.Time.After(f.Samples[n-1].Time) {
		f.sample(sampleOf(e), samples)
	}
}

// sample keeps the first samples, whatever the order in which they come.
func (f *Finding) sample(s Sample, most int) {
	at, known := slices.BinarySearchFunc(f.Samples, s, compareSamples)
	if at == most || known && s.EventID != "" {
		return
	}
	f.Samples = slices.Insert(f.Samples, at, s)
	if len(f.Samples) > most {
		f.Samples = f.Samples[:most]
	}
}

// report adds what was counted to a result.
func (t *tally) report(r *Result) {
	for _, f := range t.groups {
		r.Findings = append(r.Findings, *f)
	}
	slices.SortFunc(r.Findings, compareFindings)
	if t.dropped > 0 {
		r.note("%d events are about more than the %d subjects that are kept, and are in no finding", t.dropped, maxGroups)
	}
}

func compareFindings(a, b Finding) int {
	return cmp.Or(-cmp.Compare(a.Severity, b.Severity), strings.Compare(a.Code, b.Code), strings.Compare(a.Subject, b.Subject), strings.Compare(a.Account, b.Account),
		strings.Compare(a.Principal, b.Principal), strings.Compare(a.Person, b.Person), strings.Compare(a.Message, b.Message))
}
