package engine

import (
	"strconv"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A Compiler makes programs. What several documents have, such as the same pattern, it
// makes once. It is not safe for concurrent use; programs are.
type Compiler struct {
	patterns  map[patternKey]*varPattern
	resources map[resourceKey][]resourcePattern
	actions   map[string][]actionPattern // by textOf
	names     map[namesKey]*actionNames
}

// NewCompiler returns a compiler that has made nothing yet.
func NewCompiler() *Compiler {
	return &Compiler{
		patterns: map[patternKey]*varPattern{}, resources: map[resourceKey][]resourcePattern{},
		actions: map[string][]actionPattern{}, names: map[namesKey]*actionNames{},
	}
}

type patternKey struct {
	text string
	mode glob.Mode
}

// A resourceKey is a list of resources where it means the same; text is of [textOf].
type resourceKey struct {
	kind policy.Kind
	mode glob.Mode
	text string
}

// A namesKey is the names of a service in a list of actions, with or without those that are
// named in full; list is of [textOf].
type namesKey struct {
	service, list string
	inFull, not   bool
}

// textOf is a text that equal lists have, and no others.
func textOf(list policy.Patterns) string {
	var out []byte
	for s := range list.All() {
		out = append(append(strconv.AppendInt(out, int64(len(s)), 10), ' '), s...)
	}
	return string(out)
}
