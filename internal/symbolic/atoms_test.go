package symbolic

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// matchPattern is the plain meaning of a pattern, by recursion.
func matchPattern(p Pattern, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	switch t := p[0]; t.Kind {
	case Run, RunInPart:
		if matchPattern(p[1:], s) {
			return true
		}
		return len(s) > 0 && (t.Kind == Run || s[0] != ':') && matchPattern(p, s[1:])
	case One, OneInPart:
		return len(s) > 0 && (t.Kind == One || s[0] != ':') && matchPattern(p[1:], s[1:])
	case FoldedASCII:
		return len(s) > 0 && FoldASCII(s[0]) == t && matchPattern(p[1:], s[1:])
	case Folded:
		return len(s) > 0 && Fold(s[0]) == t && matchPattern(p[1:], s[1:])
	default:
		return len(s) > 0 && s[0] == t.Rune && matchPattern(p[1:], s[1:])
	}
}

func matchElement(e []Pattern, s string) bool {
	return slices.ContainsFunc(e, func(p Pattern) bool { return matchPattern(p, []rune(s)) })
}

func drawPattern(t *rapid.T, alphabet string) Pattern {
	token := rapid.Custom(func(t *rapid.T) Token {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0, 1:
			return Token{Kind: Run}
		case 2:
			return Token{Kind: RunInPart}
		case 3:
			return Token{Kind: One}
		case 4:
			return Token{Kind: OneInPart}
		case 6:
			return FoldASCII(rapid.SampledFrom([]rune(alphabet)).Draw(t, "fold"))
		case 5:
			return Fold(rapid.SampledFrom([]rune(alphabet)).Draw(t, "fold"))
		}
		return Token{Literal, rapid.SampledFrom([]rune(alphabet)).Draw(t, "rune")}
	})
	return rapid.SliceOfN(token, 0, 6).Draw(t, "pattern")
}

// texts are all texts of the alphabet up to a length.
func texts(alphabet string, length int) []string {
	out := []string{""}
	for from := 0; length > 0; length-- {
		n := len(out)
		for _, s := range out[from:] {
			for _, r := range alphabet {
				out = append(out, s+string(r))
			}
		}
		from = n
	}
	return out
}

// inside is the plain meaning of a universe.
func inside(u Universe, s string) bool {
	switch u {
	case ActionText:
		service, name, ok := strings.Cut(s, ":")
		return ok && service != "" && name != "" && !strings.ContainsAny(s, "*? \t\r\n,ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	case ResourceText:
		parts := strings.SplitN(s, ":", 6)
		return s == "*" || len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] != ""
	}
	return true
}

// TestAtomsAreExact: every text has the classes of exactly one atom, and every atom's witness
// has the classes that the atom says, by the plain meaning of patterns.
func TestAtomsAreExact(t *testing.T) {
	every := texts("ab:Kk", 5)
	arns := append([]string{"*", "arn:", "arn:a:b", "*a"}, nil...)
	for _, s := range texts("ab:", 6) {
		arns = append(arns, "arn:"+s)
	}
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom([]Universe{AnyText, ActionText, ResourceText}).Draw(t, "universe")
		var all [][]Pattern
		var automata []*Automaton
		for range rapid.IntRange(1, 3).Draw(t, "automata") {
			elements := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Pattern {
				p := drawPattern(t, "ab:k")
				if u == ResourceText && rapid.Bool().Draw(t, "arn") {
					p = append(Text("arn:"), p...)
				}
				return p
			}), 0, 3), 0, 3).Draw(t, "elements")
			a, err := Build(NewMeter(nil), u, elements)
			if err != nil {
				t.Fatal(err)
			}
			automata, all = append(automata, a), append(all, elements...)
		}
		atoms, err := Atomize(NewMeter(nil), automata)
		if err != nil {
			t.Fatal(err)
		}
		signature := func(of []int32) string {
			var out []byte
			for i, a := range automata {
				for j := range a.elements {
					out = append(out, "01"[b2i(a.classes[of[i]].has(j))])
				}
			}
			return string(out)
		}
		plain := func(s string) string {
			var out []byte
			for _, e := range all {
				out = append(out, "01"[b2i(matchElement(e, s))])
			}
			return string(out)
		}
		known := map[string]bool{}
		for _, atom := range atoms {
			w, s := atom.Witness(), signature(atom.Classes)
			if known[s] {
				t.Fatalf("two atoms have the signature %s", s)
			}
			known[s] = true
			if !inside(u, w) || plain(w) != s {
				t.Fatalf("witness %q of %s is inside: %v, and has %s", w, s, inside(u, w), plain(w))
			}
		}
		candidates := every
		if u == ResourceText {
			candidates = arns
		}
		for range 200 {
			s := candidates[rapid.IntRange(0, len(candidates)-1).Draw(t, "text")]
			in := inside(u, s)
			if in && !known[plain(s)] {
				t.Fatalf("%q has the signature %s, which no atom has", s, plain(s))
			}
			for i, a := range automata {
				matched, ok := a.match(s)
				if ok != in {
					t.Fatalf("automaton %d: %q is inside: %v, want %v", i, s, ok, in)
				}
				_ = matched
			}
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestEntangled: patterns whose atoms double with each other end at the limit.
func TestEntangled(t *testing.T) {
	var elements [][]Pattern
	for i := range 24 {
		elements = append(elements, []Pattern{Glob("*"+string(rune('a'+i))+"*", false)})
	}
	if _, err := Build(NewMeter(nil), AnyText, elements); err != Entangled {
		t.Errorf("Build: %v, want %v", err, Entangled)
	}
	var automata []*Automaton
	for _, e := range elements {
		a, err := Build(NewMeter(nil), AnyText, [][]Pattern{e})
		if err != nil {
			t.Fatal(err)
		}
		automata = append(automata, a)
	}
	if _, err := Atomize(NewMeter(nil), automata); err != Entangled {
		t.Errorf("Atomize: %v, want %v", err, Entangled)
	}
}

func BenchmarkBuildEntangled12(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var elements [][]Pattern
	for range 12 {
		s := string(rune('a' + r.IntN(26)))
		elements = append(elements, []Pattern{Glob("*"+s+string(rune('a'+r.IntN(26)))+"*", false)})
	}
	for b.Loop() {
		if _, err := Build(NewMeter(nil), AnyText, elements); err != nil {
			b.Fatal(err)
		}
	}
}
