package awsexport

import "strings"

// A lost is a file that cannot be read, and of which nothing tells what it was to hold: it may
// be a page of any list about the account in whose directory it stands, or of all.
type lost struct{ account, reason string }

// lostPage is why a list that seems complete may not be: "" if it is. Records say which page
// they continue, so that none of theirs can be missing.
func (s *state) lostPage(k callKey, c *call) string {
	if len(s.lost) == 0 || c.chain || !operations[k.op].pages() {
		return ""
	}
	for _, l := range s.lost {
		if l.account == "" || l.account == k.account || k.account == "" && s.speaksFor(l.account, operations[k.op].section) {
			return l.reason
		}
	}
	return ""
}

// pages reports whether an answer may come in several pages.
func (o *operation) pages() bool {
	switch o.name {
	case "GetAccountAuthorizationDetails", "GetServiceLastAccessedDetails", "DescribeRepositories":
		return true
	}
	return strings.HasPrefix(o.name, "List")
}

// speaksFor reports whether what is about the whole organization may stand in the directory of
// an account.
func (s *state) speaksFor(account, section string) bool {
	return account == s.org.management || account == s.speaker[section]
}

// problemsOfLost takes down that sections of which a file may have been lost are not complete.
func (s *state) problemsOfLost() {
	for _, l := range s.lost {
		for i := range s.spec.Accounts {
			if id := s.spec.Accounts[i].ID; l.account == "" || l.account == id {
				for _, section := range sections {
					s.problem(unitKey{id, "", section}, l.reason)
				}
			}
		}
		for _, section := range []string{sectionOrganization, sectionPolicies, sectionCenter, sectionIdentityStore} {
			if l.account == "" || s.speaksFor(l.account, section) {
				s.problem(s.globalUnit(section), l.reason)
			}
		}
	}
}
