package org

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/policy"
)

// Errors is everything that is wrong with a [Spec] or a snapshot, in source order: each
// is a *[SpecError], a *[ReferenceError], a *[ChangeError] or a *[policy.ParseError]. It
// is never returned empty.
type Errors []error

// Error is all errors, a line each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As look at each error.
func (e Errors) Unwrap() []error { return e }

// Relocate returns the errors with the places that move gives for theirs, in the same
// order, for a reader whose files are somewhere else than where they were read from. It
// moves a [SpecError], a [ReferenceError] and a [policy.ParseError]; other errors stay. A
// place without a file, or without a position, is moved too.
func (e Errors) Relocate(move func(file string, at policy.Position) (string, policy.Position)) Errors {
	out := make(Errors, len(e))
	for i, err := range e {
		out[i] = err
		switch err := err.(type) {
		case *SpecError:
			c := *err
			c.File, c.Position = move(c.File, c.Position)
			out[i] = &c
		case *ReferenceError:
			c := *err
			c.File, c.Position = move(c.File, c.Position)
			out[i] = &c
		case *policy.ParseError:
			c := *err
			c.File, c.Position = move(c.File, c.Position)
			out[i] = &c
		}
	}
	return out
}

// or returns e as an error, nil if there is none.
func (e Errors) or() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// A SpecError is one thing that is wrong with a [Spec], and where.
type SpecError struct {
	File     string // "" if the Spec was not read from a file
	Position policy.Position
	Path     string // JSON pointer into the file, or into the Spec if there is no file: "/accounts/0/users/1/arn"
	Err      error
}

// Error is "file:line:column: path: what is wrong; what would be right".
func (e *SpecError) Error() string { return prefix(e.File, e.Position, e.Path) + e.Err.Error() }

// Unwrap returns what is wrong, without the place.
func (e *SpecError) Unwrap() error { return e.Err }

// A ReferenceError is a name that nothing in the organization has and that no [Gap]
// explains.
type ReferenceError struct {
	File       string // "" if the Spec was not read from a file
	Position   policy.Position
	Path       string // as in [SpecError]
	From       string // who refers: "user arn:aws:iam::111122223333:user/ana"
	Kind       string // what should have the name: "managed policy", "control policy", "group", "account", …
	Name       string // the name
	Want       string // what would be right
	Suggestion string // a similar name that exists, or ""
}

// Error is "file:line:column: path: who: no such thing; what would be right".
func (e *ReferenceError) Error() string {
	var b strings.Builder
	b.WriteString(prefix(e.File, e.Position, e.Path))
	if e.From != "" {
		b.WriteString(e.From + ": ")
	}
	fmt.Fprintf(&b, "no %s %q", e.Kind, form.Clip(e.Name))
	switch {
	case e.Suggestion != "":
		fmt.Fprintf(&b, "; did you mean %q?", e.Suggestion)
	case e.Want != "":
		b.WriteString("; " + e.Want)
	}
	return b.String()
}

// A ChangeError is a [Change] that does not fit the organization: it removes what is not
// there, or attaches what is attached already.
type ChangeError struct {
	Index  int // of the change among those given
	Change Change
	Err    error
}

// Error is "change 2 (attach p-regions to ou-ab12-11111111): what is wrong", counted from 1.
func (e *ChangeError) Error() string {
	if e.Change == nil {
		return fmt.Sprintf("change %d: %s", e.Index+1, e.Err)
	}
	return fmt.Sprintf("change %d (%s): %s", e.Index+1, form.Clip(e.Change.String()), e.Err)
}

// Unwrap returns what is wrong, without the change.
func (e *ChangeError) Unwrap() error { return e.Err }

func prefix(file string, at policy.Position, path string) string {
	var b strings.Builder
	switch {
	case file != "" && at.IsValid():
		b.WriteString(file + ":" + at.String() + ": ")
	case file != "":
		b.WriteString(file + ": ")
	case at.IsValid():
		b.WriteString(at.String() + ": ")
	}
	if path != "" {
		b.WriteString(form.Clip(path) + ": ")
	}
	return b.String()
}

// A place is where a path stands in the user's files.
type place struct {
	file string
	at   policy.Position
	path string
}

// String is the place as an error message refers to it.
func (p place) String() string {
	switch {
	case !p.at.IsValid():
		return p.path
	case p.file == "":
		return p.at.String()
	}
	return p.file + ":" + p.at.String()
}
