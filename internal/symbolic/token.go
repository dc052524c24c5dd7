package symbolic

import (
	"cmp"
	"slices"
	"unicode"
)

// A Token is one step of a pattern. Patterns are over code points.
type Token struct {
	Kind TokenKind
	Rune rune // of Literal, Folded and FoldedASCII; the least of those that it matches
}

// A TokenKind says what a [Token] matches.
type TokenKind uint8

// The kinds of tokens.
const (
	Literal     TokenKind = iota // one character
	Folded                       // one character, in any case
	FoldedASCII                  // one character; of ASCII letters in either case
	One                          // any one character
	OneInPart                    // any one character but a colon
	Run                          // any characters, or none
	RunInPart                    // any characters but colons, or none
)

// Fold is the token for r in any case, by simple Unicode case folding.
func Fold(r rune) Token {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return Token{Folded, least}
}

// FoldASCII is the token for r in either case, if it is an ASCII letter.
func FoldASCII(r rune) Token {
	if 'a' <= r && r <= 'z' {
		r -= 'a' - 'A'
	}
	return Token{FoldedASCII, r}
}

// orbit yields the characters that a token of one character matches.
func (t Token) orbit(yield func(rune)) {
	yield(t.Rune)
	if t.Kind == FoldedASCII && 'A' <= t.Rune && t.Rune <= 'Z' {
		yield(t.Rune + 'a' - 'A')
	}
	if t.Kind != Folded {
		return
	}
	for next := unicode.SimpleFold(t.Rune); next != t.Rune; next = unicode.SimpleFold(next) {
		yield(next)
	}
}

func (t Token) isRun() bool { return t.Kind == Run || t.Kind == RunInPart }

// A Pattern is a sequence of tokens that a whole text must match.
type Pattern []Token

func comparePatterns(a, b Pattern) int {
	return slices.CompareFunc(a, b, func(x, y Token) int {
		if c := cmp.Compare(x.Kind, y.Kind); c != 0 {
			return c
		}
		return cmp.Compare(x.Rune, y.Rune)
	})
}

// Text is the pattern of one text, without wildcards.
func Text(s string) Pattern {
	var p Pattern
	for _, r := range s {
		p = append(p, Token{Literal, r})
	}
	return p
}

// TextFold is the pattern of a text in any case, by simple Unicode case folding.
func TextFold(s string) Pattern {
	var p Pattern
	for _, r := range s {
		p = append(p, Fold(r))
	}
	return p
}

// TextASCII is the pattern of a text in any case of its ASCII letters.
func TextASCII(s string) Pattern {
	var p Pattern
	for _, r := range s {
		p = append(p, FoldASCII(r))
	}
	return p
}

// Glob reads * and ? as wildcards; inPart keeps them from matching colons.
func Glob(s string, inPart bool) Pattern {
	var p Pattern
	for _, r := range s {
		switch {
		case r == '*' && inPart:
			p = append(p, Token{Kind: RunInPart})
		case r == '*':
			p = append(p, Token{Kind: Run})
		case r == '?' && inPart:
			p = append(p, Token{Kind: OneInPart})
		case r == '?':
			p = append(p, Token{Kind: One})
		default:
			p = append(p, Token{Literal, r})
		}
	}
	return p
}

// A Universe is the set of texts that a variable can have.
type Universe uint8

// The universes.
const (
	// AnyText is every text.
	AnyText Universe = iota
	// ActionText is service:name in lower case, both parts not empty, no colon in the first, no wildcard,
	// white space or comma in either.
	ActionText
	// ResourceText is arn:partition:service:region:account:resource, partition and service
	// not empty, or the text "*", which is no resource.
	ResourceText
)

// A place is a state of the universe's own automaton; nowhere is outside of it.
type place int8

const nowhere place = -1

// The places of ResourceText: arn: is read at 0 to 3, the other parts begin at 4, 6, 8, 9, 10.
const starPlace place = 11

// step is where r leads. other stands for all characters that [Universe.splits] does not
// list.
func (u Universe) step(at place, r rune) place {
	switch u {
	case ActionText:
		switch {
		case r == '*' || r == '?' || r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == ',' || 'A' <= r && r <= 'Z':
			return nowhere
		case at == 0 && r == ':':
			return nowhere
		case at == 0:
			return 1
		case at == 1 && r == ':':
			return 2
		case at == 2:
			return 3
		}
		return at
	case ResourceText:
		switch {
		case at == 0 && r == '*':
			return starPlace
		case at == starPlace:
			return nowhere
		case at < 4:
			if r != rune("arn:"[at]) {
				return nowhere
			}
			return at + 1
		case (at == 4 || at == 6) && r == ':':
			return nowhere
		case at == 4 || at == 6:
			return at + 1
		case at < 10 && r == ':':
			return at + 1
		}
		return at
	}
	return 0
}

// splits lists the characters that lead elsewhere than others do; only says that no other
// character leads anywhere.
func (u Universe) splits(at place) (characters string, only bool) {
	switch {
	case u == ActionText && at < 2:
		return ":", false
	case u == ResourceText && at == 0:
		return "a*", true
	case u == ResourceText && at < 4:
		return "arn:"[at : at+1], true
	case u == ResourceText && at == starPlace:
		return "", true
	case u == ResourceText && at < 10:
		return ":", false
	}
	return "", false
}

// accepts reports whether a text may end at the place.
func (u Universe) accepts(at place) bool {
	switch u {
	case ActionText:
		return at == 3
	case ResourceText:
		return at == 10 || at == starPlace
	}
	return true
}

// preferred are the characters that examples use first.
const preferred = "xabcdefghijklmnopqrstuvwyz0123456789-_/.XABCDEFGHIJKLMNOPQRSTUVWYZ"

// other is a character that stands for all that are not in taken, sorted; ok is false if
// there is none that the universe has here.
func (u Universe) other(at place, taken []rune) (r rune, ok bool) {
	free := func(r rune) bool {
		_, found := slices.BinarySearch(taken, r)
		return !found && u.step(at, r) != nowhere
	}
	if _, only := u.splits(at); only {
		return 0, false
	}
	for _, r := range preferred {
		if free(r) {
			return r, true
		}
	}
	for r := rune(0xE000); ; r++ {
		if free(r) {
			return r, true
		}
	}
}
