package collect

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/licit-dev/licit/org"
)

// A Unit is what is read as a whole.
type Unit struct {
	Account string // ID
	Region  string // empty: the section is global
	Section string
}

// String is how people read the unit, such as "sqs of 111122223333 in eu-west-3".
func (u Unit) String() string {
	s := u.Section + " of " + u.Account
	if u.Region != "" {
		s += " in " + u.Region
	}
	return s
}

func (u Unit) compare(v Unit) int {
	return cmp.Or(strings.Compare(u.Account, v.Account), strings.Compare(u.Region, v.Region), strings.Compare(u.Section, v.Section))
}

// global stands for no Region in the paths of files. No Region is called so.
const global = "global"

// path is the unit's file below a store, with slashes.
func (u Unit) path() string {
	return fmt.Sprintf("units/%s/%s/%s.jsonl", u.Account, cmp.Or(u.Region, global), u.Section)
}

var (
	account = regexp.MustCompile(`^[0-9]{12}$`)
	region  = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	section = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// IsAccount reports whether s has the form of an account ID: twelve digits.
func IsAccount(s string) bool { return account.MatchString(s) }

// IsRegion reports whether s has the form of a Region's name, such as eu-west-3.
func IsRegion(s string) bool { return region.MatchString(s) }

// validate keeps what a server answered from becoming a path.
func (u Unit) validate() error {
	switch {
	case !IsAccount(u.Account):
		return fmt.Errorf("%q is no account ID: want twelve digits", u.Account)
	case u.Region != "" && !IsRegion(u.Region):
		return fmt.Errorf("%q is no Region: want a name such as eu-west-3", u.Region)
	case !section.MatchString(u.Section):
		return fmt.Errorf("%q is no section", u.Section)
	}
	return nil
}

// An Outcome is how reading a unit ended.
type Outcome struct {
	State  org.State
	Reason string // why it is not Complete
}

// IsFinished reports whether reading again would find nothing more: all but Partial.
func (o Outcome) IsFinished() bool {
	return o.State == org.Complete || o.State == org.Absent || o.State == org.Skipped
}

func stateOf(name string) (org.State, bool) {
	for _, s := range []org.State{org.Complete, org.Absent, org.Partial, org.Skipped} {
		if s.String() == name {
			return s, true
		}
	}
	return org.Unknown, false
}
