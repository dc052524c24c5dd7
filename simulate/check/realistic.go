package check

import (
	"slices"
	"strconv"
	"time"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy/serviceref"
)

// isWhole reports whether the candidate's numbers are whole where AWS documents a number: what
// these keys count, such as s3:max-keys, has no parts.
func (x *candidate) isWhole() bool {
	for _, k := range x.keys {
		if info, ok := serviceref.Embedded().Key(k.name); !ok || info.Type != serviceref.Numeric {
			continue
		}
		for _, value := range k.values {
			if n, ok := engine.Number(value); ok && n != nil && !n.IsInt() {
				return false
			}
		}
	}
	return true
}

// timely gives the candidate one time where the policies ask for it under both of its names: every
// request has it under both (“AWS global condition context keys”). Its time is one that keys,
// those of the candidate at first, have under either, or any. ok is false if shows none.
func (c *compiler) timely(x candidate, keys []contextKey, shows func(candidate) bool) (out candidate, ok bool) {
	names := [2]string{c.spelled[fold("aws:CurrentTime")], c.spelled[fold("aws:EpochTime")]}
	if names[0] == "" || names[1] == "" {
		return x, true
	}
	isTime := func(k contextKey) bool { return slices.Contains(names[:], k.name) }
	rest := slices.DeleteFunc(slices.Clone(x.keys), isTime)
	anytime := contextKey{name: names[0], values: []string{"2026-01-01T00:00:00Z"}}
	for _, k := range append(slices.Clip(keys), anytime) {
		if !isTime(k) {
			continue
		}
		for _, value := range k.values {
			at, ok := engine.Date(value)
			if !ok || !at.IsInt() || !at.Num().IsInt64() {
				continue
			}
			seconds := at.Num().Int64()
			y := x
			y.keys = append(slices.Clip(rest),
				contextKey{side: everySide, name: names[0], values: []string{time.Unix(seconds, 0).UTC().Format(time.RFC3339)}},
				contextKey{side: everySide, name: names[1], values: []string{strconv.FormatInt(seconds, 10)}})
			if shows(y) {
				return y, true
			}
		}
	}
	return x, false
}
