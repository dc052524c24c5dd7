package awsexport

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An account is what answers told of an account.
type account struct {
	org.Account
	listed   bool            // by Organizations
	lists    map[string]bool // of GetAccountAuthorizationDetails: which files of the AWS CLI have
	users    map[policy.ARN]*org.User
	groups   map[policy.ARN]*org.Group
	roles    map[policy.ARN]*org.Role
	policies map[policy.ARN]*org.ManagedPolicy
	gaps     []org.Gap // of documents that are not understood

	facts     facts
	resources map[policy.ARN]*resource
	findings  map[string]org.Finding // by analyzer and ID
	reports   map[policy.ARN]*org.AccessReport
}

func (s *state) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{
			Account: org.Account{ID: id}, lists: make(map[string]bool),
			users: make(map[policy.ARN]*org.User), groups: make(map[policy.ARN]*org.Group),
			roles: make(map[policy.ARN]*org.Role), policies: make(map[policy.ARN]*org.ManagedPolicy),
			resources: make(map[policy.ARN]*resource), findings: make(map[string]org.Finding), reports: make(map[policy.ARN]*org.AccessReport),
		}
		s.accounts[id] = a
	}
	return a
}

func (a *account) gap(subject, what, reason string) {
	a.gaps = append(a.gaps, org.Gap{Subject: subject, What: what, Reason: reason})
}

const authorizationDetails = "iam:GetAccountAuthorizationDetails"

func iamOperations() []*operation {
	list := []*operation{
		{name: "GetAccountAuthorizationDetails", section: sectionIAM, args: []string{"Filter"}, members: detailLists, sign: []string{"UserDetailList"}, owner: ownerOfDetails, subject: filterOfDetails, read: readDetails},
		{name: "ListRoles", section: sectionIAM, subject: pathPrefix, members: []string{"Roles"}, sign: []string{"Roles"}, element: "RoleId", owner: ownerIn("Roles"), read: readRoles},
		{name: "GetRole", section: sectionIAM, members: []string{"Role"}, sign: []string{"Role"}, subject: func(r *record) string { return r.output.get("Role").get("Arn").text() }, owner: func(r *record) string { return accountIn(r.output.get("Role").get("Arn")) }, read: readRoles},
		// Of an empty list only the service's directory tells that it is not that of an identity store.
		{name: "ListGroups", section: sectionIAM, subject: pathPrefix, members: []string{"Groups"}, sign: []string{"Groups"}, element: "Arn", owner: ownerIn("Groups")},
	}
	for _, op := range list {
		op.service = "iam"
	}
	return list
}

var detailLists = []string{"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"}

func pathPrefix(r *record) string { return r.in(-1, "PathPrefix") }

// accountIn is the account of an ARN, "" if it names none.
func accountIn(v value) string {
	if v.kind() != jsontree.String {
		return ""
	}
	a, err := policy.ParseARN(v.n.Text)
	if err != nil || !policy.IsAccountID(a.AccountID()) {
		return ""
	}
	return a.AccountID()
}

// ownerIn tells the account by the ARNs in lists.
func ownerIn(lists ...string) func(*record) string {
	return func(r *record) string {
		for _, name := range lists {
			if list := r.output.get(name); list.kind() == jsontree.Array {
				for v := range list.each() {
					if id := accountIn(v.get("Arn")); id != "" {
						return id
					}
				}
			}
		}
		return ""
	}
}

var ownerOfDetails = ownerIn(detailLists...)

// filterOfDetails tells which kinds were asked for: as the input says, or the name of the file.
func filterOfDetails(r *record) string {
	var list []string
	if f := r.input.get("Filter"); f.kind() == jsontree.Array {
		list = f.texts()
	} else if len(r.args) > 0 {
		for _, word := range strings.FieldsFunc(r.args[0], func(c rune) bool { return !unicode.IsLetter(c) }) {
			for _, kind := range append(sorted(detailKinds), "AWSManagedPolicy") {
				if strings.EqualFold(word, kind) {
					list = append(list, kind)
				}
			}
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func readDetails(s *state, r *record) {
	a := s.account(r.account)
	for _, name := range detailLists {
		a.lists[name] = a.lists[name] || r.output.get(name).is()
	}
	for v := range r.output.get("UserDetailList").each() {
		s.user(r, a, v)
	}
	for v := range r.output.get("GroupDetailList").each() {
		g := &org.Group{ARN: v.get("Arn").arn()}
		g.Attached, g.Inline = s.identityPolicies(a, g.ARN, v, "GroupPolicyList")
		if s.owns(a, v, g.ARN) {
			s.once(r, v, g.ARN.String(), v.canonical())
			a.groups[g.ARN] = g
		}
	}
	for v := range r.output.get("RoleDetailList").each() {
		s.role(r, a, v)
	}
	for v := range r.output.get("Policies").each() {
		s.managedPolicy(r, a, v)
	}
}

// owns reports whether something has an ARN of the account.
func (s *state) owns(a *account, v value, arn policy.ARN) bool {
	if arn.IsValid() && arn.AccountID() == a.ID {
		return true
	}
	if arn.IsValid() {
		s.fail(v, "%s is not of account %s; want each account's answers under its own ID", arn, a.ID)
	} else {
		s.fail(v, "has no Arn")
	}
	return false
}

func (s *state) user(r *record, a *account, v value) {
	arn := v.get("Arn").arn()
	if !s.owns(a, v, arn) {
		return
	}
	s.once(r, v, arn.String(), v.canonical())
	u := &org.User{ARN: arn, ID: v.get("UserId").text(), Groups: v.get("GroupList").texts(), Tags: v.get("Tags").tags(), Created: v.get("CreateDate").time()}
	u.Attached, u.Inline = s.identityPolicies(a, arn, v, "UserPolicyList")
	u.Boundary = s.boundary(v)
	a.users[arn] = u
}

func (s *state) role(from *record, a *account, v value) {
	arn := v.get("Arn").arn()
	if !s.owns(a, v, arn) {
		return
	}
	s.once(from, v, arn.String(), v.canonical("RoleLastUsed"))
	r := a.roles[arn]
	if r == nil {
		r = &org.Role{ARN: arn}
		a.roles[arn] = r
	}
	r.ID, r.Tags, r.Created = v.get("RoleId").text(), v.get("Tags").tags(), v.get("CreateDate").time()
	r.Attached, r.Inline = s.identityPolicies(a, arn, v, "RolePolicyList")
	r.Boundary = s.boundary(v)
	trust, why := v.get("AssumeRolePolicyDocument").document(policy.RoleTrust)
	if r.Trust = trust; trust == nil {
		a.gap(arn.String(), org.GapResourcePolicy, firstText(why, v.place()+": there is no trust policy"))
	}
	if used := v.get("RoleLastUsed"); used.is() {
		r.Used = lastUsed(used, "LastUsedDate", r.Created)
	}
	seconds := v.get("MaxSessionDuration").number()
	if seconds > 0 {
		r.MaxSession = time.Duration(seconds) * time.Second
	}
}

// readRoles takes from ListRoles and GetRole what GetAccountAuthorizationDetails does not
// tell: how long sessions may last.
func readRoles(s *state, r *record) {
	list := slices.Collect(r.output.get("Roles").each())
	if v := r.output.get("Role"); v.is() {
		list = append(list, v)
	}
	a := s.account(r.account)
	for _, v := range list {
		if arn := v.get("Arn").arn(); s.owns(a, v, arn) {
			s.sessions[arn] = time.Duration(v.get("MaxSessionDuration").number()) * time.Second
		}
	}
}

// lastUsed is when something was last used. An answer without a date says never: since AWS
// keeps record of it, and for roles that is 400 days (IAM User Guide, “Refine permissions in
// AWS using last accessed information”).
func lastUsed(v value, member string, created time.Time) org.Usage {
	at := v.get(member).time()
	return org.Usage{At: at, Never: at.IsZero(), Region: v.get("Region").text()}
}

// boundary is the permissions boundary of a user or role.
func (s *state) boundary(v value) policy.ARN {
	b := v.get("PermissionsBoundary")
	arn := b.get("PermissionsBoundaryArn").arn()
	if b.is() && !arn.IsValid() {
		s.fail(b, "has no PermissionsBoundaryArn")
	}
	return arn
}

func (s *state) identityPolicies(a *account, holder policy.ARN, v value, inline string) ([]policy.ARN, []org.InlinePolicy) {
	var attached []policy.ARN
	for p := range v.get("AttachedManagedPolicies").each() {
		arn := p.get("PolicyArn").arn()
		if !arn.IsValid() {
			s.fail(p, "has no PolicyArn")
		} else if !slices.Contains(attached, arn) {
			attached = append(attached, arn)
		}
	}
	var list []org.InlinePolicy
	for p := range v.get(inline).each() {
		name := p.get("PolicyName").text()
		d, why := p.get("PolicyDocument").document(policy.IdentityBased)
		if d == nil {
			a.gap(holder.String(), org.GapIdentityPolicies, "inline policy "+name+": "+firstText(why, p.place()+": there is no document"))
			continue
		}
		list = append(list, org.InlinePolicy{Name: name, Document: d})
	}
	return attached, list
}

func (s *state) managedPolicy(r *record, a *account, v value) {
	arn := v.get("Arn").arn()
	if !arn.IsValid() {
		s.fail(v, "has no Arn")
		return
	}
	if arn.AccountID() != "aws" && !s.owns(a, v, arn) {
		return
	}
	if arn.AccountID() != "aws" {
		s.once(r, v, arn.String(), v.canonical("AttachmentCount", "PermissionsBoundaryUsageCount"))
	}
	m := &org.ManagedPolicy{ARN: arn}
	version, _ := strconv.Atoi(strings.TrimPrefix(v.get("DefaultVersionId").text(), "v"))
	why := v.place() + ": there is no default version among the versions"
	for p := range v.get("PolicyVersionList").each() {
		if p.get("IsDefaultVersion").isTrue() || p.get("VersionId").text() == v.get("DefaultVersionId").text() {
			var reason string
			m.Document, reason = p.get("Document").document(policy.IdentityBased)
			why = firstText(reason, why)
			break
		}
	}
	if m.Document == nil {
		a.gap(arn.String(), org.GapDocument, why)
	}
	a.policies[arn] = m
	if old, ok := s.managed[arn]; arn.AccountID() == "aws" && m.Document != nil && (!ok || version > old.version) {
		s.managed[arn] = managed{version, m.Document}
	}
}

// A managed policy of AWS has the same document in all accounts. Where accounts were read on
// different days, the newest version counts.
type managed struct {
	version  int
	document *policy.Document
}
