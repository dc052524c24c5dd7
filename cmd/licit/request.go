package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// requestFlags say what is asked.
type requestFlags struct {
	principal, action string
	resources         []string
	context           []string
	contextFile       string
	unknown           []string
}

func (f *requestFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.principal, "principal", "", "who asks: `ARN` of a user, role, session, root user or identity provider; or a service principal; or * (required)")
	f.registerTarget(cmd)
}

// registerTarget registers all but the principal.
func (f *requestFlags) registerTarget(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.action, "action", "", "the `ACTION`, such as s3:GetObject (required)")
	fl.StringArrayVar(&f.resources, "resource", nil, "`ARN` of the resource; * for actions that take none, which is the default (repeatable: a call that names several)")
	f.registerKeys(cmd)
}

// registerKeys registers the condition keys.
func (f *requestFlags) registerKeys(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.context, "context", nil, "condition key: `KEY=VALUE`[,VALUE…]; KEY= says that it is absent (repeatable)")
	fl.StringVar(&f.contextFile, "context-file", "", "JSON `FILE` of condition keys: {\"key\": \"value\" or [\"value\", …]}; [] says absent")
	fl.StringArrayVar(&f.unknown, "unknown", nil, "keys that may or may not be present, a `PATTERN` such as aws:PrincipalTag/* (repeatable)")
	must(cmd.MarkFlagFilename("context-file", "json"))
}

// requests reads the flags: a request for each resource. Everything that is wrong with them
// is one error.
func (f *requestFlags) requests(cmd *cobra.Command) ([]simulate.Request, error) {
	p, wrong := f.who(cmd)
	out, err := f.targets(cmd)
	for i := range out {
		out[i].Principal = p
	}
	return out, errors.Join(wrong, err)
}

// who reads the principal.
func (f *requestFlags) who(cmd *cobra.Command) (policy.Principal, error) {
	p, err := policy.ParsePrincipal(f.principal)
	switch {
	case !cmd.Flags().Changed("principal"):
		err = errors.New("--principal is missing; want who asks, such as arn:aws:iam::111122223333:user/ana")
	case strings.Contains(f.principal, ":group/"):
		err = fmt.Errorf("--principal %s: a group makes no requests; name one of its members", f.principal)
	case err != nil:
		err = fmt.Errorf("--principal: %w", err)
	}
	if err != nil {
		return p, usageError{cmd, err}
	}
	return p, nil
}

// target is targets where one resource is asked for.
func (f *requestFlags) target(cmd *cobra.Command) (simulate.Request, error) {
	list, err := f.targets(cmd)
	if err == nil && len(list) > 1 {
		err = usageError{cmd, fmt.Errorf("--resource: given %d times; ask for one at a time", len(list))}
	}
	return list[0], err
}

// targets reads all but the principal, and returns at least one request.
func (f *requestFlags) targets(cmd *cobra.Command) ([]simulate.Request, error) {
	var r simulate.Request
	var errs []error
	usage := func(format string, args ...any) {
		errs = append(errs, usageError{cmd, fmt.Errorf(format, args...)})
	}
	var err error
	switch r.Action, err = policy.ParseAction(f.action); {
	case !cmd.Flags().Changed("action"):
		usage("--action is missing; want one such as s3:GetObject")
	case err != nil:
		usage("--action: %w", err)
	}
	r.Keys, err = f.keys(cmd)
	if err != nil {
		errs = append(errs, err)
	}
	var out []simulate.Request
	for i, name := range f.resources {
		switch {
		case slices.Contains(f.resources[:i], name):
			usage("--resource %s: given twice", name)
		case name != "*":
			if r.Resource, err = policy.ParseARN(name); err != nil {
				usage("--resource: %w; or * for an action that takes no resource", err)
			}
		case len(f.resources) > 1:
			usage("--resource *: stands for no resource; leave it out where others are named")
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		out = []simulate.Request{r}
	}
	return out, errors.Join(errs...)
}

// keys reads the condition keys. What --context says wins over the file.
func (f *requestFlags) keys(cmd *cobra.Command) (simulate.Keys, error) {
	c := contextKeys{values: map[string][]string{}}
	var errs []error
	for _, arg := range f.context {
		key, text, ok := strings.Cut(arg, "=")
		if !ok {
			errs = append(errs, usageError{cmd, fmt.Errorf("--context %q: want KEY=VALUE such as aws:SourceIp=203.0.113.7, or KEY= for an absent key", arg)})
			continue
		}
		values := []string{}
		if text != "" {
			values = strings.Split(text, ",")
		}
		if err := c.add(key, values); err != nil {
			errs = append(errs, usageError{cmd, fmt.Errorf("--context %w", err)})
		}
	}
	if cmd.Flags().Changed("context-file") {
		file, err := readContextFile(f.contextFile)
		if err != nil {
			errs = append(errs, err)
		}
		for name, values := range file.values {
			if _, ok := c.spelling(name); !ok {
				c.values[name] = values
			}
		}
	}
	for _, pattern := range f.unknown {
		if !strings.Contains(pattern, ":") && !strings.Contains(pattern, "*") {
			errs = append(errs, usageError{cmd, fmt.Errorf("--unknown %q: want a condition key or a pattern, such as aws:PrincipalTag/*", pattern)})
		}
	}
	if len(errs) > 0 {
		return simulate.Keys{}, errors.Join(errs...)
	}
	return simulate.KeysFrom(c.values).WithUnknown(f.unknown...), nil
}

// sortedKeys are the keys of a request with their values, by name.
func sortedKeys(k simulate.Keys) []contextKey {
	var out []contextKey
	for name, values := range k.All() {
		out = append(out, contextKey{name, values})
	}
	slices.SortFunc(out, func(a, b contextKey) int { return cmp.Compare(a.name, b.name) })
	return out
}

type contextKey struct {
	name   string
	values []string
}
