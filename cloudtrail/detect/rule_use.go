package detect

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// isRootUse reports whether somebody used the root user of an account. CIS AWS Foundations
// leaves out what AWS does in its name in the same way.
func isRootUse(e *event) bool {
	i := &e.Identity
	// The console calls for whoever signed in to it.
	if e.Type == "AwsServiceEvent" || i.InvokedBy != "" && i.InvokedBy != "signin.amazonaws.com" {
		return false
	}
	return i.Type == "Root" || i.AssumedRoot || i.Issuer.Type == "Root"
}

// rootAccount is the account whose root user it is.
func rootAccount(e *event) string { return cmp.Or(e.Identity.AccountID, e.Account) }

type rootUse struct{ t *tally }

func (w *rootUse) see(e *event) {
	if !isRootUse(e) {
		return
	}
	message := "the root user was used"
	switch {
	case e.Identity.AssumedRoot:
		message = "a session of AssumeRoot was used"
	case e.Identity.Type != "Root":
		message = "a session that the root user issued was used"
	case e.Name == "ConsoleLogin" && text(e.Response, "ConsoleLogin") == "Failure":
		message = "a sign-in of the root user failed"
	}
	w.t.add(e, High, rootAccount(e), message)
}

func (w *rootUse) done(r *Result) { w.t.report(r) }

// breakGlassOf is the break-glass principal that an event is a use of, if any: it called, or
// a session of it was asked for.
func breakGlassOf(isBreakGlass *memo[bool], e *event) string {
	if isBreakGlass.of(e.principal) {
		return e.principal
	}
	// CloudTrail User Guide, “AWS Management Console sign-in events”: who switches, and between what.
	if e.Source == "signin.amazonaws.com" && e.Name == "SwitchRole" {
		for _, to := range []string{text(e.Additional, "SwitchTo"), text(e.Parameters, "roleArn")} {
			if role := roleOfSession(to); role != "" {
				to = role
			}
			if to != "" && isBreakGlass.of(to) {
				return to
			}
		}
	}
	if e.Source == "sts.amazonaws.com" && strings.HasPrefix(e.Name, "AssumeRole") {
		if role := text(e.Parameters, "roleArn"); role != "" && isBreakGlass.of(role) {
			return role
		}
	}
	return ""
}

type breakGlassUse struct{ t *tally }

func (w *breakGlassUse) see(e *event) {
	principal := e.duty
	if principal == "" {
		return
	}
	message := "used"
	switch {
	case e.principal != principal && e.ErrorCode != "":
		message = "a session was asked for, and refused"
	case e.principal != principal:
		message = "a session was asked for"
	}
	w.t.add(e, High, principal, message)
}

func (w *breakGlassUse) done(r *Result) { w.t.report(r) }

// A ticketWatch gathers the sessions of break-glass principals, and the tickets in them.
type ticketWatch struct {
	c        *Config
	t        *tally
	sessions map[string]*session
	dropped  int
}

// A session is the use of a break-glass principal in one go.
type session struct {
	principal string
	events    *tally
	ticket    bool
	assumed   bool // its AssumeRole has been seen
	role      bool
	times     []time.Time // first and last
}

func newTicketWatch(r Rule, c *Config) *ticketWatch {
	return &ticketWatch{c: c, t: newTally(r, c), sessions: make(map[string]*session)}
}

func (w *ticketWatch) see(e *event) {
	principal := e.duty
	if principal == "" {
		return
	}
	key, assume := e.Identity.AccessKey, e.principal != principal
	if assume {
		if e.ErrorCode != "" {
			return // no use, and no session
		}
		key = text(e.Response, "credentials", "accessKeyId")
	}
	if key == "" || isLongTerm(key) {
		// A console session, or a key: what is done in a day.
		key = e.Identity.SessionCreated.Format(time.RFC3339) + e.Time.UTC().Format(time.DateOnly) + e.Identity.Session()
	}
	key = principal + "\x00" + key
	s := w.sessions[key]
	if s == nil {
		if len(w.sessions) >= maxGroups {
			w.dropped++
			return
		}
		s = &session{principal: strings.Clone(principal), events: &tally{code: w.t.code, samples: w.t.samples, groups: make(map[string]*Finding)}}
		w.sessions[strings.Clone(key)] = s
	}
	s.role = s.role || e.Identity.Type == "AssumedRole" && !assume
	s.assumed = s.assumed || assume
	s.times = spanOf(s.times, e.Time)
	s.ticket = s.ticket || w.hasTicket(e, assume)
	if !assume {
		s.events.add(e, Critical, principal, "used without a ticket")
	}
}

func spanOf(times []time.Time, t time.Time) []time.Time {
	if times == nil {
		return []time.Time{t, t}
	}
	if t.Before(times[0]) {
		times[0] = t
	}
	if t.After(times[1]) {
		times[1] = t
	}
	return times
}

// hasTicket reports whether there is a ticket in an event.
func (w *ticketWatch) hasTicket(e *event, assume bool) bool {
	p := w.c.Tickets.Pattern
	if p == nil {
		return false
	}
	if !assume {
		return p.MatchString(e.Identity.Session()) || p.MatchString(e.Identity.SourceIdentity)
	}
	if p.MatchString(text(e.Parameters, "roleSessionName")) || p.MatchString(text(e.Parameters, "sourceIdentity")) {
		return true
	}
	if w.c.Tickets.Tag == "" {
		return false
	}
	keys, values := texts(e.Parameters, "tags", "key"), texts(e.Parameters, "tags", "value")
	at := slices.Index(keys, w.c.Tickets.Tag)
	return at >= 0 && at < len(values) && len(keys) == len(values) && p.MatchString(values[at])
}

// registered reports whether a ticket of the register covers a use.
func (w *ticketWatch) registered(s *session) bool {
	return slices.ContainsFunc(w.c.Tickets.Register, func(k Ticket) bool {
		return glob(k.Principal, s.principal) && !s.times[0].Before(k.From) && !s.times[1].After(k.Until)
	})
}

func (w *ticketWatch) done(r *Result) {
	unseen := 0
	for _, s := range w.sessions {
		if s.ticket || w.registered(s) {
			continue
		}
		if w.c.Tickets.Tag != "" && s.role && !s.assumed {
			unseen++
			continue
		}
		for _, f := range s.events.groups {
			r.Findings = append(r.Findings, *f)
		}
		if s.events.dropped > 0 {
			w.dropped += s.events.dropped
		}
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		if order := compareFindings(a, b); order != 0 {
			return order
		}
		return a.First.Compare(b.First)
	})
	if unseen > 0 {
		r.note("%d sessions have no ticket in name or source identity, and their AssumeRole, which may have one in its tags, is not among the events", unseen)
	}
	if w.dropped > 0 {
		r.note("%d events are of more than the %d sessions that are kept", w.dropped, maxGroups)
	}
}

// A consoleLogin watcher looks at sign-ins to the console (CloudTrail User Guide, “AWS
// Management Console sign-in events”).
type consoleLogin struct {
	t         *tally
	federated int
	unknown   int
}

func (w *consoleLogin) see(e *event) {
	if e.Name != "ConsoleLogin" || e.Source != "signin.amazonaws.com" || text(e.Response, "ConsoleLogin") != "Success" {
		return
	}
	if e.Identity.Type != "Root" && e.Identity.Type != "IAMUser" {
		w.federated++
		return
	}
	switch text(e.Additional, "MFAUsed") {
	case "Yes":
	case "No":
		w.t.add(e, High, e.principal, "signed in to the console without MFA")
	default:
		w.unknown++
	}
}

func (w *consoleLogin) done(r *Result) {
	w.t.report(r)
	if w.federated > 0 {
		r.note("%d sign-ins of federated people: whether they used MFA is with their identity provider", w.federated)
	}
	if w.unknown > 0 {
		r.note("%d sign-ins do not say whether MFA was used", w.unknown)
	}
}

// permissionSets watches changes of IAM Identity Center.
type permissionSets struct {
	t *tally
	c *Config
}

// centerChanges are the events that change who may sign in to what (IAM Identity Center API
// Reference, Identity Store API Reference).
var centerChanges = map[string]map[string]bool{
	"sso.amazonaws.com": setOf("CreatePermissionSet", "UpdatePermissionSet", "DeletePermissionSet", "PutInlinePolicyToPermissionSet", "DeleteInlinePolicyFromPermissionSet",
		"AttachManagedPolicyToPermissionSet", "DetachManagedPolicyFromPermissionSet", "AttachCustomerManagedPolicyReferenceToPermissionSet", "DetachCustomerManagedPolicyReferenceFromPermissionSet",
		"PutPermissionsBoundaryToPermissionSet", "DeletePermissionsBoundaryFromPermissionSet", "ProvisionPermissionSet", "CreateAccountAssignment", "DeleteAccountAssignment",
		"CreateInstanceAccessControlAttributeConfiguration", "UpdateInstanceAccessControlAttributeConfiguration", "DeleteInstanceAccessControlAttributeConfiguration"),
	"identitystore.amazonaws.com": setOf("CreateGroupMembership", "DeleteGroupMembership", "CreateGroup", "DeleteGroup", "CreateUser", "DeleteUser"),
	"sso-directory.amazonaws.com": setOf("AddMemberToGroup", "RemoveMemberFromGroup", "CreateGroup", "DeleteGroup", "CreateUser", "DeleteUser", "DisableUser", "EnableUser"),
}

func setOf(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

func (w *permissionSets) see(e *event) {
	if !centerChanges[e.Source][e.Name] || e.ErrorCode != "" || e.Identity.Type == "AWSService" || e.Type == "AwsServiceEvent" || matchesAny(w.c.Pipelines, e.principal) {
		return
	}
	w.t.add(e, High, e.principal, e.Name)
}

func (w *permissionSets) done(r *Result) { w.t.report(r) }
