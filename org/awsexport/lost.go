package awsexport

import (
	"slices"

	"github.com/licit-dev/licit/org"
)

// A lost is a file that cannot be read, and of which nothing tells what it was to hold: it may
// be a page of any answer about the account in whose directory it stands, or of all.
type lost struct{ account, reason string }

// gapsOfLost marks what files that cannot be read may have held.
func (s *state) gapsOfLost() {
	for _, l := range s.lost {
		add := func(subject, what string) {
			if !slices.ContainsFunc(s.spec.Gaps, func(g org.Gap) bool { return g.Subject == subject && g.What == what }) {
				s.gap(subject, what, l.reason)
			}
		}
		for i := range s.spec.Accounts {
			id := s.spec.Accounts[i].ID
			if l.account != "" && l.account != id {
				continue
			}
			s.problem(unitKey{id, "", sectionIAM}, l.reason)
			add("arn:"+s.partition()+":iam::"+id+":*", org.GapUnlisted)
			for _, sv := range services {
				place := "*:" + id
				if sv.name == "s3" {
					place = ":" // an ARN of a bucket names neither
				}
				add("arn:"+s.partition()+":"+sv.name+":"+place+":*", org.GapUnlisted)
			}
		}
		if s.spec.Root.ID == "" || l.account != "" && l.account != s.org.management {
			continue
		}
		s.problem(s.globalUnit(sectionPolicies), l.reason)
		add(s.spec.Root.ID, org.GapControlPolicies)
		for _, id := range sorted(s.placed) {
			add(id, org.GapControlPolicies)
		}
	}
}
