package awscollect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/org"
)

// Options say what to load, and how.
type Options struct {
	Dir        string   // of the records
	Accounts   []string // IDs; none: all of the organization
	Role       string   // assumed in accounts other than the caller's, with its path; empty: they are skipped
	ExternalID string
	Sections   []string // none: all
	Regions    []string // none: those that no account can turn off
	MaxAge     time.Duration
	Now        time.Time
	Progress   func(collect.Event)

	// For tests, which have no time: the rates times speed, a longest pause between attempts,
	// and how long an answer may take.
	speed    float64
	backoff  time.Duration
	patience time.Duration
}

// A Result is what was loaded.
type Result struct {
	Units []org.Unit // what was read, or skipped, in the order of account, Region and section
	FS    fs.FS      // the records, for awsexport.Read
}

// IsPartial reports whether something could not be read.
func (r *Result) IsPartial() bool {
	return slices.ContainsFunc(r.Units, func(u org.Unit) bool { return u.State == org.Partial || u.State == org.Unknown })
}

// Load reads what the options ask for. What cannot be read makes a unit partial; the error
// is of the options, of the collector's own credentials, of the directory, or that of the
// context. What was read until then is kept, and a later load goes on from there.
func Load(ctx context.Context, cfg aws.Config, o Options) (*Result, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s, err := newSession(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	store, err := collect.Open(o.Dir, s.partition, s.caller)
	if err != nil {
		return nil, err
	}
	l := &load{session: s, store: store, state: &state{store: store}}
	l.state.people = l.wants(storeSection)
	if err := l.run(ctx); err != nil {
		return nil, err
	}
	l.elsewhere()
	if err := store.PutSkipped(l.skipped); err != nil {
		return nil, err
	}
	all := slices.Concat(l.units, l.skipped)
	slices.SortFunc(all, compareUnits)
	return &Result{Units: all, FS: store.FS(l.units)}, nil
}

// elsewhere says that there may be an instance of IAM Identity Center in another Region, if
// none was found.
func (l *load) elsewhere() {
	for _, sec := range []*section{storeSection, centerSection} {
		if l.wants(sec) && !slices.ContainsFunc(l.units, func(u org.Unit) bool { return u.Section == sec.name && u.State != org.Absent }) {
			l.skip(l.session.caller, sec, otherRegions)
		}
	}
}

func compareUnits(a, b org.Unit) int {
	return slices.Compare([]string{a.Account, a.Region, a.Section}, []string{b.Account, b.Region, b.Section})
}

func (o *Options) validate() error {
	for _, a := range o.Accounts {
		if !collect.IsAccount(a) {
			return fmt.Errorf("%q is no account ID; want twelve digits", a)
		}
	}
	for _, r := range o.Regions {
		if !collect.IsRegion(r) {
			return fmt.Errorf("%q is no Region; want a name such as eu-west-3", r)
		}
	}
	if o.Role != "" {
		if err := CheckRole(o.Role); err != nil {
			return fmt.Errorf("the role %w", err)
		}
	}
	if o.ExternalID != "" {
		if err := CheckExternalID(o.ExternalID); err != nil {
			return fmt.Errorf("the external ID %w", err)
		}
	}
	for _, name := range o.Sections {
		if sectionNamed(name) == nil {
			return fmt.Errorf("%q is no section; want some of %s", name, strings.Join(Sections(), ", "))
		}
	}
	return nil
}

// A load is one run of Load.
type load struct {
	session *session
	store   *collect.Store
	state   *state
	done    int

	units, skipped []org.Unit
}

// run reads in two stages: what others depend on, and all the rest.
func (l *load) run(ctx context.Context) error {
	if err := l.stage(ctx, func(yield func(collect.Job) bool) {
		for _, sec := range []*section{organizationSection, storeSection} {
			for _, job := range l.collectors(sec) {
				if !yield(job) {
					return
				}
			}
		}
	}); err != nil {
		return err
	}
	if err := l.state.organization(l.session, l.wants(organizationSection)); err != nil {
		return err
	}
	accounts, err := l.accounts()
	if err != nil {
		return err
	}
	return l.stage(ctx, func(yield func(collect.Job) bool) {
		for _, sec := range []*section{policiesSection, centerSection} {
			for _, job := range l.collectors(sec) {
				if !yield(job) {
					return
				}
			}
		}
		for _, account := range accounts {
			for _, job := range l.members(account) {
				if !yield(job) {
					return
				}
			}
		}
	})
}

func (l *load) stage(ctx context.Context, jobs iter.Seq[collect.Job]) error {
	o := l.session.options
	before := l.done
	options := collect.Options{MaxAge: o.MaxAge, Now: o.Now}
	if o.Progress != nil {
		options.Progress = func(e collect.Event) {
			e.Done += before
			o.Progress(e)
		}
	}
	units, err := collect.Run(ctx, l.store, jobs, options)
	l.units = append(l.units, units...)
	l.done += len(units)
	return err
}

// wants reports whether a section is read.
func (l *load) wants(sec *section) bool {
	return wanted(sec, l.session.options.Sections, len(l.session.options.Accounts) > 0)
}

// wanted reports whether a load of these sections, all if there are none, reads sec. The
// organization is read, too, if it is to tell which accounts or which types of policies
// there are.
func wanted(sec *section, names []string, chosen bool) bool {
	if len(names) == 0 || slices.Contains(names, sec.name) {
		return true
	}
	return sec == organizationSection && slices.ContainsFunc(sections, func(s *section) bool {
		return slices.Contains(names, s.name) && (s == policiesSection || !chosen && s.isOfAccounts())
	})
}

// Why units are left out.
const (
	notAsked     = "not asked for"
	otherRegions = "other Regions were not asked for"
)

// collectors are the jobs of a section that is read with the collector's own credentials.
func (l *load) collectors(sec *section) []collect.Job {
	switch {
	case !l.wants(sec):
		l.skip(l.session.caller, sec, notAsked)
		return nil
	case sec.scope == ofOrganization:
		return []collect.Job{l.job(l.session.caller, "", sec)}
	}
	return l.regional(l.session.caller, sec)
}

func (l *load) regional(account string, sec *section) []collect.Job {
	var out []collect.Job
	for _, region := range l.regions() {
		out = append(out, l.job(account, region, sec))
	}
	return out
}

func (l *load) regions() []string {
	s := l.session
	switch {
	case len(s.options.Regions) > 0:
		return slices.Compact(slices.Sorted(slices.Values(s.options.Regions)))
	case s.partition == "aws":
		return collect.Regions()
	}
	return []string{s.cfg.Region}
}

// members are the jobs of the sections that each account has.
func (l *load) members(a account) []collect.Job {
	var out []collect.Job
	for _, sec := range sections {
		if !sec.isOfAccounts() {
			continue
		}
		switch {
		case a.skip != "":
			l.skip(a.id, sec, a.skip)
		case !l.wants(sec):
			l.skip(a.id, sec, notAsked)
		case sec.scope == ofAccount:
			out = append(out, l.job(a.id, "", sec))
		default:
			out = append(out, l.regional(a.id, sec)...)
			// Nobody knows how many Regions AWS has, and which of them an account turned on.
			l.skip(a.id, sec, otherRegions)
		}
	}
	return out
}

func (l *load) skip(account string, sec *section, reason string) {
	l.skipped = append(l.skipped, org.Unit{Account: account, Section: sec.name, State: org.Skipped, Reason: reason})
}

func (l *load) job(account, region string, sec *section) collect.Job {
	r := &reader{session: l.session, section: sec, account: account, region: region, state: l.state}
	job := collect.Job{Unit: collect.Unit{Account: account, Region: region, Section: sec.name}, Read: r.read}
	if sec.after != nil && l.wants(sec.after) {
		job.After = []collect.Unit{{Account: account, Region: region, Section: sec.after.name}}
	}
	return job
}

// read reads the unit, in an account that answers for itself.
func (r *reader) read(ctx context.Context, to *collect.Recorder) error {
	ctx = record(ctx, to)
	cfg, err := r.session.configure(ctx, r.account, r.region)
	if err == nil {
		r.cfg = r.recorded(cfg)
		err = r.section.read(ctx, r)
	}
	if err == nil || ctx.Err() != nil || collect.IsFatal(err) {
		return err
	}
	f, ok := errors.AsType[*collect.Failure](err)
	if !ok || known(err) == nil {
		return err
	}
	// What failed is more than a call: without an answer to the first one nothing is known.
	first := &r.section.operations[0]
	if err := to.Add(collect.Record{Service: first.service, Operation: first.name, Account: r.account, Region: r.region,
		Error: &collect.RecordError{Code: f.Code, Message: f.Message}}, f.Error()); err != nil {
		return err
	}
	return nil
}

// An account is one to load, or to leave out.
type account struct{ id, skip string }

// accounts are those of the organization, and why they are left out.
func (l *load) accounts() ([]account, error) {
	o, st := l.session.options, l.state
	chosen := make(map[string]bool)
	for _, id := range o.Accounts {
		chosen[id] = true
	}
	seen := maps.Clone(st.accounts)
	if seen == nil {
		seen = make(map[string]string)
	}
	if len(o.Accounts) == 0 {
		if _, ok := seen[l.session.caller]; !ok {
			seen[l.session.caller] = ""
		}
	}
	for _, id := range slices.Sorted(maps.Keys(chosen)) {
		if _, ok := seen[id]; ok {
			continue
		}
		if st.accountsKnown {
			return nil, fmt.Errorf("account %s is not in the organization", id)
		}
		seen[id] = ""
	}
	var out []account
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		a := account{id: id}
		switch state := seen[id]; {
		case len(chosen) > 0 && !chosen[id]:
			a.skip = notAsked
		case state != "" && state != "ACTIVE":
			a.skip = "the account is " + state
		case id != l.session.caller && o.Role == "":
			a.skip = "no role to assume in it was given"
		}
		out = append(out, a)
	}
	return out, nil
}
