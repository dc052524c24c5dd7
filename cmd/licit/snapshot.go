package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

func (a *app) snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Work with snapshots of an organization",
		Args:  noSubcommand,

		SuggestionsMinimumDistance: 2,

		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.snapshotCheckCommand(), a.snapshotImportCommand())
	return cmd
}

func (a *app) snapshotCheckCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Say what a snapshot holds, what is missing, and what is wrong with it",
		Long: `Check reads a snapshot directory (org.json and the files it names) and counts what is in
it. Gaps, things that exist in AWS but not in the snapshot, are listed with their reasons:
decisions that they could change are indeterminate. Below them is the coverage, where the
snapshot has it: what was not read completely, or not at all. Managed policies of AWS that are in use
but not in the snapshot come from licit, as of the date that is printed. Everything that is wrong with the
files is reported at once, each with file, line and column.

Services whose resource policies licit never reads are gaps of each snapshot that was
loaded or imported, and parts that were left out on purpose, as Regions that are off, are gaps
of that one; they are listed, but do not make it incomplete. So say licit load and licit
snapshot import, too.

Exit codes: 0 complete, 2 it has errors, 4 something is missing.`,
		Example: `  licit snapshot check ./snapshot
  licit snapshot check ./snapshot -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{cmd, fmt.Errorf("%d arguments; want one, the directory that holds org.json", len(args))}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(cmd, output); err != nil {
				return err
			}
			o, err := readSnapshot(args[0])
			if err != nil {
				return err
			}
			c := contentsOf(args[0], o)
			if err := c.others(args[0]); err != nil {
				return err
			}
			if output == "json" {
				err = writeJSON(a.stdout, c)
			} else {
				_, err = io.WriteString(a.stdout, c.text())
			}
			if err != nil {
				return err
			}
			if !c.Complete {
				return status(exitPartial)
			}
			return nil
		},
	}
	registerOutput(cmd, &output)
	return cmd
}

// A contentsJSON says what a snapshot holds. It may grow members, never change one.
type contentsJSON struct {
	Snapshot          string        `json:"snapshot"`
	Organization      string        `json:"organization,omitempty"`
	ManagementAccount string        `json:"managementAccount,omitempty"`
	Complete          bool          `json:"complete"` // all that was to be read was read; there may be gaps of what was not
	Counts            countsJSON    `json:"counts"`
	Accounts          []accountJSON `json:"accounts"`
	Gaps              []gapJSON     `json:"gaps"`
	Coverage          []unitJSON    `json:"coverage,omitempty"`
	IdentityCenter    *centerJSON   `json:"identityCenter,omitempty"`
	Trails            *int          `json:"trails,omitempty"`
	Embedded          *embeddedJSON `json:"embedded,omitempty"`
	types             []string      // enabled types of control policies
	known             unreadParts
}

// An embeddedJSON says what is not in the snapshot and comes with licit.
type embeddedJSON struct {
	Date            string   `json:"date"` // of the newest managed policy that licit knows
	ManagedPolicies []string `json:"managedPolicies"`
}

type countsJSON struct {
	Accounts        int `json:"accounts"`
	OUs             int `json:"ous"`
	SCPs            int `json:"scps"`
	RCPs            int `json:"rcps"`
	Users           int `json:"users"`
	Groups          int `json:"groups"`
	Roles           int `json:"roles"`
	ManagedPolicies int `json:"managedPolicies"`
	InlinePolicies  int `json:"inlinePolicies"`
	Resources       int `json:"resources"`
	Endpoints       int `json:"endpoints"`
}

type accountJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name,omitempty"`
	Users     int    `json:"users"`
	Groups    int    `json:"groups"`
	Roles     int    `json:"roles"`
	Policies  int    `json:"policies"`
	Resources int    `json:"resources"`
	Endpoints int    `json:"endpoints"`
}

type gapJSON struct {
	Subject string `json:"subject"`
	What    string `json:"what"`
	Reason  string `json:"reason,omitempty"`
}

// contentsOf counts what the organization holds.
func contentsOf(dir string, o *org.Organization) contentsJSON {
	s := o.Spec()
	c := contentsJSON{Snapshot: dir, Organization: o.ID(), ManagementAccount: o.ManagementAccount(), Accounts: []accountJSON{}, Gaps: []gapJSON{}}
	n := &c.Counts
	n.OUs = countOUs(s.Root.OUs)
	for _, p := range s.ControlPolicies {
		switch p.Kind {
		case policy.ServiceControl:
			n.SCPs++
		case policy.ResourceControl:
			n.RCPs++
		}
	}
	managed := map[policy.ARN]bool{} // AWS managed policies stand in several accounts
	for i := range s.Accounts {
		a := &s.Accounts[i]
		c.Accounts = append(c.Accounts, accountJSON{
			ID: a.ID, Name: a.Name, Users: len(a.Users), Groups: len(a.Groups), Roles: len(a.Roles),
			Policies: len(a.Policies), Resources: len(a.Resources), Endpoints: len(a.Endpoints),
		})
		n.Accounts++
		n.Users += len(a.Users)
		n.Groups += len(a.Groups)
		n.Roles += len(a.Roles)
		n.Resources += len(a.Resources)
		n.Endpoints += len(a.Endpoints)
		for _, p := range a.Policies {
			managed[p.ARN] = true
		}
		n.InlinePolicies += countInline(a)
	}
	n.ManagedPolicies = len(managed)
	for g := range o.Gaps() {
		c.Gaps = append(c.Gaps, gapJSON{g.Subject, g.What, g.Reason})
	}
	for p := range o.EmbeddedPolicies() {
		if c.Embedded == nil {
			c.Embedded = &embeddedJSON{Date: serviceref.ManagedPoliciesDate()}
		}
		c.Embedded.ManagedPolicies = append(c.Embedded.ManagedPolicies, p.ARN.String())
	}
	c.known = expected(s)
	c.Complete = c.isExpected(c.Gaps) && !slices.ContainsFunc(s.Coverage, isMissing)
	for _, u := range s.Coverage {
		c.Coverage = append(c.Coverage, unitJSON{u.Account, u.Region, u.Section, u.State.String(), u.Reason})
	}
	for _, k := range s.Root.PolicyTypes {
		c.types = append(c.types, wording.KindName(k)+"s")
	}
	return c
}

func countOUs(list []org.OU) int {
	n := len(list)
	for i := range list {
		n += countOUs(list[i].OUs)
	}
	return n
}

func countInline(a *org.Account) int {
	n := 0
	for i := range a.Users {
		n += len(a.Users[i].Inline)
	}
	for i := range a.Groups {
		n += len(a.Groups[i].Inline)
	}
	for i := range a.Roles {
		n += len(a.Roles[i].Inline)
	}
	return n
}

// mostAccounts bounds the list of accounts in the text; JSON has all.
const mostAccounts = 50

func (c contentsJSON) text() string {
	var b strings.Builder
	word := "complete"
	switch n := len(c.Gaps); {
	case n > 0 && c.Complete:
		word = fmt.Sprintf("complete, but for %s of what is not read", plural(n, "gap"))
	case n > 0:
		word = fmt.Sprintf("valid, with %s", plural(n, "gap"))
	case !c.Complete:
		word = "valid, with parts that are not known"
	}
	fmt.Fprintf(&b, "%s: %s\n", printable(c.Snapshot), word)
	if c.Organization == "" {
		b.WriteString("no organization\n")
	} else {
		fmt.Fprintf(&b, "organization %s", plain(c.Organization))
		if c.ManagementAccount != "" {
			fmt.Fprintf(&b, ", management account %s", plain(c.ManagementAccount))
		}
		if len(c.types) > 0 {
			fmt.Fprintf(&b, ", %s enabled", strings.Join(c.types, " and "))
		}
		b.WriteString("\n")
	}
	n := c.Counts
	b.WriteString("\n")
	for _, row := range []struct {
		name  string
		count int
	}{
		{"accounts", n.Accounts}, {"OUs", n.OUs}, {"SCPs", n.SCPs}, {"RCPs", n.RCPs}, {"users", n.Users}, {"groups", n.Groups},
		{"roles", n.Roles}, {"managed policies", n.ManagedPolicies}, {"inline policies", n.InlinePolicies},
		{"resources", n.Resources}, {"VPC endpoints", n.Endpoints},
	} {
		fmt.Fprintf(&b, "  %-17s %6d\n", row.name, row.count)
	}
	if e := c.Embedded; e != nil {
		fmt.Fprintf(&b, "\n%s of AWS in use and not in the snapshot: the newest as of %s, from licit\n", policies(len(e.ManagedPolicies)), e.Date)
	}
	c.accountText(&b)
	c.otherText(&b)
	gapText(&b, "missing", c.Gaps)
	if c.IdentityCenter != nil {
		gapText(&b, "missing of IAM Identity Center", c.IdentityCenter.Gaps)
	}
	c.coverageText(&b)
	return b.String()
}

func (c contentsJSON) accountText(b *strings.Builder) {
	if len(c.Accounts) == 0 {
		return
	}
	width := len("account")
	names := make([]string, min(len(c.Accounts), mostAccounts))
	for i := range names {
		names[i] = c.Accounts[i].ID
		if name := c.Accounts[i].Name; name != "" {
			names[i] += " " + plain(name)
		}
		width = max(width, len(names[i]))
	}
	fmt.Fprintf(b, "\n  %-*s %6s %6s %6s %8s %9s %9s\n", width, "account", "users", "groups", "roles", "policies", "resources", "endpoints")
	for i, name := range names {
		a := c.Accounts[i]
		fmt.Fprintf(b, "  %-*s %6d %6d %6d %8d %9d %9d\n", width, name, a.Users, a.Groups, a.Roles, a.Policies, a.Resources, a.Endpoints)
	}
	if more := len(c.Accounts) - len(names); more > 0 {
		fmt.Fprintf(b, "  and %d more (-o json lists all)\n", more)
	}
}

func policies(n int) string {
	if n == 1 {
		return "1 managed policy"
	}
	return fmt.Sprintf("%d managed policies", n)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
