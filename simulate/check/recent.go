package check

import (
	"slices"
	"sync"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A decider is a document that decides alone, as a policy of a kind.
type decider struct {
	document *policy.Document
	kind     policy.Kind
}

// maxRecent is how many compiled documents are kept: the partner of many comparisons, such
// as ReadOnlyAccess, is compiled once, and little memory is held.
const maxRecent = 8

// recent are the environments of the deciders that were asked last, the newest first.
var recent struct {
	sync.Mutex
	list []recentEnvironment
}

type recentEnvironment struct {
	of  decider
	env *simulate.Environment
}

// environment is the decider's, made by compile if it is not among the recent ones.
func (d decider) environment(compile func() (*simulate.Environment, error)) (*simulate.Environment, error) {
	if d.document == nil {
		return compile()
	}
	if env := d.recall(nil); env != nil {
		return env, nil
	}
	env, err := compile()
	if err != nil {
		return nil, err
	}
	return d.recall(env), nil
}

// recall moves the decider's environment to the front and returns it; env is added if there
// is none.
func (d decider) recall(env *simulate.Environment) *simulate.Environment {
	recent.Lock()
	defer recent.Unlock()
	i := slices.IndexFunc(recent.list, func(e recentEnvironment) bool { return e.of == d })
	switch {
	case i >= 0:
		env = recent.list[i].env
		recent.list = slices.Delete(recent.list, i, i+1)
	case env == nil:
		return nil
	}
	recent.list = slices.Insert(recent.list, 0, recentEnvironment{d, env})
	if len(recent.list) > maxRecent {
		clear(recent.list[maxRecent:])
		recent.list = recent.list[:maxRecent]
	}
	return env
}
