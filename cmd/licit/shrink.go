package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/shrink"
	"github.com/licit-dev/licit/internal/wording"
)

// The JSON output of shrink; it may grow members, never change one.
type shrinkJSON struct {
	ServiceData string           `json:"serviceData"`
	Lists       []shrunkListJSON `json:"lists"`
}

type shrunkListJSON struct {
	actionList
	Given    int      `json:"given"`    // patterns before
	Actions  int      `json:"actions"`  // known actions that they name
	Patterns []string `json:"patterns"` // patterns after
	Fewest   bool     `json:"fewest"`   // no shorter list does it
	Unknown  []string `json:"unknown"`  // patterns that name no known action; they are kept
}

func (a *app) shrinkCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "shrink ACTION…|FILE…|-",
		Short: "Find a shortest list of patterns for the same actions",
		Long: `Shrink gives the fewest patterns that name exactly the actions given, as of the date of the
service data, which it says. It uses *, whole services, single actions, the patterns given,
and those with one star or with one at each end: s3:GetObject*, s3:*Acl, iam:*Role*. The
result is expanded again and compared. Where the search for fewer would take too long, it
says that the list is the shortest found. Of patterns that do the same it takes those that
are cut between words, s3:Get*, not s3:G*; then those with few stars, then short ones.

A file is a policy document, in which every Action and NotAction element is a list of its
own, or has an action on each line. What names no known action is kept as it is.

A pattern also names actions that AWS will add later. Look at the result before you use it.

Exit codes: 0 done, 2 usage or input error.`,
		Example: `  licit shrink s3:GetObject s3:GetObjectAcl s3:PutObject
  licit shrink deploy.json
  licit actions 'ec2:*' --level list --level read | licit shrink -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{cmd, errors.New("no actions; want some such as s3:GetObject, or a file")}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			list, directive := a.completeAction(typed)
			return list, directive &^ cobra.ShellCompDirectiveNoFileComp // files, too
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(cmd, output); err != nil {
				return err
			}
			lists, err := actionLists(a, cmd, args)
			if err != nil {
				return err
			}
			out := shrinkJSON{ServiceData: a.facts.Date()}
			for _, l := range lists {
				s, err := a.shrink(l)
				if err != nil {
					return err
				}
				out.Lists = append(out.Lists, s)
			}
			if output == "json" {
				return writeJSON(a.stdout, out)
			}
			_, err = io.WriteString(a.stdout, out.text())
			return err
		},
	}
	a.takesFacts(cmd)
	registerOutput(cmd, &output)
	return cmd
}

// actionLists are the lists that the arguments are: one of all actions, then those of
// each file.
func actionLists(a *app, cmd *cobra.Command, args []string) ([]actionList, error) {
	var given actionList
	var files []actionList
	for _, arg := range args {
		_, err := os.Stat(arg)
		switch {
		case arg == "-" || err == nil:
			lists, err := readActionLists(a, arg)
			if err != nil {
				return nil, err
			}
			files = append(files, lists...)
		case isActionPattern(arg):
			given.patterns = append(given.patterns, arg)
		default:
			return nil, usageError{cmd, fmt.Errorf("%q: no such file, and no action; want a file, or an action or pattern such as s3:GetObject", arg)}
		}
	}
	if len(given.patterns) > 0 {
		files = append([]actionList{given}, files...)
	}
	return files, nil
}

// shrink shrinks one list and says on standard error what it did.
func (a *app) shrink(l actionList) (shrunkListJSON, error) {
	found := shrink.Find(a.facts, l.patterns, shrink.AnyCut)
	s := shrunkListJSON{actionList: l, Given: len(l.patterns), Patterns: found.Patterns, Fewest: found.Fewest, Unknown: []string{}}
	for _, p := range found.Unknown {
		s.Unknown = append(s.Unknown, p)
		a.note("%s%s: no action as of %s, kept as it is%s", l.prefix(), printable(p), a.facts.Date(), meantActions(a.facts, p))
	}
	known, again := actionSet{}, actionSet{}
	for _, p := range l.patterns {
		known.add(a.facts, p)
	}
	for _, p := range s.Patterns {
		again.add(a.facts, p)
	}
	if s.Actions = len(known); !maps.Equal(known, again) {
		return s, fmt.Errorf("%s%s name other actions than %s, a mistake of licit", l.prefix(), wording.AndList(s.Patterns), wording.AndList(l.patterns))
	}
	shortest := ""
	if !s.Fewest {
		shortest = ", the shortest list found"
	}
	a.note("%s%s for %s, from %d%s; exact as of the service data of %s",
		l.prefix(), plural(len(s.Patterns), "pattern"), plural(s.Actions, "known action"), s.Given, shortest, a.facts.Date())
	return s, nil
}

// prefix names the list in front of a message.
func (l actionList) prefix() string {
	if name := l.name(); name != "" {
		return name + ": "
	}
	return ""
}

func (l actionList) name() string {
	if l.Statement == nil {
		return printable(l.File)
	}
	name := fmt.Sprintf("statement %d", *l.Statement+1)
	if l.SID != "" {
		name = "Sid " + plain(l.SID)
	}
	return fmt.Sprintf("%s, %s, %s", printable(l.File), name, l.Element)
}

func (j shrinkJSON) text() string {
	var b strings.Builder
	for _, l := range j.Lists {
		if len(j.Lists) > 1 {
			fmt.Fprintf(&b, "# %s\n", cmp.Or(l.name(), "arguments"))
		}
		for _, p := range l.Patterns {
			b.WriteString(printable(p) + "\n")
		}
	}
	return b.String()
}
