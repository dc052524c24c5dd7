package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// facts are what the commands know of actions; tests bring their own.
type facts interface {
	Date() string
	Actions(pattern string) iter.Seq[policy.Action]
	Services() iter.Seq[serviceref.ServiceInfo]
	Shrink(actions []string) []string
	describe(a policy.Action) actionJSON
}

// reference is the service reference as facts.
type reference struct{ *serviceref.Reference }

func embeddedFacts() facts { return reference{serviceref.Embedded()} }

func (r reference) describe(a policy.Action) actionJSON {
	j := actionJSON{Action: string(a), Resources: []string{}}
	info, ok := r.Action(a)
	if !ok {
		return j
	}
	j.Level = info.Level().String()
	for t := range info.Resources() {
		j.Resources = append(j.Resources, t.Type.Name())
	}
	return j
}

// The JSON output of actions; it may grow members, never change one.
type actionsJSON struct {
	ServiceData string       `json:"serviceData"`
	Actions     []actionJSON `json:"actions"`
	Unmatched   []string     `json:"unmatched"` // patterns that match nothing
}

type actionJSON struct {
	Action    string   `json:"action"`
	Level     string   `json:"level"`     // List, Read, Write, Tagging or PermissionsManagement
	Resources []string `json:"resources"` // resource types; none: only the resource * grants it
}

var (
	levelWords    = []string{"list", "read", "write", "tagging", "permissions-management"}
	actionFormats = []string{"text", "json", "csv"}
)

// An expansion is one run of actions.
type expansion struct {
	levels   []string
	unusedIn string
	output   string
}

func (a *app) actionsCommand() *cobra.Command {
	var e expansion
	cmd := &cobra.Command{
		Use:   "actions PATTERN…",
		Short: "List the actions that patterns name",
		Long: `Actions expands patterns as the Action element of a policy has them, such as s3:Get* or *,
to the actions that exist as of the date of the service data (licit version). Each comes
once, sorted by service and name. With -o csv or json each has its access level and its
resource types.

--unused-in leaves only the actions that a file does not name: those that no Allow statement
of a policy document covers, or that are in no line of a list of actions.

Exit codes: 0 every pattern matches, 1 one matches nothing, 2 usage or input error.`,
		Example: `  licit actions 's3:Get*'
  licit actions 'iam:*' --level permissions-management -o csv
  licit actions 'sqs:*' --unused-in queue-worker.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{cmd, errors.New("no pattern; want one such as 's3:Get*'")}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.completeAction(typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(a, cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&e.levels, "level", nil, "only actions of this access `LEVEL`: "+oneOf(levelWords)+" (repeatable)")
	fl.StringVar(&e.unusedIn, "unused-in", "", "only actions that this `FILE` does not name: a policy, or a list of actions (- is stdin)")
	a.takesFacts(cmd)
	fl.StringVarP(&e.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(actionFormats))
	fl.SortFlags = false
	must(cmd.RegisterFlagCompletionFunc("level", cobra.FixedCompletions(levelWords, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(actionFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// completeAction completes a service prefix, and then the actions of the service.
func (a *app) completeAction(typed string) ([]string, cobra.ShellCompDirective) {
	service, _, ok := strings.Cut(typed, ":")
	if !ok {
		var services []string
		for s := range a.facts.Services() {
			services = append(services, s.Prefix+":")
		}
		return matching(services, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	var actions []string
	for action := range a.facts.Actions(service + ":*") {
		actions = append(actions, string(action))
	}
	return matching(actions, typed), cobra.ShellCompDirectiveNoFileComp
}

func (e *expansion) run(a *app, cmd *cobra.Command, patterns []string) error {
	if !slices.Contains(actionFormats, e.output) {
		return usageError{cmd, fmt.Errorf("--output %q: want %s", e.output, oneOf(actionFormats))}
	}
	for _, level := range e.levels {
		if !slices.Contains(levelWords, level) {
			return usageError{cmd, fmt.Errorf("--level %q: want %s", level, oneOf(levelWords))}
		}
	}
	used := actionSet{}
	if cmd.Flags().Changed("unused-in") {
		lists, err := readActionLists(a, e.unusedIn)
		if err != nil {
			return err
		}
		used = namedBy(a.facts, lists)
	}
	out := actionsJSON{ServiceData: a.facts.Date(), Actions: []actionJSON{}, Unmatched: []string{}}
	found := actionSet{}
	for _, p := range patterns {
		if !found.add(a.facts, p) {
			out.Unmatched = append(out.Unmatched, p)
			a.note("%s: no action as of %s%s", printable(p), a.facts.Date(), meantActions(a.facts, p))
		}
	}
	for _, action := range found.sorted() {
		j := a.facts.describe(action)
		if !used.has(action) && e.wants(j.Level) {
			out.Actions = append(out.Actions, j)
		}
	}
	if len(found) > 0 && len(out.Actions) == 0 {
		a.note("none of %s is left by --level and --unused-in", plural(len(found), "action"))
	}
	if err := out.write(a.stdout, e.output); err != nil {
		return err
	}
	if len(out.Unmatched) > 0 {
		return status(exitNo)
	}
	return nil
}

func (e *expansion) wants(level string) bool {
	return len(e.levels) == 0 || slices.ContainsFunc(e.levels, func(word string) bool {
		return strings.EqualFold(strings.ReplaceAll(word, "-", ""), level)
	})
}

func (j actionsJSON) write(w io.Writer, output string) error {
	switch output {
	case "json":
		return writeJSON(w, j)
	case "csv":
		c := csv.NewWriter(w)
		err := c.Write([]string{"action", "level", "resources"})
		for _, a := range j.Actions {
			err = errors.Join(err, c.Write([]string{a.Action, a.Level, strings.Join(a.Resources, " ")}))
		}
		c.Flush()
		return errors.Join(err, c.Error())
	}
	var b strings.Builder
	for _, a := range j.Actions {
		b.WriteString(a.Action + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// An actionSet holds actions by their lower-case names.
type actionSet map[string]policy.Action

// add adds what a pattern names and reports whether it is anything.
func (s actionSet) add(f facts, pattern string) bool {
	any := false
	for a := range f.Actions(pattern) {
		s[strings.ToLower(string(a))], any = a, true
	}
	return any
}

func (s actionSet) has(a policy.Action) bool {
	_, ok := s[strings.ToLower(string(a))]
	return ok
}

// sorted lists the actions by service and name, without regard to case.
func (s actionSet) sorted() []policy.Action {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := policy.Action(a), policy.Action(b)
		if c := strings.Compare(x.Service(), y.Service()); c != 0 {
			return c
		}
		return strings.Compare(x.Name(), y.Name())
	})
	out := make([]policy.Action, len(names))
	for i, name := range names {
		out[i] = s[name]
	}
	return out
}

// namedBy are the actions that Allow statements and plain lists name.
func namedBy(f facts, lists []actionList) actionSet {
	out := actionSet{}
	for _, l := range lists {
		if l.effect == "Deny" {
			continue
		}
		set := actionSet{}
		for _, p := range l.patterns {
			set.add(f, p)
		}
		if l.Element == "NotAction" {
			all := actionSet{}
			all.add(f, "*")
			for name := range set {
				delete(all, name)
			}
			set = all
		}
		for name, a := range set {
			out[name] = a
		}
	}
	return out
}

// meantActions says what is wrong with a pattern that matches nothing, as far as it is known.
func meantActions(f facts, pattern string) string {
	if service, _, ok := strings.Cut(pattern, ":"); ok && strings.ContainsAny(service, "*?") {
		return "; a service prefix has no wildcards, name a service, or * for all actions"
	}
	return didYouMean(closestActions(f, pattern))
}

// closestActions are up to three actions or patterns that may have been meant by one that
// matches nothing: in its own service if there is one, else in those that are named like it
// or have an action of the name. None is known for a pattern in place of a service.
func closestActions(f facts, pattern string) []string {
	service, name, ok := strings.Cut(pattern, ":")
	if !ok {
		service, name = "", pattern
	}
	if strings.ContainsAny(service, "*?") || strings.Trim(name, "*?") == "" {
		return nil
	}
	var services []string
	for s := range f.Services() {
		services = append(services, s.Prefix)
	}
	if slices.ContainsFunc(services, func(s string) bool { return strings.EqualFold(s, service) }) {
		out := begun(f, service, name)
		for _, n := range closestNames(f, service, name) {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
		if len(out) > 0 || strings.ContainsAny(name, "*?") {
			return out[:min(3, len(out))]
		}
	}
	var out []string
	add := func(s string) {
		for a := range f.Actions(s + ":" + name) {
			p := string(a)
			if strings.ContainsAny(name, "*?") {
				p = s + ":" + name
			}
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
			return
		}
	}
	near := closest(service, services, 3)
	for _, s := range near {
		add(s)
	}
	for _, s := range near {
		if ok && len(out) == 0 {
			out = closestNames(f, s, name)
		}
	}
	for _, s := range services {
		add(s)
	}
	return out[:min(3, len(out))]
}

// begun is the action, or the pattern, that a name is the beginning of: s3:Get* for s3:Get.
func begun(f facts, service, name string) []string {
	if strings.ContainsAny(name, "*?") {
		return nil
	}
	var names []string
	for a := range f.Actions(service + ":" + name + "*") {
		service, names = a.Service(), append(names, a.Name())
	}
	if len(names) == 0 {
		return nil
	}
	same := names[0]
	for _, n := range names {
		for !strings.HasPrefix(n, same) {
			same = same[:len(same)-1]
		}
	}
	switch {
	case slices.Contains(names, same):
		return []string{service + ":" + same}
	case len(same) < len(name): // spelt otherwise
		same = name
	}
	return []string{service + ":" + same + "*"}
}

// closestNames are actions of a service with names like the one given. Of a pattern, what
// stands before the first wildcard is compared.
func closestNames(f facts, service, name string) []string {
	head, tail := name, ""
	if i := strings.IndexAny(name, "*?"); i >= 0 {
		head, tail = name[:i], name[i:]
	}
	if head == "" {
		return nil
	}
	var names []string
	for a := range f.Actions(service + ":*") {
		service = a.Service()
		if tail == "" {
			names = append(names, a.Name())
			continue
		}
		for n := max(1, len(head)-1); n <= min(len(a.Name()), len(head)+1); n++ {
			if n == len(a.Name()) || a.Name()[n] >= 'A' && a.Name()[n] <= 'Z' { // whole words
				names = append(names, a.Name()[:n])
			}
		}
	}
	slices.Sort(names)
	var out []string
	for _, n := range closest(head, slices.Compact(names), 3) {
		out = append(out, service+":"+n+tail)
	}
	return out
}

// An actionList is one list of actions or patterns: an element of a statement, or what
// stands in a file or on the command line.
type actionList struct {
	File      string `json:"file,omitempty"`
	Statement *int   `json:"statement,omitempty"` // counted from 0
	SID       string `json:"sid,omitempty"`
	Element   string `json:"element,omitempty"` // Action or NotAction
	effect    string
	patterns  []string
}

// readActionLists reads the lists of a file: those of a policy document, statement by
// statement, or one with an action on each line. What follows # is a comment.
func readActionLists(a *app, name string) ([]actionList, error) {
	shown, src, err := readInput(a, name)
	if err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimLeft(src, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return listsOfPolicy(shown, src)
	}
	list := actionList{File: shown}
	n := 0
	for line := range strings.Lines(string(src)) {
		n++
		line, _, _ = strings.Cut(line, "#")
		line = strings.Trim(strings.TrimSpace(line), `",`)
		if line == "" {
			continue
		}
		if !isActionPattern(line) {
			return nil, fmt.Errorf("%s:%d: %q: want an action or pattern such as s3:GetObject on each line, or a policy document", shown, n, line)
		}
		list.patterns = append(list.patterns, line)
	}
	if len(list.patterns) == 0 {
		return nil, fmt.Errorf("%s: no actions; want one on each line, or a policy document", shown)
	}
	return []actionList{list}, nil
}

func listsOfPolicy(shown string, src []byte) ([]actionList, error) {
	if !json.Valid(src) {
		// Parse knows better what is wrong.
		_, err := policy.ParseAt(shown, policy.Position{}, src)
		return nil, err
	}
	var lists []actionList
	for i, s := range statementsOf(src) {
		for _, element := range []string{"Action", "NotAction"} {
			patterns := textsOf(s[element])
			if len(patterns) == 0 {
				continue
			}
			sid, _ := s["Sid"].(string)
			effect, _ := s["Effect"].(string)
			lists = append(lists, actionList{File: shown, Statement: &i, SID: sid, Element: element, effect: effect, patterns: patterns})
		}
	}
	if len(lists) == 0 {
		return nil, fmt.Errorf("%s: no statement with an Action or NotAction; want a policy document, or an action on each line", shown)
	}
	return lists, nil
}

// readInput reads a file of limited size, or standard input for -.
func readInput(a *app, name string) (shown string, src []byte, err error) {
	shown = "stdin"
	r := a.stdin
	switch name {
	case "":
		return "", nil, errors.New("empty file name; want a policy document, or a file with an action on each line")
	case "-":
	default:
		shown = slashed(name)
		in, err := os.Open(name)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", shown, plainPathError(err))
		}
		defer in.Close()
		r = in
	}
	src, err = io.ReadAll(io.LimitReader(r, 4*policy.MaxSource+1))
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("%s: %w", shown, plainPathError(err))
	case len(src) > 4*policy.MaxSource:
		return "", nil, fmt.Errorf("%s: more than %d bytes", shown, 4*policy.MaxSource)
	}
	return shown, src, nil
}

// isActionPattern reports whether s has the form of an action or pattern.
func isActionPattern(s string) bool {
	service, name, ok := strings.Cut(s, ":")
	return s == "*" || ok && service != "" && name != "" && !strings.ContainsAny(s, " \t\"'{}[]")
}
