package replay

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A Use is what one user or role did.
type Use struct {
	Principal policy.ARN // of the user or role
	Class     Class
	Persons   []PersonUse // the people behind a role, as far as events tell; by name
	Actions   []ActionUse // that succeeded, sorted
	Refused   []ActionUse // that AWS refused for lack of permission, sorted
	Failed    []ActionUse // that failed for another reason, before the permission was asked for or after, sorted
	Counts                // of the calls that succeeded
}

// A PersonUse is how often a person used a role.
type PersonUse struct {
	Person string // user name, or user ID of Identity Center
	Counts
}

// An ActionUse is an action, and what it was used on.
type ActionUse struct {
	Action    policy.Action
	Certainty serviceref.Certainty // that calls needed the action: the highest of them
	Inferred  bool                 // from a parameter of calls of other actions
	Resources []string             // ARNs, sorted; * at the end stands for any object of a bucket, and as account for one that is not known
	Patterns  []string             // also on resources of which the events tell that their ARNs match these, sorted
	Open      bool                 // also on resources of which the events do not tell as much
	None      bool                 // also without a resource
	Counts
}

// A UsageReport is what the principals of an organization did.
type UsageReport struct {
	Uses    []Use  // by ARN
	Idle    []Idle // users and roles of the organization that are not among them, by ARN
	Skipped []Skipped
	Events  int
	Days    []string // that the log has events of
	Sources []string // event sources with data events
	Errors  []error
	Unread  int

	Duplicates int // events that came again and were left out
}

// BlindSpots says what the report cannot know, as sentences.
func (u *UsageReport) BlindSpots() []string {
	data := "no data events are in the log: reading and writing objects, items, messages and the like was not seen"
	if len(u.Sources) > 0 {
		data = "data events are in the log only for " + strings.Join(u.Sources, ", ") + ", and perhaps only for some resources"
	}
	return []string{
		data,
		"iam:PassRole has no event; it is inferred where a parameter is the ARN of a role",
		"some actions are never logged by CloudTrail, and some calls need permissions that their event does not name",
		fmt.Sprintf("what was not used was not observed in %s; it may be needed once a quarter, or in an emergency", plural(len(u.Days), "day")),
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// SelectUsage keeps what [UsageSummary] asks for: who, which action, which resource, but of
// objects only the bucket.
func SelectUsage() *Selection { return Select() }

// Usage says what the users and roles of an organization did in a log. An error of the
// sequence is counted, and loses that event only. The error is that of ctx, or says that the
// environment has no organization.
func Usage(ctx context.Context, env *simulate.Environment, events iter.Seq2[*cloudtrail.Event, error]) (*UsageReport, error) {
	m, err := Collect(ctx, SelectUsage(), events)
	if err != nil {
		return nil, err
	}
	return UsageSummary(ctx, env, m)
}

// UsageSummary is [Usage] of a log that was reduced before.
func UsageSummary(ctx context.Context, env *simulate.Environment, m *Summary) (*UsageReport, error) {
	o := env.Organization()
	if o == nil {
		return nil, errNoOrganization
	}
	x := &runner{ctx: ctx, before: env, after: env, calls: newCalls(m.s, env.Reference(), o), g: newGathering()}
	users := map[policy.ARN]*user{}
	idle := newIdlers()
	for t, c := range m.tuples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list, err := x.calls.requests(&t)
		idle.see(x, &t, c.Counts, list)
		if err != nil {
			no := err.(*NoRequestError)
			x.g.skip(no.Reason.String(), no.Detail, c.Counts)
			continue
		}
		x.use(users, &t, c.Counts, list)
	}
	all := x.g.report(m, SelectUsage())
	r := &UsageReport{Skipped: all.Skipped, Events: m.events, Days: all.Days, Sources: all.Sources, Errors: all.Errors, Unread: all.Unread, Duplicates: all.Duplicates}
	for _, arn := range slices.SortedFunc(maps.Keys(users), policy.ARN.Compare) {
		r.Uses = append(r.Uses, users[arn].result())
	}
	r.Idle = idle.report(x, users)
	return r, nil
}

// user collects a [Use].
type user struct {
	arn     policy.ARN
	class   Class
	persons map[string]*Counts
	used    map[policy.Action]*action
	refused map[policy.Action]*action
	failed  map[policy.Action]*action
	all     Counts
}

type action struct {
	ActionUse
	resources, patterns map[string]bool
}

func newAction(name policy.Action, inferred bool) *action {
	return &action{ActionUse{Action: name, Inferred: inferred}, map[string]bool{}, map[string]bool{}}
}

func (x *runner) use(users map[policy.ARN]*user, t *Tuple, c Counts, list []Request) {
	p := list[0].Principal
	arn := p.ARN()
	if s := list[0].Session; s != nil {
		arn = s.Spec().Role
	}
	if !arn.IsValid() || p.Kind() == policy.WebIdentity {
		x.g.skip("not a user or role", p.Kind().String(), c)
		return
	}
	u := users[arn]
	if u == nil {
		u = &user{arn: arn, class: x.class(&list[0]), persons: map[string]*Counts{}, used: map[policy.Action]*action{}, refused: map[policy.Action]*action{}, failed: map[policy.Action]*action{}}
		users[arn] = u
	}
	to := u.used
	switch {
	case t.Denied():
		to = u.refused
	case !t.Succeeded():
		to = u.failed
		x.g.skip("failed for another reason", t.ErrorCode, c)
	default:
		u.all = u.all.Merge(c)
		if name := person(t); name != "" {
			plus(u.persons, name, c)
		}
	}
	seen := map[policy.Action]bool{}
	list = append(list, x.calls.besides(t, list)...)
	for i := range list {
		r := &list[i]
		a := to[r.Action]
		if a == nil {
			a = newAction(r.Action, r.Inferred)
			to[r.Action] = a
		}
		a.take(r)
		if !seen[r.Action] {
			seen[r.Action] = true
			a.Counts = a.Counts.Merge(c)
		}
	}
}

// besides are the actions that a call of sts:AssumeRole needs for what it passes: tags, and a source
// identity (R-STS-4; IAM User Guide, “Passing session tags in AWS STS”, “Monitor and control actions
// taken with assumed roles”). Who decides about the call decides about them as well.
func (c *calls) besides(t *Tuple, list []Request) (out []Request) {
	for i := range list {
		if !strings.EqualFold(string(list[i].Action), "sts:AssumeRole") {
			continue
		}
		r := list[i]
		r.Inferred = true
		c.each(t, func(name string, value []byte) {
			switch empty := string(value); {
			case empty == "null" || empty == `""` || empty == "[]":
			case name == "tags":
				r.Action = "sts:TagSession"
				out = append(out, r)
			case name == "sourceIdentity":
				r.Action = "sts:SetSourceIdentity"
				out = append(out, r)
			}
		})
	}
	return out
}

// rank orders certainties.
func rank(c serviceref.Certainty) int {
	switch c {
	case serviceref.Certain:
		return 3
	case serviceref.AnyOf:
		return 2
	case serviceref.Sometimes:
		return 1
	}
	return 0
}

func (a *action) take(r *Request) {
	if rank(r.Certainty) > rank(a.Certainty) {
		a.Certainty = r.Certainty
	}
	a.Inferred = a.Inferred && r.Inferred
	switch {
	case r.Open && r.Pattern != "":
		a.patterns[r.Pattern] = true
	case r.Open:
		a.Open = true
	case r.shared:
		a.resources[inAccount(r.Resource, "*")] = true
	case r.Resource.IsValid():
		a.resources[r.Resource.String()] = true
	default:
		a.None = true
	}
}

func (u *user) result() Use {
	out := Use{Principal: u.arn, Class: u.class, Counts: u.all, Actions: sorted(u.used), Refused: sorted(u.refused), Failed: sorted(u.failed)}
	for _, name := range slices.Sorted(maps.Keys(u.persons)) {
		out.Persons = append(out.Persons, PersonUse{name, *u.persons[name]})
	}
	return out
}

func sorted(m map[policy.Action]*action) []ActionUse {
	var out []ActionUse
	for _, name := range slices.Sorted(maps.Keys(m)) {
		a := m[name].ActionUse
		a.Resources, a.Patterns = slices.Sorted(maps.Keys(m[name].resources)), slices.Sorted(maps.Keys(m[name].patterns))
		out = append(out, a)
	}
	return out
}

// PermissionSet is the name of the permission set of a role that IAM Identity Center made:
// of AWSReservedSSO_NAME_0123456789abcdef it is NAME; "" for any other role.
func PermissionSet(role policy.ARN) string {
	name, ok := strings.CutPrefix(lastSegment(role.Resource()), ssoPrefix)
	if !ok || !strings.HasPrefix(role.Resource(), "role/") {
		return ""
	}
	if at := strings.LastIndexByte(name, '_'); at > 0 {
		return name[:at]
	}
	return ""
}

// A SetUse is what the roles of one permission set did, in all accounts.
type SetUse struct {
	Name string // of the permission set
	Uses []Use  // by ARN
}

// PermissionSets groups the uses of the roles of permission sets, by name.
func (u *UsageReport) PermissionSets() []SetUse {
	sets := map[string][]Use{}
	for i := range u.Uses {
		if name := PermissionSet(u.Uses[i].Principal); name != "" {
			sets[name] = append(sets[name], u.Uses[i])
		}
	}
	var out []SetUse
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		out = append(out, SetUse{name, sets[name]})
	}
	return out
}

// Unused lists what a principal may do and did not do, as patterns that name known actions:
// not observed in the days of the log, which is not the same as not needed. Actions that are
// allowed only on some resources or under some conditions count as allowed, and those of calls
// that failed as used: AWS often asks for the permission before it finds that there is no such
// thing, and what was refused may have been allowed since. The error is that
// of [simulate.Environment.EffectivePermissions].
func Unused(ctx context.Context, env *simulate.Environment, u *Use) (patterns []string, granted, used int, err error) {
	rows, err := env.EffectivePermissions(ctx, simulate.PermissionQuery{Principal: policy.PrincipalFromARN(u.Principal)})
	if err != nil {
		return nil, 0, 0, err
	}
	ref := env.Reference()
	may := map[policy.Action]bool{}
	for i := range rows {
		if rows[i].Depth > 0 || rows[i].Decision.Denied() {
			continue
		}
		for _, pattern := range rows[i].Actions {
			for a := range ref.Actions(pattern) {
				may[a] = true
			}
		}
	}
	granted = len(may)
	for _, a := range slices.Concat(u.Actions, u.Refused, u.Failed) {
		if info, ok := ref.Action(a.Action); ok && may[info.Action()] {
			used++
			delete(may, info.Action())
		}
	}
	list := make([]string, 0, len(may))
	for a := range may {
		list = append(list, string(a))
	}
	slices.SortFunc(list, cmp.Compare)
	return ref.Shrink(list), granted, used, nil
}
