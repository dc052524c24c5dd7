package main

import (
	"strconv"
	"strings"

	"github.com/licit-dev/licit/cloudtrail/detect"
)

type ruleJSON struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Reads    string `json:"reads"`
	Blind    string `json:"cannotSee"`
}

type detectJSON struct {
	Events      int             `json:"events"`
	Duplicates  int             `json:"duplicates"`
	Future      int             `json:"future,omitempty"`
	Outside     int             `json:"outside"`
	Undated     int             `json:"undated"`
	Unreadable  int             `json:"unreadable"`
	Errors      []string        `json:"errors"`
	First       string          `json:"first,omitempty"`
	Last        string          `json:"last,omitempty"`
	Days        int             `json:"days"`
	Results     []resultJSON    `json:"results"`
	Attribution attributionJSON `json:"attribution"`
	Leavers     *leavingJSON    `json:"leavers,omitempty"`
	Keys        []keyUseJSON    `json:"keys"`
	Alarms      []firingJSON    `json:"alarms,omitempty"`
}

type resultJSON struct {
	Code     string              `json:"code"`
	Severity string              `json:"severity"`
	Skipped  string              `json:"skipped,omitempty"`
	Observed string              `json:"observed,omitempty"`
	Notes    []string            `json:"notes"`
	Findings []detectFindingJSON `json:"findings"`
}

type detectFindingJSON struct {
	Severity  string       `json:"severity"`
	Subject   string       `json:"subject"`
	Principal string       `json:"principal,omitempty"`
	Person    string       `json:"person,omitempty"`
	Account   string       `json:"account,omitempty"`
	Message   string       `json:"message"`
	Events    int          `json:"events"`
	First     string       `json:"first,omitempty"`
	Last      string       `json:"last,omitempty"`
	Samples   []sampleJSON `json:"samples"`
}

type sampleJSON struct {
	EventID   string `json:"eventId"`
	Time      string `json:"time"`
	Event     string `json:"event"`
	Account   string `json:"account"`
	Region    string `json:"region"`
	SourceIP  string `json:"sourceIp,omitempty"`
	ErrorCode string `json:"errorCode,omitempty"`
}

type attributionJSON struct {
	Persons      int      `json:"persons"`
	People       int      `json:"people"`
	Services     int      `json:"services"`
	Workloads    int      `json:"workloads"`
	Pipelines    int      `json:"pipelines"`
	Unattributed int      `json:"unattributed"`
	Ratio        *float64 `json:"ratio,omitempty"`
}

type leavingJSON struct {
	Leavers  int     `json:"leavers"`
	Active   int     `json:"active"`
	P95      float64 `json:"p95Seconds"`
	Longest  float64 `json:"longestSeconds"`
	Late     int     `json:"late"`
	Unjudged int     `json:"unjudged"`
}

type keyUseJSON struct {
	ID        string   `json:"id"`
	Principal string   `json:"principal"`
	Account   string   `json:"account"`
	Events    int      `json:"events"`
	First     string   `json:"first"`
	Last      string   `json:"last"`
	Agents    []string `json:"agents"`
	Addresses int      `json:"addresses"`
	Hints     []string `json:"hints"`
}

type firingJSON struct {
	Alarm    string   `json:"alarm"`
	Watched  string   `json:"watched"`
	Subject  string   `json:"subject"`
	Events   int      `json:"events"`
	Fires    string   `json:"fires"`
	Notifies string   `json:"notifies"`
	Reasons  []string `json:"reasons"`
}

// ratio is the part of the events of people that can be traced to a person; nil if there
// are none.
func ratio(a detect.Attribution) *float64 {
	if a.Persons+a.Unattributed == 0 {
		return nil
	}
	r := float64(a.Persons) / float64(a.Persons+a.Unattributed)
	return &r
}

// listed is a list that JSON writes as one also if it is empty.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func detectReportJSON(r *detect.Report) detectJSON {
	at := r.Attribution
	j := detectJSON{
		Events: r.Events, Duplicates: r.Duplicates, Future: r.Future, Outside: r.Outside, Undated: r.Undated, Unreadable: r.Unreadable, Errors: listed(r.Errors), First: moment(r.First), Last: moment(r.Last), Days: r.Days,
		Attribution: attributionJSON{at.Persons, at.People, at.Services, at.Workloads, at.Pipelines, at.Unattributed, ratio(at)}, Keys: []keyUseJSON{},
	}
	for _, res := range r.Results {
		out := resultJSON{Code: res.Rule.Code, Severity: res.Rule.Severity.String(), Skipped: res.Skipped, Observed: res.Observed, Notes: listed(res.Notes), Findings: []detectFindingJSON{}}
		for _, f := range res.Findings {
			out.Findings = append(out.Findings, detectionOf(f))
		}
		j.Results = append(j.Results, out)
	}
	if l := r.Leavers; l != nil {
		j.Leavers = &leavingJSON{l.Leavers, l.Active, l.P95.Seconds(), l.Longest.Seconds(), l.Late, l.Unjudged}
	}
	for _, k := range r.Keys {
		j.Keys = append(j.Keys, keyUseJSON{k.ID, k.Principal, k.Account, k.Count, moment(k.First), moment(k.Last), listed(k.Agents), k.Addresses, listed(k.Hints)})
	}
	for _, f := range r.Alarms {
		j.Alarms = append(j.Alarms, firingJSON{f.Alarm, f.Watched, f.Subject, f.Events, f.Fires.String(), f.Notifies.String(), listed(f.Reasons)})
	}
	return j
}

func detectionOf(f detect.Finding) detectFindingJSON {
	j := detectFindingJSON{
		Severity: f.Severity.String(), Subject: f.Subject, Principal: f.Principal, Person: f.Person, Account: f.Account, Message: f.Message, Events: f.Count,
		First: moment(f.First), Last: moment(f.Last), Samples: []sampleJSON{},
	}
	for _, s := range f.Samples {
		j.Samples = append(j.Samples, sampleJSON{s.EventID, moment(s.Time), s.Event, s.Account, s.Region, s.SourceIP, s.ErrorCode})
	}
	return j
}

// csv has a row for each finding, and one for each rule without.
func (v detectView) csv() string {
	t := table{heading: []string{"state", "severity", "code", "subject", "principal", "person", "account", "events", "first", "last", "message", "event ids"}}
	for _, res := range v.r.Results {
		code, severity := res.Rule.Code, res.Rule.Severity.String()
		switch {
		case res.Skipped != "":
			t.addPrintable("skipped", severity, code, "", "", "", "", "", "", "", res.Skipped, "")
		case len(res.Findings) == 0:
			t.addPrintable("not observed", severity, code, "", "", "", "", "", "", "", res.Observed, "")
		}
		for _, f := range res.Findings {
			var ids []string
			for _, s := range f.Samples {
				ids = append(ids, s.EventID)
			}
			t.addPrintable("finding", f.Severity.String(), code, f.Subject, f.Principal, f.Person, f.Account, strconv.Itoa(f.Count), moment(f.First), moment(f.Last), f.Message, strings.Join(ids, " "))
		}
		for _, n := range res.Notes {
			t.addPrintable("unknown", severity, code, "", "", "", "", "", "", "", n, "")
		}
	}
	return t.csv()
}
