package replay

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An Idle is a user or role of the organization of which no call was observed that needs a
// permission: the log does not tell what it is for, which is not that it is for nothing. Events
// that are no API calls, such as sign-ins, say nothing here.
type Idle struct {
	Principal policy.ARN
	Class     Class
	// Unlogged says that the log has no events of its account either.
	Unlogged bool
	Sessions Counts // that somebody began of the role; they may have done what is not logged, such as read objects
	Others   Counts // calls of it that need no permission, or are not asked about: of federated users, say
}

// idlers collects what tells that a user or role that made no calls is used all the same.
type idlers struct {
	accounts         map[string]bool // of which there are events
	sessions, others map[policy.ARN]*Counts
}

func newIdlers() *idlers {
	return &idlers{map[string]bool{}, map[policy.ARN]*Counts{}, map[policy.ARN]*Counts{}}
}

func tally(m map[policy.ARN]*Counts, a policy.ARN, c Counts) {
	old := m[a]
	if old == nil {
		old = &Counts{}
		m[a] = old
	}
	*old = old.Merge(c)
}

// see notes whose event it is, whether it is a request or not.
func (d *idlers) see(x *runner, t *Tuple, c Counts, list []Request) {
	d.accounts[t.Account] = true
	if a := x.calls.caller(t); a.IsValid() {
		tally(d.others, a, c)
	}
	for i := range list {
		if r := &list[i]; t.Succeeded() && r.Resource.IsValid() && strings.HasPrefix(string(r.Action), "sts:AssumeRole") {
			tally(d.sessions, r.Resource, c)
		}
	}
}

// caller is the user or role that an event is of; zero if it names none.
func (c *calls) caller(t *Tuple) policy.ARN {
	if t.Kind == "FederatedUser" {
		// The user that asked for the token, who is the issuer of the session (CloudTrail User
		// Guide, “CloudTrail userIdentity element”).
		a, err := policy.ParseARN(t.Principal)
		if err != nil || a.Service() != "iam" {
			return policy.ARN{}
		}
		return a
	}
	r, err := c.principal(t)
	if err != nil {
		return policy.ARN{}
	}
	if r.Session != nil {
		return r.Session.Spec().Role
	}
	return r.Principal.ARN()
}

// report lists the users and roles without a [Use].
func (d *idlers) report(x *runner, users map[policy.ARN]*user) []Idle {
	var out []Idle
	add := func(a policy.ARN) {
		if users[a] != nil {
			return
		}
		i := Idle{Principal: a, Unlogged: !d.accounts[a.AccountID()]}
		i.Class = x.class(&Request{Request: simulate.Request{Principal: policy.PrincipalFromARN(a)}})
		if c := d.sessions[a]; c != nil {
			i.Sessions = *c
		}
		if c := d.others[a]; c != nil {
			i.Others = *c
		}
		out = append(out, i)
	}
	for account := range x.before.Organization().Accounts() {
		for i := range account.Users {
			add(account.Users[i].ARN)
		}
		for i := range account.Roles {
			add(account.Roles[i].ARN)
		}
	}
	slices.SortFunc(out, func(a, b Idle) int { return a.Principal.Compare(b.Principal) })
	return out
}
