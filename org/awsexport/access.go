package awsexport

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const (
	sectionFindings = "findings"
	sectionAccessed = "last-accessed"
)

func accessOperations() []*operation {
	findings := func(name string) *operation {
		return &operation{
			service: "accessanalyzer", name: name, late: true, section: sectionFindings, regional: true, args: []string{"AnalyzerArn"}, members: []string{"Findings"},
			owner: func(r *record) string { return accountOf(r.in(-1, "AnalyzerArn")) }, read: readFindings,
		}
	}
	return []*operation{
		{service: "accessanalyzer", name: "ListAnalyzers", section: sectionFindings, regional: true, members: []string{"Analyzers"}, sign: []string{"analyzers"}, subject: func(*record) string { return "" },
			owner: ownerIn("Analyzers"), read: readAnalyzers},
		findings("ListFindings"), findings("ListFindingsV2"),
		{service: "iam", name: "GetServiceLastAccessedDetails", late: true, section: sectionAccessed, args: []string{"Arn"}, members: []string{"ServicesLastAccessed", "JobStatus"}, sign: []string{"ServicesLastAccessed"},
			subject: func(r *record) string { return accessedARN(r) }, owner: func(r *record) string { return accountOf(r.in(-1, "Arn")) }, read: readAccessed},
	}
}

// readAnalyzers remembers which analyzers there are, and whether they look at the whole
// organization.
func readAnalyzers(s *state, r *record) {
	for v := range r.output.get("Analyzers").each() {
		s.analyzers[v.get("Arn").text()] = v.get("Type").text()
	}
}

// analyzerOf is the analyzer that the input or the name of the file tells: files are named by
// the last part of its ARN.
func (s *state) analyzerOf(r *record) (policy.ARN, bool) {
	text := r.in(0, "AnalyzerArn")
	if text != "" && !strings.HasPrefix(text, "arn:") && r.region != "" {
		text = "arn:" + s.partition() + ":access-analyzer:" + r.region + ":" + r.account + ":analyzer/" + text
	}
	a, err := policy.ParseARN(text)
	if err != nil {
		s.note(r.at.s.File, "does not say of which analyzer it is; name the file %s.NAME.json, in directories that are named like the account and the Region", r.op.command())
	}
	return a, err == nil
}

func readFindings(s *state, r *record) {
	analyzer, ok := s.analyzerOf(r)
	if !ok {
		return
	}
	s.analyzed[s.keyOf(r)] = analyzer
	for v := range r.output.get("Findings").each() {
		owner := firstText(v.get("ResourceOwnerAccount").text(), accountIn(v.get("Resource")))
		if !policy.IsAccountID(owner) {
			s.note(r.at.s.File, "finding %s is left out: it does not say whose resource it is about", v.get("Id").text())
			continue
		}
		resource, err := policy.ParseARN(v.get("Resource").text())
		if err != nil {
			s.note(r.at.s.File, "finding %s is left out: %v", v.get("Id").text(), err)
			continue
		}
		f := org.Finding{
			ID: v.get("Id").text(), Analyzer: analyzer, Type: v.get("FindingType").text(), Resource: resource, ResourceType: v.get("ResourceType").text(),
			Status: v.get("Status").text(), Public: v.get("IsPublic").isTrue(), Actions: v.get("Action").texts(), Created: v.get("CreatedAt").time(), Updated: v.get("UpdatedAt").time(),
		}
		if f.Type == "" && r.op.name == "ListFindings" { // which lists those only
			f.Type = "ExternalAccess"
		}
		for name, p := range v.get("Principal").members() {
			if f.Principal == nil {
				f.Principal = make(map[string]string)
			}
			f.Principal[name] = p.text()
		}
		s.account(owner).findings[analyzer.String()+" "+f.ID] = f
	}
}

// findings lists the findings about an account, if it is known that they are all there are: of
// each analyzer of its own and of the organization that list-analyzers has, one of which looks
// at more than unused access.
func (s *state) findings(a *account) {
	read := make(map[string]bool)
	for k, analyzer := range s.analyzed {
		if _, ok := s.known(k); ok {
			read[analyzer.String()] = true
		}
	}
	known := false
	lists := s.callsTo("accessanalyzer:ListAnalyzers", a.ID)
	for name, typ := range s.analyzers {
		own := accountOf(name) == a.ID
		if !own && !strings.HasPrefix(typ, "ORGANIZATION") {
			continue
		}
		if !read[name] {
			return
		}
		if !own {
			lists = append(lists, s.callsTo("accessanalyzer:ListAnalyzers", accountOf(name))...)
		}
		known = known || !strings.Contains(typ, "UNUSED")
	}
	for _, k := range lists {
		if _, ok := s.known(k); !ok {
			return
		}
	}
	if !known {
		return
	}
	a.Findings = []org.Finding{}
	for _, key := range sorted(a.findings) {
		a.Findings = append(a.Findings, a.findings[key])
	}
}

// accessedARN tells whose report it is: of the ARN for which it was made, which a loader
// writes beside the job's ID, or of the file's name, as user-ana.
func accessedARN(r *record) string {
	if text := r.in(-1, "Arn"); text != "" {
		return text
	}
	if len(r.args) == 0 {
		return ""
	}
	kind, name, ok := strings.Cut(r.args[0], "-")
	if !ok {
		return ""
	}
	return kind + "/" + name
}

func readAccessed(s *state, r *record) {
	if status := r.output.get("JobStatus").text(); status != "" && status != "COMPLETED" {
		s.call(s.keyOf(r)).fail(r.at.place() + ": the report is " + status)
		return
	}
	text := accessedARN(r)
	if !strings.HasPrefix(text, "arn:") && text != "" {
		text = s.entityNamed(r.account, text)
	}
	arn, err := policy.ParseARN(text)
	if err != nil {
		s.note(r.at.s.File, "does not say whose report it is; name the file get-service-last-accessed-details.user-NAME.json, or role-NAME or group-NAME")
		return
	}
	report := s.account(r.account).reports[arn]
	if report == nil {
		report = new(org.AccessReport)
		s.account(r.account).reports[arn] = report
	}
	report.AsOf = r.output.get("JobCompletionDate").time()
	for v := range r.output.get("ServicesLastAccessed").each() {
		u := org.ServiceUse{Service: v.get("ServiceNamespace").text(), Used: usedAt(v, "LastAuthenticated", "LastAuthenticatedRegion")}
		if tracked := v.get("TrackedActionsLastAccessed"); tracked.is() {
			u.Actions = []org.ActionUse{}
			for t := range tracked.each() {
				u.Actions = append(u.Actions, org.ActionUse{Action: policy.Action(u.Service + ":" + t.get("ActionName").text()), Used: usedAt(t, "LastAccessedTime", "LastAccessedRegion")})
			}
		}
		if i := slices.IndexFunc(report.Services, func(o org.ServiceUse) bool { return o.Service == u.Service }); i >= 0 {
			report.Services[i] = u
			continue
		}
		report.Services = append(report.Services, u)
	}
}

// usedAt is a last use; without a date there was none in the reporting period.
func usedAt(v value, date, region string) org.Usage {
	at := v.get(date).time()
	if at.IsZero() {
		return org.Usage{Never: true}
	}
	return org.Usage{At: at, Region: v.get(region).text()}
}

// entityNamed is the ARN of a user, group or role by its kind and name, such as "user/ana",
// whatever its path; if nothing lists it, the one without a path.
func (s *state) entityNamed(account, name string) string {
	return "arn:" + s.partition() + ":iam::" + account + ":" + name
}

// reports puts the last-accessed reports where they belong. Those that files name go by the
// name of the user, group or role, which is unique in an account whatever its path.
func (s *state) reports(a *account) {
	byName := make(map[string]*org.AccessReport)
	for arn, r := range a.reports {
		kind, _, _ := strings.Cut(arn.Resource(), "/")
		byName[kind+"/"+setID(arn.Resource())] = r
	}
	take := func(arn policy.ARN) *org.AccessReport {
		kind, _, _ := strings.Cut(arn.Resource(), "/")
		name := kind + "/" + setID(arn.Resource())
		r := byName[name]
		delete(byName, name)
		return r
	}
	for arn, u := range a.users {
		u.Accessed = take(arn)
	}
	for arn, g := range a.groups {
		g.Accessed = take(arn)
	}
	for arn, r := range a.roles {
		r.Accessed = take(arn)
	}
	for _, name := range sorted(byName) {
		s.note(".", "the last-accessed report of %s in account %s is left out: the account has no such user, group or role", name, a.ID)
	}
}
