// Package wording puts decisions and explanations into words: the answer that the command
// and package simulate/simtest print, the names of policies, statements and layers in
// sentences, and which principal a misspelt one may have been.
//
// Most users need [World.Answer].
//
// It decides nothing and prints nothing.
package wording

import (
	"path"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A World says how to speak of the world in which a request is decided. The zero World is
// that of policies given one by one, in files named as they are opened.
type World struct {
	Org  *org.Organization     // nil: policies were given one by one
	Env  *simulate.Environment // where the request was decided; nil: answers say nothing about when it would be allowed
	Name string                // "the snapshot", "the sample organization", "the given policies"
	// Prefix goes in front of the file names of policies; "": nothing does.
	Prefix string
	// OwnNames says that policies given one by one have names; otherwise those of their
	// files stand for them.
	OwnNames bool
	// Sections are the policy files that are sections of the file Prefix, and the number of
	// lines above each; nil: they are files in the directory Prefix.
	Sections map[string]int
	// GiveKey goes in front of a condition key that would settle the answer, and Strict is
	// what takes all such keys as absent: "--context " and "--strict"; Strict "": there is
	// no such advice.
	GiveKey, Strict string
}

// Position is where the statement stands: the file as the user would open it, and the
// place in it. ok is false for a document that comes from no file, such as FullAWSAccess
// where a snapshot does not list it.
func (w *World) Position(r simulate.StatementRef) (file string, at policy.Position, ok bool) {
	at = r.Position()
	if !at.IsValid() || r.Policy.Document.File() == "" {
		return "", at, false
	}
	file = r.Policy.Document.File()
	if above, isSection := w.Sections[file]; isSection {
		return w.Prefix, policy.Position{Line: at.Line + above, Column: at.Column}, true
	}
	if w.Prefix == "" || w.Sections != nil {
		return file, at, true
	}
	return path.Join(w.Prefix, file), at, true
}

// Place is file:line:column, "" where [World.Position] is not known.
func (w *World) Place(r simulate.StatementRef) string {
	file, at, ok := w.Position(r)
	if !ok {
		return ""
	}
	return Printable(file) + ":" + at.String()
}
