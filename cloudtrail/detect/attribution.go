package detect

import (
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

// An Attribution counts events by whom they can be traced to. Those that can be traced to
// nobody are findings of UNATTRIBUTED.
type Attribution struct {
	Persons      int // events of persons
	People       int // how many persons; at most 10,000 are told apart
	Services     int // events of AWS's services themselves
	Workloads    int // events of programs with a role of their own
	Pipelines    int // events of Config.Pipelines
	Unattributed int // all others
}

// What an event is of.
const (
	ofPerson   = "person"
	ofService  = "service"
	ofWorkload = "workload"
	ofPipeline = "pipeline"
	ofNobody   = "nobody"
)

// A tracer traces events to persons.
type tracer struct {
	c      *Config
	names  map[string]string // of users of Identity Center, by ID
	people map[string]bool
	counts Attribution

	roles      *memo[string] // what a role is of, whoever has a session of it
	isPipeline *memo[bool]
}

func (t *tracer) init(c *Config) {
	t.c, t.people, t.names = c, make(map[string]bool), make(map[string]string)
	t.isPipeline = newMemo(func(arn string) bool { return matchesAny(c.Pipelines, arn) })
	t.roles = newMemo(t.role)
	if c.IdentityCenter != nil {
		for _, u := range c.IdentityCenter.Spec().Users {
			t.names[u.ID] = u.Name
		}
	}
}

func (t *tracer) trace(e *event) {
	e.person, e.kind = t.person(e.Event, e.principal)
	switch e.kind {
	case ofPerson:
		t.counts.Persons++
		if !t.people[e.person] && len(t.people) < maxGroups {
			t.people[strings.Clone(e.person)] = true
		}
	case ofService:
		t.counts.Services++
	case ofWorkload:
		t.counts.Workloads++
	case ofPipeline:
		t.counts.Pipelines++
	default:
		t.counts.Unattributed++
	}
}

func (t *tracer) attribution() Attribution {
	t.counts.People = len(t.people)
	return t.counts
}

// isCenterRole reports whether a role is one that Identity Center made (IAM Identity Center
// User Guide, “Permission sets”). Nobody else can make roles in its path.
func isCenterRole(arn string) bool {
	return strings.Contains(arn, ":role/aws-reserved/sso.amazonaws.com/")
}

// person says who an event can be traced to, and what it is of. The name of a session is a
// proof only where Identity Center chose it: whoever assumes another role chooses freely.
func (t *tracer) person(e *cloudtrail.Event, principal string) (person, kind string) {
	i := &e.Identity
	if id := i.OnBehalfOf.UserID; id != "" {
		if name := t.names[id]; name != "" {
			return name, ofPerson
		}
		return id, ofPerson
	}
	switch {
	case t.c.People[principal] != "":
		return t.c.People[principal], ofPerson
	case i.SourceIdentity != "":
		return i.SourceIdentity, ofPerson
	case i.Type == "SAMLUser" && i.UserName != "":
		return i.UserName, ofPerson
	case i.Type == "AWSService" || e.Type == "AwsServiceEvent":
		return "", ofService
	case i.Type == "AssumedRole":
		return t.session(i, principal)
	case t.isPipeline.of(principal):
		return "", ofPipeline
	case i.Type == "WebIdentityUser" || i.Provider != "":
		return "", ofWorkload
	}
	return "", ofNobody
}

// session is person for a session of a role.
func (t *tracer) session(i *cloudtrail.Identity, principal string) (person, kind string) {
	switch of := t.roles.of(principal); {
	case of == ofPerson && i.Session() != "":
		return i.Session(), ofPerson
	case of != ofPerson && of != ofNobody:
		return "", of
	case i.EC2Role != "" || i.Provider != "" || strings.HasPrefix(i.Session(), "i-"):
		return "", ofWorkload
	}
	return "", ofNobody
}

// role says what all sessions of a role are of.
func (t *tracer) role(principal string) string {
	switch {
	case isCenterRole(principal):
		return ofPerson
	case strings.Contains(principal, ":role/aws-service-role/"):
		return ofService
	case t.isPipeline.of(principal):
		return ofPipeline
	case t.servesOnly(principal):
		return ofWorkload
	}
	return ofNobody
}

// servesOnly reports whether the trust policy of a role, as the snapshot has it, lets in
// nobody but services.
func (t *tracer) servesOnly(principal string) bool {
	if t.c.Organization == nil {
		return false
	}
	a, err := policy.ParseARN(principal)
	if err != nil {
		return false
	}
	r, ok := t.c.Organization.Role(a)
	if !ok || r.Trust == nil {
		return false
	}
	return trustsServicesOnly(r.Trust)
}

// An unattributed watcher lists who the events are of that can be traced to no person.
type unattributed struct{ t *tally }

func (w *unattributed) see(e *event) {
	if e.kind != ofNobody {
		return
	}
	w.t.add(e, Info, e.principal, whyNobody(e))
}

func (w *unattributed) done(r *Result) { w.t.report(r) }

func whyNobody(e *event) string {
	i := &e.Identity
	switch i.Type {
	case "Root":
		return "the root user, which may be anybody who has its password"
	case "IAMUser":
		return "an IAM user, of whom it is not said which person it is"
	case "AssumedRole":
		return "a session of a role, whose name whoever assumes the role chooses, without source identity"
	case "FederatedUser":
		return "a federated user session, whose name is chosen by whoever made it"
	case "AWSAccount", "Role":
		return "a principal of another account, which CloudTrail does not name"
	case "SAMLUser":
		return "a SAML user without a name"
	}
	return "an identity of type " + i.Type
}

func trustsServicesOnly(d *policy.Document) bool {
	some := false
	for _, s := range d.Statements() {
		if s.Effect != policy.Allow {
			continue
		}
		if !s.NotPrincipal.IsZero() || s.Principal.IsZero() {
			return false
		}
		for kind := range s.Principal.All() {
			if kind != policy.ServicePrincipalType {
				return false
			}
			some = true
		}
	}
	return some
}
