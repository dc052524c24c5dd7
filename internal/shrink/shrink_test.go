package shrink_test

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/shrink"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// actions are the facts of some services.
type actions []string

func (list actions) Actions(pattern string) iter.Seq[policy.Action] {
	return func(yield func(policy.Action) bool) {
		p := glob.Compile(pattern, glob.Wildcards|glob.FoldASCII)
		for _, a := range list {
			if p.Match(a, nil) && !yield(policy.Action(a)) {
				return
			}
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	ref := serviceref.Embedded()
	for _, test := range []struct{ given, want []string }{
		{[]string{"s3:GetObject"}, []string{"s3:GetObject"}},
		{[]string{"s3:getobject", "S3:GETOBJECT"}, []string{"s3:GetObject"}},
		{slices.Collect(strings.SplitSeq("sts:*", " ")), []string{"sts:*"}},
		{expand(ref, "*"), []string{"*"}},
		{append(expand(ref, "s3:*"), expand(ref, "sqs:*")...), []string{"s3:*", "sqs:*"}},
		{expand(ref, "s3:*Acl"), []string{"s3:*Acl"}},
		{expand(ref, "s3:Get*"), []string{"s3:Get*"}},
		{expand(ref, "iam:*Role*"), []string{"iam:*Role*"}},
		{expand(ref, "ec2:Describe*Attribute"), []string{"ec2:Describe*Attribute"}},
		{[]string{"frob:Nicate", "s3:Nothing*", "s3:*"}, []string{"frob:Nicate", "s3:*"}},
		{nil, nil},
	} {
		got := shrink.Find(ref, test.given, shrink.AnyCut)
		require.Equal(t, test.want, got.Patterns)
		require.True(t, got.Fewest)
	}
}

// What is for readers cuts no words, and is as exact.
func TestFindAtWords(t *testing.T) {
	t.Parallel()
	ref := serviceref.Embedded()
	given := []string{"s3:GetObject", "s3:PutObject", "s3:ReplicateObject", "s3:RestoreObject"}
	require.Equal(t, []string{"s3:*tObject", "s3:R*Object"}, shrink.Find(ref, given, shrink.AnyCut).Patterns)
	require.Equal(t, given, shrink.Find(ref, given, shrink.AtWords).Patterns)
	require.Equal(t, []string{"s3:*Object"}, shrink.Find(ref, append(given, "s3:DeleteObject"), shrink.AtWords).Patterns)
}

func expand(f shrink.Facts, pattern string) []string {
	var out []string
	for a := range f.Actions(pattern) {
		out = append(out, string(a))
	}
	return out
}

// What is found names exactly what was given, and is no longer than that, nor than the
// fewest beginnings that do it.
func TestFindIsExact(t *testing.T) {
	t.Parallel()
	ref := serviceref.Embedded()
	rapid.Check(t, func(t *rapid.T) {
		service := rapid.SampledFrom([]string{"s3:", "iam:", "sts:", "sqs:", "kms:", "lambda:"}).Draw(t, "service")
		all := expand(ref, service+"*")
		pool := append(slices.Clone(all), service+"Get*", service+"*e?*", service+"*Policy*", service+"Put*Acl", service+"?ut*")
		given := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 60).Draw(t, "given")
		got := shrink.Find(ref, given, shrink.AnyCut)
		want := named(ref, given)
		if !slices.Equal(want, named(ref, got.Patterns)) {
			t.Fatalf("%v for %v", got.Patterns, given)
		}
		if n := beginnings(all, want) + len(got.Unknown); len(got.Patterns) > min(n, len(given)) {
			t.Fatalf("%d patterns, want at most %d and %d: %v for %v", len(got.Patterns), n, len(given), got.Patterns, given)
		}
	})
}

// named lists, sorted, what patterns name.
func named(f shrink.Facts, patterns []string) []string {
	var out []string
	for _, p := range patterns {
		out = append(out, expand(f, p)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// beginnings counts the beginnings that name some of all actions, and only these: those
// that cannot be cut shorter.
func beginnings(all, some []string) int {
	found := map[string]bool{}
	for _, a := range some {
		for n := 0; ; n++ {
			head := strings.ToLower(a[:n])
			if n == len(a) || !slices.ContainsFunc(all, func(o string) bool {
				return strings.HasPrefix(strings.ToLower(o), head) && !slices.Contains(some, o)
			}) {
				found[head] = true
				break
			}
		}
	}
	return len(found)
}

// Of the patterns with one star, or one at each end, no fewer would do: all lists are
// tried.
func TestFindsFewest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := actions(rapid.SliceOfNDistinct(rapid.StringMatching(`a:[XY][xy]?[XY][xy]?`), 2, 12, strings.ToLower).Draw(t, "actions"))
		given := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, len(all), rapid.ID).Draw(t, "given")
		var sets [][]string
		for _, p := range patterns(given) {
			set := named(all, []string{p})
			if len(set) > 0 && !slices.ContainsFunc(set, func(a string) bool { return !slices.Contains(given, a) }) {
				sets = append(sets, set)
			}
		}
		got := shrink.Find(all, given, shrink.AnyCut)
		if !got.Fewest {
			t.Fatal("not proven")
		}
		fewest := 1
		for !coverable(given, sets, fewest) {
			fewest++
		}
		if len(given) == len(all) {
			fewest = 1
		}
		if len(got.Patterns) != fewest {
			t.Fatalf("%v for %v of %v, want %d", got.Patterns, given, all, fewest)
		}
	})
}

// patterns are all with one star or one at each end that can name one of the actions.
func patterns(list []string) []string {
	var out []string
	for _, a := range list {
		service, name, _ := strings.Cut(a, ":")
		out = append(out, a)
		for i := range len(name) + 1 {
			for j := i; j <= len(name); j++ {
				out = append(out, service+":"+name[:i]+"*"+name[j:], service+":*"+name[i:j]+"*")
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func coverable(left []string, sets [][]string, n int) bool {
	if len(left) == 0 {
		return true
	}
	if n == 0 {
		return false
	}
	for _, set := range sets {
		if !slices.Contains(set, left[0]) {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(left), func(a string) bool { return slices.Contains(set, a) })
		if coverable(rest, sets, n-1) {
			return true
		}
	}
	return false
}

func BenchmarkFind(b *testing.B) {
	ref := serviceref.Embedded()
	for name, given := range map[string][]string{
		"all": expand(ref, "*"), "ec2=half": half(expand(ref, "ec2:*")), "half": half(expand(ref, "*")),
		"ec2=Describe": expand(ref, "ec2:Describe*"), "one": {"s3:GetObject"}, "s3=half": half(expand(ref, "s3:*")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				shrink.Find(ref, given, shrink.AnyCut)
			}
		})
	}
}

// half is every second action: hardly anything is in common.
func half(list []string) []string {
	var out []string
	for i := 0; i < len(list); i += 2 {
		out = append(out, list[i])
	}
	return out
}
