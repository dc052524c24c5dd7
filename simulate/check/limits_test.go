package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// A countingContext counts how often it is asked whether it has ended, and ends itself behind as
// many questions as are left; below 0: never.
type countingContext struct {
	context.Context
	asked, left int
	look        func()
}

func (c *countingContext) Err() error {
	c.asked++
	if c.look != nil {
		c.look()
	}
	if c.left < 0 || c.asked <= c.left {
		return nil
	}
	return context.Canceled
}

// entangled are documents whose patterns or conditions take exponentially many classes.
func entangled() map[string][2]*policy.Document {
	out := map[string][2]*policy.Document{}
	r := rand.New(rand.NewPCG(3, 4))
	statement := func(action, resource, condition string) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":%s,"Resource":%s%s}`, action, resource, condition)
	}
	value := func(list string) string {
		return `,"Condition":{"StringLike":{"aws:PrincipalTag/team":` + list + `}}`
	}
	kinds := map[string]func(list string) string{
		"actions": func(list string) string { return statement(strings.ReplaceAll(list, `"*`, `"s3:*`), `"*"`, "") },
		"resources": func(list string) string {
			return statement(`"s3:*"`, strings.ReplaceAll(list, `"*`, `"arn:aws:s3:::*`), "")
		},
		"values": func(list string) string { return statement(`"s3:*"`, `"*"`, value(list)) },
	}
	for _, size := range [][2]int{{12, 12}, {24, 3}, {13, 1}} {
		n, stars := size[0], size[1]
		var globs []string
		for range n {
			text := "*"
			for range stars {
				text += string(rune('a'+r.IntN(26))) + "*"
			}
			globs = append(globs, `"`+text+`"`)
		}
		for name, kind := range kinds {
			var each []string
			for _, g := range globs {
				each = append(each, kind("["+g+"]"))
			}
			list := func(globs []string) string { return kind("[" + strings.Join(globs, ",") + "]") }
			name := fmt.Sprintf("%d globs of %d stars, %s", n, stars, name)
			out[name+", one list"] = [2]*policy.Document{document([]string{list(globs)}), document([]string{list(globs[n/2:])})}
			out[name+", a list each"] = [2]*policy.Document{document(each), document(slices.Clone(each[n/2:]))}
		}
	}
	// All is allowed in one of many cases of three keys each, or not.
	for _, n := range []int{20, 60} {
		var cases []string
		for range 5 * n {
			var keys []string
			for _, k := range r.Perm(n)[:3] {
				keys = append(keys, fmt.Sprintf(`"aws:RequestTag/k%d":"%t"`, k, r.IntN(2) == 0))
			}
			cases = append(cases, statement(`"s3:*"`, `"*"`, `,"Condition":{"Bool":{`+strings.Join(keys, ",")+`}}`))
		}
		// Each key is there once, true or false.
		var given []string
		for k := range n {
			given = append(given, fmt.Sprintf(`"aws:RequestTag/k%d":["true","false"]`, k))
		}
		all := statement(`"s3:*"`, `"*"`, `,"Condition":{"Bool":{`+strings.Join(given, ",")+`}}`)
		out[fmt.Sprintf("%d cases of three keys", 5*n)] = [2]*policy.Document{document(cases), document([]string{all})}
	}
	return out
}

// TestEntangledEnds: however entangled documents are, the answer comes within 64 MiB of memory that is
// in use at once, and within bounds of what is allocated at all.
func TestEntangledEnds(t *testing.T) {
	const live, total = 64 << 20, 320 << 20
	var count [3]int
	for name, d := range entangled() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		inUse, allocated, most := m.HeapAlloc, m.TotalAlloc, uint64(0)
		ctx := &countingContext{Context: t.Context(), left: -1}
		ctx.look = func() {
			if ctx.asked%250 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc-min(m.HeapAlloc, inUse))
			}
		}
		r, err := check.NoNewAccess(ctx, d[0], d[1], policy.IdentityBased)
		require.NoError(t, err, name)
		if count[r.Verdict]++; r.Verdict == check.Unknown {
			require.NotEmpty(t, r.Reason, name)
		}
		runtime.ReadMemStats(&m)
		require.Less(t, most, uint64(live), "%s: in use at once", name)
		require.Less(t, m.TotalAlloc-allocated, uint64(total), "%s: allocated", name)
		if strings.Contains(name, "actions") { // their automata are there already
			again, err := check.NoNewAccess(t.Context(), d[0], d[1], policy.IdentityBased)
			require.NoError(t, err, name)
			require.Equal(t, []any{r.Verdict, r.Reason}, []any{again.Verdict, again.Reason}, name)
		}
	}
	require.NotZero(t, count[check.Pass])
	require.NotZero(t, count[check.Unknown])
}
