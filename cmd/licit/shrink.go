package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
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
	Unknown  []string `json:"unknown"`  // patterns that name no known action; they are kept
}

func (a *app) shrinkCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "shrink ACTION…|FILE…|-",
		Short: "Find the shortest list of patterns for the same actions",
		Long: `Shrink gives the fewest patterns that name exactly the actions given, as of the date of the
service data, which it says. It uses whole services, beginnings such as s3:GetObject*, the
patterns given, and single actions; the result is expanded again and compared. Of patterns
that do the same it takes the one that ends with a word: s3:Get*, not s3:G*.

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
	s := shrunkListJSON{actionList: l, Given: len(l.patterns), Unknown: []string{}}
	known := actionSet{}
	var patterns []string // those that name something
	for _, p := range l.patterns {
		if known.add(a.facts, p) {
			patterns = append(patterns, p)
			continue
		}
		s.Unknown = append(s.Unknown, p)
		a.note("%s%s: no action as of %s, kept as it is%s", l.prefix(), printable(p), a.facts.Date(), didYouMean(closestActions(a.facts, p)))
	}
	s.Actions = len(known)
	s.Patterns = shortest(a.facts, patterns, known)
	again := actionSet{}
	for _, p := range s.Patterns {
		again.add(a.facts, p)
	}
	if !maps.Equal(known, again) {
		return s, fmt.Errorf("%s%s name other actions than %s, a mistake of licit", l.prefix(), wording.AndList(s.Patterns), wording.AndList(l.patterns))
	}
	for _, p := range s.Unknown {
		if !slices.ContainsFunc(s.Patterns, func(q string) bool { return strings.EqualFold(p, q) || covers(q, p) }) {
			s.Patterns = append(s.Patterns, p)
		}
	}
	sortPatterns(s.Patterns)
	a.note("%s%s for %s, from %d; exact as of the service data of %s",
		l.prefix(), plural(len(s.Patterns), "pattern"), plural(s.Actions, "known action"), s.Given, a.facts.Date())
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

func sortPatterns(list []string) {
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
}

// covers reports whether the pattern q, if it only ends in *, names all that p can.
func covers(q, p string) bool {
	head, ok := strings.CutSuffix(q, "*")
	return ok && !strings.ContainsAny(head, "*?") && len(p) >= len(head) && strings.EqualFold(p[:len(head)], head)
}

// shortest is the shortest list of patterns for the known actions, which are those that
// the given patterns name, sorted.
func shortest(f facts, given []string, known actionSet) []string {
	for _, p := range given {
		if strings.Trim(p, "*") == "" {
			return []string{"*"}
		}
	}
	byService := map[string][]policy.Action{}
	for _, a := range known {
		service := strings.ToLower(a.Service())
		byService[service] = append(byService[service], a)
	}
	var out []string
	for service, actions := range byService {
		var own []string
		for _, p := range given {
			prefix, _, _ := strings.Cut(p, ":")
			if strings.EqualFold(prefix, service) {
				own = append(own, p)
			}
		}
		out = append(out, shortestOf(f, actions[0].Service(), own, known)...)
	}
	sortPatterns(out)
	return out
}

// shortestOf is shortest for one service.
func shortestOf(f facts, service string, given []string, known actionSet) []string {
	t := trie{service: service}
	for a := range f.Actions(service + ":*") {
		t.names = append(t.names, leaf{strings.ToLower(a.Name()), a.Name(), known.has(a)})
	}
	slices.SortFunc(t.names, func(a, b leaf) int { return strings.Compare(a.lower, b.lower) })
	prefixes := t.cover(t.names, 0)
	if len(given) == 0 {
		return prefixes
	}
	// What was given may do better, such as s3:*Acl.
	if greedy := greedyCover(f, slices.Concat(prefixes, given)); len(greedy) < len(prefixes) {
		return greedy
	}
	return prefixes
}

// A trie is all actions of a service, sorted.
type trie struct {
	service string
	names   []leaf
}

type leaf struct {
	lower, name string
	in          bool // to be named
}

// cover lists the fewest patterns that end in *, and single actions, for the leaves that
// are in: beginnings nest, so the shortest beginnings that only have such leaves are the
// best there can be. All leaves share their first depth bytes.
func (t *trie) cover(leaves []leaf, depth int) []string {
	n := 0
	for _, l := range leaves {
		if l.in {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case n == len(leaves) && depth == 0:
		return []string{t.service + ":*"}
	case n == 1 && len(leaves) == 1:
		return []string{t.service + ":" + leaves[0].name}
	case n == len(leaves):
		return []string{t.service + ":" + beginning(leaves, depth) + "*"}
	}
	var out []string
	for i := 0; i < len(leaves); {
		if len(leaves[i].lower) == depth {
			if leaves[i].in {
				out = append(out, t.service+":"+leaves[i].name)
			}
			i++
			continue
		}
		j := i + 1
		for j < len(leaves) && leaves[j].lower[depth] == leaves[i].lower[depth] {
			j++
		}
		out = append(out, t.cover(leaves[i:j], depth+1)...)
		i = j
	}
	return out
}

// beginning is the part that all leaves begin with, cut after the first word that is at
// least atLeast bytes long: "Get" of GetObject and GetObjectAcl for 1, not "G".
func beginning(leaves []leaf, atLeast int) string {
	first, last := leaves[0], leaves[len(leaves)-1]
	common := 0
	for common < len(first.lower) && common < len(last.lower) && first.lower[common] == last.lower[common] {
		common++
	}
	upper := func(i int) bool { return i < len(first.name) && first.name[i] >= 'A' && first.name[i] <= 'Z' }
	for i := max(1, atLeast); i < common; i++ {
		if upper(i) && !upper(i-1) {
			return first.name[:i]
		}
	}
	return first.name[:common]
}

// greedyCover names all that the candidates do with few of them: always the one that names
// most that is not named yet, and at the end without those that the others make needless.
func greedyCover(f facts, candidates []string) []string {
	sets := map[string]actionSet{}
	left := actionSet{}
	for _, c := range candidates {
		sets[c] = actionSet{}
		sets[c].add(f, c)
		left.add(f, c)
	}
	candidates = slices.Sorted(maps.Keys(sets))
	var chosen []string
	times := map[string]int{} // how many of the chosen name an action
	for len(left) > 0 {
		best, most := "", 0
		for _, c := range candidates {
			n := 0
			for name := range sets[c] {
				if _, ok := left[name]; ok {
					n++
				}
			}
			if n > most {
				best, most = c, n
			}
		}
		chosen = append(chosen, best)
		for name := range sets[best] {
			delete(left, name)
			times[name]++
		}
	}
	return slices.DeleteFunc(chosen, func(c string) bool {
		for name := range sets[c] {
			if times[name] == 1 {
				return false
			}
		}
		for name := range sets[c] {
			times[name]--
		}
		return true
	})
}
