package awsexport

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A state is what the answers read so far told.
type state struct {
	most       int64 // bytes of a file
	standalone bool
	part       string // partition of the ARNs, which have one
	regionPart string // partition of the Regions
	errs       org.Errors
	notes      []Note
	calls      map[callKey]*call
	said       map[string]said
	lost       []lost
	later      []*record // that are read in the end
	units      map[unitKey]org.Unit
	speaker    map[string]string // the account that was asked, by section
	org        organization
	accounts   map[string]*account
	sessions   map[policy.ARN]time.Duration // how long those of roles may last
	managed    map[policy.ARN]managed       // policies of AWS
	center     center
	trails     map[policy.ARN]*cloudtrail.Trail
	locks      map[string]*cloudtrail.ObjectLock // of buckets
	described  map[policy.ARN]bool               // trails of DescribeTrails
	analyzers  map[string]string                 // type, by ARN
	analyzed   map[callKey]policy.ARN            // lists of findings, and of which analyzer

	// What is made of it.
	spec      org.Spec
	problems  map[unitKey][]string // why units are not complete
	byOp      map[[2]string][]callKey
	bySection map[[2]string][]org.Unit
	placed    map[string]bool // nodes of the tree
}

type unitKey struct{ account, region, section string }

func newState() *state {
	return &state{
		most:  mostBytes,
		calls: make(map[callKey]*call), said: make(map[string]said), units: make(map[unitKey]org.Unit), speaker: make(map[string]string),
		problems: make(map[unitKey][]string), placed: make(map[string]bool), trails: make(map[policy.ARN]*cloudtrail.Trail), locks: make(map[string]*cloudtrail.ObjectLock), described: make(map[policy.ARN]bool),
		managed: make(map[policy.ARN]managed), analyzers: make(map[string]string), analyzed: make(map[callKey]policy.ARN),
		accounts: make(map[string]*account), sessions: make(map[policy.ARN]time.Duration),
		org: organization{
			none: make(map[string]bool), parents: make(map[string]string), names: make(map[string]string), policies: make(map[string]*controlPolicy),
			attached: make(map[string]map[string]bool), services: make(map[string][]string),
		},
		center: center{
			instances: make(map[string]*identitycenter.Spec), sets: make(map[string]*identitycenter.PermissionSet), setWhy: make(map[string]string),
			users: make(map[string]*identitycenter.User), groups: make(map[string]*identitycenter.Group), members: make(map[string]map[string]bool),
			assignments: make(map[identitycenter.Assignment]bool), attributes: make(map[string]identitycenter.Attribute),
			provisioned: make(map[string][]string),
			instanceIDs: make(map[string]string), storeIDs: make(map[string]bool), holders: make(map[string]map[string]bool),
		},
	}
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (s *state) gap(subject, what, reason string) {
	s.spec.Gaps = append(s.spec.Gaps, org.Gap{Subject: subject, What: what, Reason: reason})
}

// export makes the models of what the files told.
func (s *state) export() (*Export, error) {
	s.readCenter()
	slices.SortStableFunc(s.later, func(a, b *record) int { // lists, and then what they list
		return cmp.Compare(a.op.rank(), b.op.rank())
	})
	for _, r := range s.later {
		r.op.read(s, r)
	}
	s.sameBuckets()
	if len(s.errs) > 0 {
		return nil, s.errs
	}
	if len(s.calls)+len(s.units)+len(s.org.none) == 0 {
		return nil, s.nothing()
	}
	s.index()
	s.tree()
	for _, id := range sorted(s.accounts) {
		if a := s.accounts[id]; s.inTree(id) {
			s.assemble(a)
			s.spec.Accounts = append(s.spec.Accounts, a.Account)
		}
	}
	s.gapsOfManaged()
	s.gapsOfResources()
	s.problemsOfLost()
	s.trailProblems()
	s.storage()
	instance, err := s.instance()
	if err != nil {
		return nil, err
	}
	s.cover()
	o, err := org.New(s.spec)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.notes, func(a, b Note) int { return strings.Compare(a.File, b.File) })
	x := &Export{Organization: o, Instance: instance, Notes: s.notes}
	for _, a := range slices.SortedFunc(maps.Keys(s.trails), policy.ARN.Compare) {
		x.Trails = append(x.Trails, *s.trails[a])
	}
	return x, nil
}

func (s *state) nothing() error {
	text := "no file is the output of an AWS CLI command that is read, a record or a credential report"
	for i, n := range s.notes {
		if i == 3 {
			text += fmt.Sprintf("\nand %d more files", len(s.notes)-i)
			break
		}
		text += "\n" + n.String()
	}
	return errors.New(text)
}

// assemble makes an account of what was told of it.
func (s *state) assemble(a *account) {
	reason, known := s.details(a)
	s.gapsOfDetails(a, reason, known)
	s.facts(a)
	s.reports(a)
	s.findings(a)
	s.resources(a)
	for _, arn := range slices.SortedFunc(maps.Keys(a.users), policy.ARN.Compare) {
		a.Users = append(a.Users, *a.users[arn])
	}
	for _, arn := range slices.SortedFunc(maps.Keys(a.groups), policy.ARN.Compare) {
		a.Groups = append(a.Groups, *a.groups[arn])
	}
	for _, arn := range slices.SortedFunc(maps.Keys(a.roles), policy.ARN.Compare) {
		r := a.roles[arn]
		r.MaxSession = cmp.Or(r.MaxSession, s.sessions[arn])
		a.Roles = append(a.Roles, *r)
	}
	for _, arn := range slices.SortedFunc(maps.Keys(a.policies), policy.ARN.Compare) {
		p := *a.policies[arn]
		if m, ok := s.managed[arn]; ok {
			p.Document = m.document
		}
		a.Policies = append(a.Policies, p)
	}
	s.spec.Gaps = append(s.spec.Gaps, a.gaps...)
}

// The kinds of entities that GetAccountAuthorizationDetails can be asked for, with what the
// resources of their ARNs begin with.
var detailKinds = map[string]string{"User": "user/", "Group": "group/", "Role": "role/", "LocalManagedPolicy": "policy/"}

// details says which kinds of entities are known completely, and why not the others.
func (s *state) details(a *account) (reason string, known map[string]bool) {
	known = make(map[string]bool)
	for _, k := range s.callsTo(authorizationDetails, a.ID) {
		why, ok := s.known(k)
		if !ok {
			reason = firstText(reason, why)
			continue
		}
		for kind := range detailKinds {
			switch {
			case k.subject != "" && !slices.Contains(strings.Fields(k.subject), kind):
			case !s.calls[k].chain && !a.lists[listOf(kind)]: // the AWS CLI prints each, even if it is empty
				reason = firstText(reason, kebab("GetAccountAuthorizationDetails")+": there is no "+listOf(kind))
			default:
				known[kind] = true
			}
		}
	}
	if reason == "" {
		reason = s.missing(a.ID, sectionIAM, "GetAccountAuthorizationDetails")
	}
	return reason, known
}

// listOf is the list of the answer that has what is of a kind.
func listOf(kind string) string {
	if kind == "LocalManagedPolicy" {
		return "Policies"
	}
	return kind + "DetailList"
}

// missing is the reason for what the export does not have at all.
func (s *state) missing(account, section, operation string) string {
	for _, u := range s.unitsOf(account, section) {
		if u.State != org.Complete && u.Reason != "" {
			return u.Reason
		}
	}
	return kebab(operation) + " is not in the export"
}

func (s *state) unitsOf(account, section string) []org.Unit {
	return s.bySection[[2]string{account, section}]
}

// callsTo lists the calls of an operation in an account, "" for all, by Region and subject.
func (s *state) callsTo(op, account string) []callKey {
	return s.byOp[[2]string{op, account}]
}

// index makes the lists that callsTo and unitsOf give.
func (s *state) index() {
	s.byOp, s.bySection = make(map[[2]string][]callKey), make(map[[2]string][]org.Unit)
	for k := range s.calls {
		for _, account := range slices.Compact([]string{"", k.account}) {
			s.byOp[[2]string{k.op, account}] = append(s.byOp[[2]string{k.op, account}], k)
		}
	}
	for _, list := range s.byOp {
		slices.SortFunc(list, func(a, b callKey) int {
			return cmp.Or(strings.Compare(a.account, b.account), strings.Compare(a.region, b.region), strings.Compare(a.subject, b.subject))
		})
	}
	for k, u := range s.units {
		for _, account := range slices.Compact([]string{"", k.account}) {
			s.bySection[[2]string{account, k.section}] = append(s.bySection[[2]string{account, k.section}], u)
		}
	}
	for _, list := range s.bySection {
		slices.SortFunc(list, func(a, b org.Unit) int {
			return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
		})
	}
}

// gapsOfDetails marks what is not known of an account's identities: what was cut off, and what
// others name and nothing lists.
func (s *state) gapsOfDetails(a *account, reason string, known map[string]bool) {
	iam := "arn:" + s.partition() + ":iam::" + a.ID + ":"
	if len(known) < len(detailKinds) && len(s.callsTo(authorizationDetails, a.ID)) > 0 {
		s.problem(unitKey{a.ID, "", sectionIAM}, reason)
	}
	if len(known) == 0 {
		s.gap(iam+"*", org.GapUnlisted, reason)
	} else {
		for _, kind := range sorted(detailKinds) {
			if !known[kind] {
				s.gap(iam+detailKinds[kind]+"*", org.GapUnlisted, reason)
			}
		}
	}
	if known["LocalManagedPolicy"] || known["Group"] {
		s.gapsOfNames(a, iam, known)
	}
}

// gapsOfNames marks the policies and groups that others name and nothing lists, although the
// lists are there.
func (s *state) gapsOfNames(a *account, iam string, known map[string]bool) {
	groups := make(map[string]bool)
	for arn := range a.groups {
		groups[setID(arn.Resource())] = true
	}
	named := make(map[string]bool)
	use := func(list ...policy.ARN) {
		for _, arn := range list {
			if arn.IsValid() && arn.AccountID() != "aws" && a.policies[arn] == nil && known["LocalManagedPolicy"] {
				named[arn.String()] = true
			}
		}
	}
	for _, u := range a.users {
		use(u.Attached...)
		use(u.Boundary)
		for _, g := range u.Groups {
			if !groups[g] && known["Group"] {
				named[iam+"group/"+g] = true
			}
		}
	}
	for _, g := range a.groups {
		use(g.Attached...)
	}
	for _, r := range a.roles {
		use(r.Attached...)
		use(r.Boundary)
	}
	for _, name := range sorted(named) {
		s.gap(name, org.GapEverything, "others name it, and it is not in the export")
	}
}

// gapsOfManaged marks the managed policies of AWS that are in use, that no account lists, and
// that the module does not know.
func (s *state) gapsOfManaged() {
	unknown := make(map[string]bool)
	use := func(list ...policy.ARN) {
		for _, arn := range list {
			if _, listed := s.managed[arn]; !arn.IsValid() || arn.AccountID() != "aws" || listed {
				continue
			}
			if _, ok := serviceref.ManagedPolicy(arn); !ok {
				unknown[arn.String()] = true
			}
		}
	}
	for i := range s.spec.Accounts {
		a := &s.spec.Accounts[i]
		for j := range a.Users {
			use(a.Users[j].Attached...)
			use(a.Users[j].Boundary)
		}
		for j := range a.Groups {
			use(a.Groups[j].Attached...)
		}
		for j := range a.Roles {
			use(a.Roles[j].Attached...)
			use(a.Roles[j].Boundary)
		}
	}
	for _, name := range sorted(unknown) {
		s.gap(name, org.GapDocument, "others name it, and it is not in the export")
	}
}

// problem takes down why a unit is not complete.
func (s *state) problem(u unitKey, reason string) {
	if !slices.Contains(s.problems[u], reason) {
		s.problems[u] = append(s.problems[u], reason)
	}
}
