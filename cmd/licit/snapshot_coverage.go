package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

// A unitJSON is a part of AWS's state, and how well it is known.
type unitJSON struct {
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Section string `json:"section"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
}

// A centerJSON says what identitycenter.json holds.
type centerJSON struct {
	Instance       string    `json:"instance"`
	PermissionSets int       `json:"permissionSets"`
	Users          int       `json:"users"`
	Groups         int       `json:"groups"`
	Assignments    int       `json:"assignments"`
	Gaps           []gapJSON `json:"gaps"`
}

// others adds what the other files of the snapshot hold.
func (c *contentsJSON) others(dir string) error {
	fsys := os.DirFS(dir)
	i, err := identitycenter.ReadFS(fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return inDirectory(filepath.ToSlash(dir), err)
	default:
		c.center(i)
	}
	trails, err := cloudtrail.ReadTrailsFS(fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return inDirectory(filepath.ToSlash(dir), err)
	default:
		n := len(trails)
		c.Trails = &n
	}
	return nil
}

func (c *contentsJSON) center(i *identitycenter.Instance) {
	s := i.Spec()
	c.IdentityCenter = &centerJSON{
		Instance: s.ARN.String(), PermissionSets: len(s.PermissionSets), Users: len(s.Users), Groups: len(s.Groups), Assignments: len(s.Assignments), Gaps: []gapJSON{},
	}
	for _, g := range s.Gaps {
		c.IdentityCenter.Gaps = append(c.IdentityCenter.Gaps, gapJSON{g.Subject, g.What, g.Reason})
	}
	c.Complete = c.Complete && c.isExpected(c.IdentityCenter.Gaps)
}

// isMissing reports whether a part of AWS's state was to be read, and was not.
func isMissing(u org.Unit) bool { return u.State == org.Partial || u.State == org.Unknown }

// unreadParts tell the gaps of what nobody reads, or that was left out on purpose, from
// those of what is missing.
type unreadParts struct {
	unread  map[gapJSON]bool // of all snapshots
	skipped []org.Unit
}

func expected(s org.Spec) unreadParts {
	e := unreadParts{unread: make(map[gapJSON]bool)}
	partitions := make(map[string]bool)
	for _, g := range s.Gaps {
		if parts := strings.Split(g.Subject, ":"); parts[0] == "arn" && len(parts) > 1 {
			partitions[parts[1]] = true
		}
	}
	for partition := range partitions {
		for _, g := range awsexport.Unread(partition) {
			e.unread[gapJSON(g)] = true
		}
	}
	for _, u := range s.Coverage {
		if u.State == org.Skipped && u.Reason != "" {
			e.skipped = append(e.skipped, u)
		}
	}
	return e
}

// isExpected reports whether none of the gaps is of what was to be read.
func (c *contentsJSON) isExpected(gaps []gapJSON) bool {
	return !slices.ContainsFunc(gaps, func(g gapJSON) bool {
		return !c.known.unread[g] && !slices.ContainsFunc(c.known.skipped, func(u org.Unit) bool { return isSkipped(g, u) })
	})
}

// isSkipped reports whether a gap is of a unit that was skipped, and because it was.
func isSkipped(g gapJSON, u org.Unit) bool {
	return isPartOf(g, u) && isBecauseOf(g.Reason, u.Reason)
}

// isPartOf reports whether what a gap is about is read with the unit. Units of the organization
// and of IAM Identity Center stand for the account that was asked.
func isPartOf(g gapJSON, u org.Unit) bool {
	switch g.What {
	case identitycenter.GapUsers, identitycenter.GapMembers:
		return u.Section == "identity-store"
	case identitycenter.GapAssignments, identitycenter.GapAttributes:
		return u.Section == "identity-center"
	}
	parts := strings.SplitN(g.Subject, ":", 6)
	if parts[0] != "arn" || len(parts) < 6 {
		return u.Section == "organization" || u.Section == "organization-policies"
	}
	service, region, account := parts[2], parts[3], parts[4]
	if service == "sso" {
		return u.Section == "identity-center"
	}
	return u.Section == service && (u.Region == "" || u.Region == region) && (account == "" || u.Account == account)
}

// command is what comes before the reason why a call has no answer, such as "list-targets-for-policy of p-x".
var command = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+( of [^:]+)?$`)

func isBecauseOf(reason, why string) bool {
	if reason == why || reason == why+": the accounts may be in an organization" {
		return true
	}
	call, rest, _ := strings.Cut(reason, ": ")
	return rest == why && command.MatchString(call)
}

func (c *contentsJSON) otherText(b *strings.Builder) {
	if i := c.IdentityCenter; i != nil {
		fmt.Fprintf(b, "\nIAM Identity Center: %s, %s, %s, %s\n", plural(i.PermissionSets, "permission set"), plural(i.Users, "user"), plural(i.Groups, "group"), plural(i.Assignments, "assignment"))
	}
	if c.Trails != nil {
		fmt.Fprintf(b, "\nCloudTrail: %s\n", plural(*c.Trails, "trail"))
	}
}

// gapName names what a gap is about, of an organization or of IAM Identity Center.
func gapName(what string) string {
	switch what {
	case identitycenter.GapAssignments, identitycenter.GapAttributes, identitycenter.GapMembers, identitycenter.GapUsers:
		return what
	}
	return wording.GapName(what)
}

// mostAlike is how many gaps of one kind and reason the text lists; JSON has all.
const mostAlike = 3

// gapText lists gaps, those for one reason together.
func gapText(b *strings.Builder, title string, gaps []gapJSON) {
	if len(gaps) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	type kind struct{ what, reason string }
	alike := make(map[kind]int)
	for _, g := range gaps {
		alike[kind{g.What, g.Reason}]++
	}
	printed := make(map[kind]int)
	for _, g := range gaps {
		k := kind{g.What, g.Reason}
		if printed[k]++; printed[k] > mostAlike {
			continue
		}
		fmt.Fprintf(b, "  %s of %s", gapName(g.What), plain(g.Subject))
		if more := alike[k] - mostAlike; more > 0 && printed[k] == mostAlike {
			fmt.Fprintf(b, " and %d more", more)
		}
		if g.Reason != "" {
			fmt.Fprintf(b, ": %s", plain(g.Reason))
		}
		b.WriteString("\n")
	}
}

// coverageText says what was read, and what was not, that for one reason together.
func (c *contentsJSON) coverageText(b *strings.Builder) {
	if len(c.Coverage) == 0 {
		return
	}
	type group struct{ state, section, reason string }
	accounts := make(map[group][]string)
	var order []group
	complete := 0
	for _, u := range c.Coverage {
		if u.State == org.Complete.String() || u.State == org.Absent.String() {
			complete++
			continue
		}
		name := strings.TrimSpace(u.Account + " " + u.Region)
		g := group{u.State, u.Section, u.Reason}
		if accounts[g] == nil {
			order = append(order, g)
		}
		accounts[g] = append(accounts[g], name)
	}
	fmt.Fprintf(b, "\ncoverage: %d of %s read completely\n", complete, plural(len(c.Coverage), "part"))
	slices.SortFunc(order, func(x, y group) int { return strings.Compare(x.section+x.state+x.reason, y.section+y.state+y.reason) })
	for _, g := range order {
		list := accounts[g]
		text := strings.Join(list[:min(len(list), mostAlike)], ", ")
		if more := len(list) - mostAlike; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(b, "  %s of %s: %s: %s\n", plain(g.section), plain(text), g.state, plain(g.reason))
	}
}
