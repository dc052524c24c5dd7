package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
)

func (a *app) accessCommand() *cobra.Command {
	var f accessFlags
	cmd := &cobra.Command{
		Use:   "access [USER…]",
		Short: "Say what people can sign in to through IAM Identity Center",
		Long: `Access lists, for each user of IAM Identity Center, the accounts and permission sets that
the user is assigned, directly or through groups, and the sessions that they give: the
principals to ask licit can, permissions and which-actions about. Without a USER (a user name
or ID) it lists everybody; --account and --set narrow it.

It reads the identitycenter.json of the snapshot. Users who are disabled have no access. What
is not known of the instance is listed as a gap: there may be more access than is shown.

Exit codes: 0 answered, 2 usage or input error, 4 answered, with gaps.`,
		Example: `  licit access
  licit access ana@exemplia.example
  licit access --account 111122223333 --set Administrator -o csv`,
		ValidArgsFunction: f.completeUsers,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(a, cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.account, "account", "", "only access to the account with this `ID`")
	fl.StringVar(&f.set, "set", "", "only the permission set with this `NAME`")
	fl.StringVar(&f.snapshot, "snapshot", "", "snapshot `DIR` of an organization, with an identitycenter.json")
	must(cmd.MarkFlagDirname("snapshot"))
	registerOutputs(cmd, &f.output, "text", "json", "csv")
	fl.SortFlags = false
	return cmd
}

type accessFlags struct {
	snapshot, account, set, output string
}

// The JSON output of access; it may grow members, never change one.
type accessJSON struct {
	Users []accessUserJSON `json:"users"`
	Gaps  []accessGapJSON  `json:"gaps,omitempty"`
}

type accessUserJSON struct {
	Name        string              `json:"name"`
	ID          string              `json:"id"`
	Disabled    bool                `json:"disabled,omitempty"`
	Groups      []string            `json:"groups,omitempty"`
	SessionTags map[string]string   `json:"sessionTags,omitempty"`
	UnknownTags []string            `json:"unknownTags,omitempty"`
	Access      []accessSessionJSON `json:"access"`
}

type accessSessionJSON struct {
	Account       string   `json:"account"`
	PermissionSet string   `json:"permissionSet"`
	Duration      string   `json:"duration"`
	Direct        bool     `json:"direct,omitempty"`
	Groups        []string `json:"groups,omitempty"`
	Role          string   `json:"role,omitempty"`      // "" if it is not provisioned
	Principal     string   `json:"principal,omitempty"` // likewise
	Unknown       string   `json:"unknown,omitempty"`   // why it is not known whether it is provisioned
}

type accessGapJSON struct {
	Subject string `json:"subject"`
	What    string `json:"what,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

func (f *accessFlags) run(a *app, cmd *cobra.Command, names []string) error {
	if err := checkOutputs(cmd, f.output, "text", "json", "csv"); err != nil {
		return err
	}
	o, i, err := f.read(a, cmd)
	if err != nil {
		return err
	}
	users, err := f.users(cmd, o, i, names)
	if err != nil {
		return err
	}
	out := accessJSON{Users: []accessUserJSON{}}
	for _, u := range users {
		j := f.user(o, i, u)
		if len(names) > 0 || len(j.Access) > 0 || f.account+f.set == "" {
			out.Users = append(out.Users, j)
		}
	}
	for _, g := range i.Spec().Gaps {
		out.Gaps = append(out.Gaps, accessGapJSON(g))
	}
	partial := false
	switch f.output {
	case "json":
		err = writeJSON(a.stdout, out)
	case "csv":
		err = out.csv(a.stdout)
	default:
		_, err = io.WriteString(a.stdout, out.text(o, len(names) > 0))
	}
	if err == nil && out.unknownRoles() {
		if f.output == "csv" {
			a.note("it is not known whether all of it is provisioned")
		}
		partial = true
	}
	if err == nil && len(out.Gaps) > 0 {
		if f.output == "csv" {
			a.note("the instance has %s: there may be more access than is shown", plural(len(out.Gaps), "gap"))
		}
		partial = true
	}
	if partial {
		return status(exitPartial)
	}
	return err
}

// read reads the organization and its instance.
func (f *accessFlags) read(a *app, cmd *cobra.Command) (o *org.Organization, i *identitycenter.Instance, err error) {
	dir, fsys := sampleName, examples.Fintech()
	if cmd.Flags().Changed("snapshot") {
		dir, fsys = filepath.ToSlash(f.snapshot), os.DirFS(f.snapshot)
		o, err = readSnapshot(f.snapshot)
	} else {
		a.note("using the embedded sample organization %q; name your own with --snapshot DIR", sampleName)
		o, err = readSample()
	}
	if err != nil {
		return nil, nil, err
	}
	i, err = identitycenter.ReadFS(fsys)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("snapshot %q: has no identitycenter.json; people of IAM Identity Center are in that file", dir)
	}
	if err != nil {
		return nil, nil, inDirectory(dir, err)
	}
	return o, i, nil
}

// users are those that are asked for, by user name, or all.
func (f *accessFlags) users(cmd *cobra.Command, o *org.Organization, i *identitycenter.Instance, names []string) ([]identitycenter.User, error) {
	s := i.Spec()
	slices.SortFunc(s.Users, func(a, b identitycenter.User) int { return strings.Compare(a.Name, b.Name) })
	var errs []error
	if f.account != "" {
		if _, ok := o.Account(f.account); !ok {
			errs = append(errs, usageError{cmd, fmt.Errorf("--account %s: the organization does not list it", plain(f.account))})
		}
	}
	if f.set != "" && !slices.ContainsFunc(s.PermissionSets, func(p identitycenter.PermissionSet) bool { return p.Name == f.set }) {
		var sets []string
		for _, p := range s.PermissionSets {
			sets = append(sets, p.Name)
		}
		hint := didYouMean(closest(f.set, sets, 3))
		if hint == "" {
			hint = "; want " + plain(strings.Join(sets, ", "))
		}
		errs = append(errs, usageError{cmd, fmt.Errorf("--set %s: there is no such permission set%s", plain(f.set), hint)})
	}
	if len(names) == 0 {
		return s.Users, errors.Join(errs...)
	}
	var out []identitycenter.User
	for _, name := range names {
		u, ok := i.UserNamed(name)
		if !ok {
			u, ok = i.User(name)
		}
		if !ok {
			var known []string
			for _, u := range s.Users {
				known = append(known, u.Name)
			}
			why := "there is no such user"
			if slices.ContainsFunc(s.Gaps, func(g org.Gap) bool { return g.What == identitycenter.GapUsers || g.What == org.GapEverything }) {
				why = "the snapshot lists no such user, and not all users"
			}
			errs = append(errs, usageError{cmd, fmt.Errorf("%s: %s%s", plain(name), why, didYouMean(closest(name, known, 3)))})
			continue
		}
		out = append(out, u)
	}
	return out, errors.Join(errs...)
}

func (f *accessFlags) user(o *org.Organization, i *identitycenter.Instance, u identitycenter.User) accessUserJSON {
	j := accessUserJSON{Name: u.Name, ID: u.ID, Disabled: u.Disabled, Access: []accessSessionJSON{}}
	names := make(map[string]string)
	for g := range i.Groups(u.ID) {
		names[g.ID] = g.Name
		j.Groups = append(j.Groups, g.Name)
	}
	slices.Sort(j.Groups)
	j.SessionTags, j.UnknownTags = i.SessionTags(u.ID)
	access, _ := i.Access(o, u.ID)
	for _, x := range access {
		set, _ := i.PermissionSet(x.PermissionSet)
		if f.account != "" && x.Account != f.account || f.set != "" && set.Name != f.set {
			continue
		}
		s := accessSessionJSON{
			Account: x.Account, PermissionSet: set.Name, Duration: identitycenter.FormatSessionDuration(set.SessionDuration),
			Direct: x.Direct, Role: x.Role.String(), Principal: x.Principal.String(),
		}
		if !x.Role.IsValid() {
			s.Unknown = rolesUnknown(o, i.Spec().ARN.Partition(), x.Account)
		}
		for _, id := range x.Groups {
			s.Groups = append(s.Groups, names[id])
		}
		j.Access = append(j.Access, s)
	}
	return j
}

func (j accessJSON) unknownRoles() bool {
	return slices.ContainsFunc(j.Users, func(u accessUserJSON) bool {
		return slices.ContainsFunc(u.Access, func(x accessSessionJSON) bool { return x.Unknown != "" })
	})
}

// rolesUnknown says why the roles of IAM Identity Center in an account are not all known, or "".
func rolesUnknown(o *org.Organization, partition, account string) string {
	if _, ok := o.Account(account); !ok {
		return "the snapshot does not have the account"
	}
	roles := "arn:" + partition + ":iam::" + account + ":role/aws-reserved/sso.amazonaws.com/"
	for g := range o.Gaps() {
		prefix, _, pattern := strings.Cut(g.Subject, "*")
		if g.What != org.GapUnlisted && g.What != org.GapEverything {
			continue
		}
		if g.Subject == account || pattern && strings.HasPrefix(roles, prefix) || strings.HasPrefix(prefix, roles) {
			return cmp.Or(g.Reason, g.What+" of "+g.Subject)
		}
	}
	return ""
}

// text is a line for each user, and if they were named, one for each session.
func (j accessJSON) text(o *org.Organization, detail bool) string {
	var b strings.Builder
	if !detail {
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, u := range j.Users {
			fmt.Fprintf(w, "%s\t%s", plain(u.Name), u.reach())
			if sets := u.sets(); sets != "" {
				fmt.Fprintf(w, "\t%s", plain(sets))
			}
			fmt.Fprintln(w)
		}
		w.Flush()
	} else {
		for n, u := range j.Users {
			if n > 0 {
				b.WriteByte('\n')
			}
			u.text(&b, o)
		}
	}
	if len(j.Gaps) > 0 {
		fmt.Fprintf(&b, "not known, so that there may be more:\n")
		for _, g := range j.Gaps {
			fmt.Fprintf(&b, "  %s\n", printable(strings.TrimSuffix(strings.TrimSpace(g.What+" of "+g.Subject+": "+g.Reason), ":")))
		}
	}
	return b.String()
}

// reach is how many accounts a user can sign in to.
func (u accessUserJSON) reach() string {
	accounts := make(map[string]bool)
	for _, x := range u.Access {
		accounts[x.Account] = true
	}
	switch {
	case u.Disabled:
		return "disabled"
	case len(accounts) == 1:
		return "1 account"
	}
	return fmt.Sprintf("%d accounts", len(accounts))
}

func (u accessUserJSON) sets() string {
	sets := make(map[string]bool)
	for _, x := range u.Access {
		sets[x.PermissionSet] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(sets)), ", ")
}

func (u accessUserJSON) text(b *strings.Builder, o *org.Organization) {
	fmt.Fprintf(b, "%s: %s", plain(u.Name), u.reach())
	if len(u.Groups) > 0 {
		fmt.Fprintf(b, ", in %s", plain(strings.Join(u.Groups, ", ")))
	}
	b.WriteByte('\n')
	for _, x := range u.Access {
		through := x.Groups
		if x.Direct {
			through = append([]string{"the user"}, through...)
		}
		where := x.Account
		if name := o.NodeName(x.Account); name != "" {
			where = name + " (" + x.Account + ")"
		}
		fmt.Fprintf(b, "  %s in %s for %s, assigned to %s\n", plain(x.PermissionSet), plain(where), strings.ToLower(strings.TrimPrefix(x.Duration, "PT")), plain(strings.Join(through, ", ")))
		if x.Unknown != "" {
			fmt.Fprintf(b, "    not known whether it is provisioned: %s\n", printable(x.Unknown))
		} else if x.Principal == "" {
			fmt.Fprintf(b, "    not provisioned: the snapshot has no role for it\n")
		} else {
			fmt.Fprintf(b, "    %s\n", plain(x.Principal))
		}
	}
	if len(u.Access) == 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(u.SessionTags)) {
		fmt.Fprintf(b, "  --session-tag %s\n", plain(k+"="+u.SessionTags[k]))
	}
	if len(u.UnknownTags) > 0 {
		fmt.Fprintf(b, "  session tags that the snapshot does not tell: %s\n", plain(strings.Join(u.UnknownTags, ", ")))
	}
}

func (j accessJSON) csv(out io.Writer) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"user", "id", "account", "permission set", "duration", "direct", "groups", "principal"}}
	for _, u := range j.Users {
		for _, x := range u.Access {
			rows = append(rows, []string{u.Name, u.ID, x.Account, x.PermissionSet, x.Duration, fmt.Sprint(x.Direct), strings.Join(x.Groups, " "), x.Principal})
		}
	}
	return w.WriteAll(rows)
}

// completeUsers completes user names of the snapshot.
func (f *accessFlags) completeUsers(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	fsys := examples.Fintech()
	if cmd.Flags().Changed("snapshot") {
		fsys = os.DirFS(f.snapshot)
	}
	i, err := identitycenter.ReadFS(fsys)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, u := range i.Spec().Users {
		if strings.HasPrefix(u.Name, prefix) && !slices.Contains(args, u.Name) {
			out = append(out, u.Name)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
