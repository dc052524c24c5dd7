package awsexport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
)

// cover makes the coverage: the units of the export's own record, and those that its files
// amount to. A unit is not Complete if one of its calls is not.
func (s *state) cover() {
	problems := make(map[unitKey][]string)
	seen := make(map[unitKey]bool)
	for _, op := range sorted(operations) {
		for _, k := range s.callsTo(op, "") {
			o := operations[k.op]
			u := unitKey{k.account, k.region, o.section}
			if o.global {
				u = unitKey{s.owner(o.section), "", o.section}
			}
			seen[u] = true
			if reason, ok := s.known(k); !ok && !slices.Contains(problems[u], reason) {
				problems[u] = append(problems[u], reason)
			}
		}
	}
	for k, u := range s.units {
		if list := problems[k]; len(list) > 0 && (u.State == org.Complete || u.State == org.Unknown) {
			u.State, u.Reason = org.Partial, reasons(list)
		}
		if u.State != org.Complete && u.Reason == "" {
			u.Reason = "no reason was given"
		}
		s.spec.Coverage = append(s.spec.Coverage, u)
		delete(seen, k)
	}
	for u := range seen {
		unit := org.Unit{Account: u.account, Region: u.region, Section: u.section, State: org.Complete}
		if list := problems[u]; len(list) > 0 {
			unit.State, unit.Reason = org.Partial, reasons(list)
		}
		s.spec.Coverage = append(s.spec.Coverage, unit)
	}
	for _, id := range sorted(s.accounts) {
		k := unitKey{id, "", sectionIAM}
		if _, ok := s.units[k]; !ok && len(s.callsTo(authorizationDetails, id)) == 0 && !seen[k] {
			s.spec.Coverage = append(s.spec.Coverage, org.Unit{Account: id, Section: sectionIAM, State: org.Unknown, Reason: "not in the export"})
		}
	}
}

// owner is the account whose state a section of the whole organization is.
func (s *state) owner(section string) string { return firstText(s.speaker[section], s.org.management) }

func reasons(list []string) string {
	const most = 3
	text := strings.Join(list[:min(len(list), most)], "; ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
