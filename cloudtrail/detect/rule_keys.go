package detect

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A networkWatch looks at where credentials with networks of their own are used.
type networkWatch struct {
	c         *Config
	t         *tally
	keys      *memo[[]netip.Prefix] // of access keys; nil: nothing is said of them
	roles     *memo[[]netip.Prefix] // of principals
	endpoints int
}

func newNetworkWatch(r Rule, c *Config) *networkWatch {
	w := &networkWatch{c: c, t: newTally(r, c)}
	w.keys = newMemo(func(key string) []netip.Prefix { return w.networks(func(who string) bool { return who == key }) })
	w.roles = newMemo(func(arn string) []netip.Prefix { return w.networks(func(who string) bool { return glob(who, arn) }) })
	return w
}

func (w *networkWatch) see(e *event) {
	key := e.Identity.AccessKey
	list, of := w.roles.of(e.principal), []netip.Prefix(nil)
	if isLongTerm(key) {
		of = w.keys.of(key)
	}
	if list == nil && of == nil {
		return
	}
	if e.VPCEndpoint != "" {
		w.endpoints++
		return
	}
	holds := func(p netip.Prefix) bool { return p.Contains(e.addr) }
	if !e.addr.IsValid() || slices.ContainsFunc(list, holds) || slices.ContainsFunc(of, holds) {
		return
	}
	subject := e.principal
	if isLongTerm(key) {
		subject = key
	}
	message := "used from " + e.addr.String()
	if e.ErrorCode != "" {
		message = "tried from " + e.addr.String() + ", refused or failed"
	}
	w.t.add(e, High, subject, message)
}

// networks are those of whom a function knows; nil if nothing is said of them.
func (w *networkWatch) networks(is func(who string) bool) []netip.Prefix {
	var list []netip.Prefix
	for _, n := range w.c.Networks {
		if slices.ContainsFunc(n.Who, is) {
			list = append(list, n.CIDRs...)
			if list == nil {
				list = []netip.Prefix{} // of somebody who is to be nowhere
			}
		}
	}
	return list
}

func (w *networkWatch) done(r *Result) {
	w.t.report(r)
	if w.endpoints > 0 {
		r.note("%d events came through VPC endpoints, which shows no public address", w.endpoints)
	}
}

// A baseline compares where keys are used with where they were used before.
type baseline struct {
	c       *Config
	r       Rule
	keys    map[string]map[netip.Prefix]*Finding
	before  map[string]map[netip.Prefix]bool
	dropped int
}

// maxPlaces bounds what is remembered of a key or day.
const maxPlaces = 256

func newBaseline(r Rule, c *Config) *baseline {
	return &baseline{c: c, r: r, keys: make(map[string]map[netip.Prefix]*Finding), before: make(map[string]map[netip.Prefix]bool)}
}

// surroundings is the network that an address is most likely in with its neighbours.
func surroundings(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits)
	return p
}

func (w *baseline) see(e *event) {
	key := e.Identity.AccessKey
	if !isLongTerm(key) || !e.addr.IsValid() {
		return
	}
	p := surroundings(e.addr)
	if e.Time.Before(w.c.LearnUntil) {
		if known := w.before[key]; known == nil && len(w.before) < maxGroups {
			w.before[strings.Clone(key)] = map[netip.Prefix]bool{p: true}
		} else if known != nil && len(known) < maxPlaces {
			known[p] = true
		} else {
			w.dropped++
		}
		return
	}
	places := w.keys[key]
	if places == nil {
		if len(w.keys) >= maxGroups {
			w.dropped++
			return
		}
		places = make(map[netip.Prefix]*Finding)
		w.keys[strings.Clone(key)] = places
	}
	f := places[p]
	if f == nil {
		if len(places) >= maxPlaces {
			w.dropped++
			return
		}
		f = &Finding{
			Code: w.r.Code, Severity: w.r.Severity, Subject: strings.Clone(key), Principal: strings.Clone(e.principal), Person: strings.Clone(e.person),
			Account: strings.Clone(e.Account), Message: "used from " + p.String() + ", where it was not used before",
		}
		places[p] = f
	}
	f.observe(e, w.c.sampleCount())
}

func (w *baseline) done(r *Result) {
	unlearnt := 0
	for key, places := range w.keys {
		if w.before[key] == nil {
			unlearnt++
			continue
		}
		for p, f := range places {
			if !w.before[key][p] {
				r.Findings = append(r.Findings, *f)
			}
		}
	}
	slices.SortFunc(r.Findings, compareFindings)
	if unlearnt > 0 {
		r.note("%d keys were not used before learnUntil: nothing is known of where they are expected", unlearnt)
	}
	if w.dropped > 0 {
		r.note("%d events are of more keys or networks than are kept", w.dropped)
	}
}

// sharing looks for credentials that are used at several places at once.
type sharing struct {
	r       Rule
	c       *Config
	days    map[dayKey]*credentialDay
	dropped int
}

// A dayKey is a credential and a UTC day since 1970.
type dayKey struct {
	credential string
	day        int64
}

// A credentialDay is the use of a credential on a UTC day.
type credentialDay struct {
	credential, principal, person, account string
	day                                    int64
	places                                 map[place]*Finding
}

// A place is where, and with which program, a credential is used. Addresses of version 6 are
// those of a subnet: hosts change the rest of them.
type place struct {
	at    netip.Prefix
	agent string
}

func newSharing(r Rule, c *Config) *sharing {
	return &sharing{r: r, c: c, days: make(map[dayKey]*credentialDay)}
}

// maxDays bounds the credentials and days that are remembered.
const maxDays = 100_000

func (w *sharing) see(e *event) {
	credential := e.Identity.AccessKey
	if !isLongTerm(credential) {
		if e.Identity.Type != "IAMUser" && e.Identity.Type != "Root" {
			return
		}
		credential = e.principal
	}
	if !e.addr.IsValid() || e.Identity.InvokedBy != "" || credential == "" {
		return
	}
	bits := 32
	if e.addr.Is6() {
		bits = 64
	}
	at, _ := e.addr.Prefix(bits)
	id := dayKey{credential, e.Time.Unix() / 86400}
	d := w.days[id]
	if d == nil {
		if len(w.days) >= maxDays {
			w.dropped++
			return
		}
		id.credential = strings.Clone(credential)
		d = &credentialDay{id.credential, strings.Clone(e.principal), strings.Clone(e.person), strings.Clone(e.Account), id.day, make(map[place]*Finding)}
		w.days[id] = d
	}
	p := place{at, e.program.name}
	f := d.places[p]
	if f == nil {
		if len(d.places) >= maxPlaces {
			w.dropped++
			return
		}
		f = &Finding{}
		d.places[p] = f
	}
	f.observe(e, 2)
}

// overlapping lists places of a day that were in use at the same time as another place with
// another address and another program.
func (d *credentialDay) overlapping() []place {
	var out []place
	for p, f := range d.places {
		for q, g := range d.places {
			if p.at != q.at && p.agent != q.agent && !f.First.After(g.Last) && !g.First.After(f.Last) {
				out = append(out, p)
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(a.at.Addr().Compare(b.at.Addr()), strings.Compare(a.agent, b.agent))
	})
	return out
}

func (w *sharing) done(r *Result) {
	samples := w.c.sampleCount()
	found := make(map[string]*Finding)
	days := make(map[string][]*credentialDay)
	for _, d := range w.days {
		if list := d.overlapping(); len(list) > 0 {
			days[d.credential] = append(days[d.credential], d)
		}
	}
	for credential, list := range days {
		slices.SortFunc(list, func(a, b *credentialDay) int { return cmp.Compare(a.day, b.day) })
		first := list[0]
		f := &Finding{Code: w.r.Code, Severity: w.r.Severity, Subject: credential, Principal: first.principal, Person: first.person, Account: first.account}
		addresses, agents := make(map[netip.Prefix]bool), make(map[string]bool)
		for _, d := range list {
			for _, p := range d.overlapping() {
				addresses[p.at], agents[p.agent] = true, true
				g := d.places[p]
				f.Count += g.Count
				if f.First.IsZero() || g.First.Before(f.First) {
					f.First = g.First
				}
				if g.Last.After(f.Last) {
					f.Last = g.Last
				}
				for _, s := range g.Samples {
					f.sample(s, samples)
				}
			}
		}
		f.Message = fmt.Sprintf("used at the same time from %d addresses with %d programs (%s), on %s", len(addresses), len(agents),
			strings.Join(slices.Sorted(maps.Keys(agents)), ", "), countDays(len(list)))
		found[credential] = f
	}
	for _, f := range found {
		r.Findings = append(r.Findings, *f)
	}
	slices.SortFunc(r.Findings, compareFindings)
	if w.dropped > 0 {
		r.note("%d events are of more credentials, days or places than are kept", w.dropped)
	}
}

func countDays(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// inventory compares keys in use with those of the snapshot.
type inventory struct {
	c *Config
	t *tally
}

func newInventory(r Rule, c *Config) *inventory { return &inventory{c, newTally(r, c)} }

func (w *inventory) see(e *event) {
	if isLongTerm(e.Identity.AccessKey) && (e.Identity.Type == "IAMUser" || e.Identity.Type == "Root") {
		w.t.add(e, High, e.Identity.AccessKey, "")
	}
}

func (w *inventory) done(r *Result) {
	gaps := slices.Collect(w.c.Organization.Gaps())
	for id, f := range w.t.groups {
		known, why := w.holds(gaps, f)
		switch known {
		case Unknown:
			r.note("%s of %s: %s", f.Subject, f.Principal, why)
			fallthrough
		case Yes:
			delete(w.t.groups, id)
		default:
			f.Message = why
		}
	}
	w.t.report(r)
}

// holds reports whether the snapshot has a key, and why not.
func (w *inventory) holds(gaps []org.Gap, f *Finding) (Answer, string) {
	a, err := policy.ParseARN(f.Principal)
	if err != nil {
		return Unknown, "the event does not name the user"
	}
	account, ok := w.c.Organization.Account(a.AccountID())
	if !ok {
		return Unknown, "the snapshot does not have account " + a.AccountID()
	}
	credentials := account.RootUser
	if a.Resource() != "root" {
		u, ok := w.c.Organization.User(a)
		if !ok {
			if slices.ContainsFunc(gaps, func(g org.Gap) bool { return g.Subject == account.ID || glob(g.Subject, f.Principal) }) {
				return Unknown, "the snapshot does not have all users of account " + account.ID
			}
			return No, "the snapshot has neither the key nor its user"
		}
		credentials = u.Credentials
	}
	if credentials == nil || credentials.AccessKeys == nil {
		return Unknown, "the snapshot does not have the access keys"
	}
	known := true
	for _, k := range credentials.AccessKeys {
		if k.ID == f.Subject {
			return Yes, ""
		}
		known = known && k.ID != ""
	}
	if !known {
		return Unknown, "the snapshot has access keys without IDs"
	}
	return No, "the snapshot has other access keys of the user, or none"
}
