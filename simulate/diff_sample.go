package simulate

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// sampleText stands in samples for what a pattern leaves open. It is a name that nobody
// writes into a policy, so that a sample matches as few other patterns as possible.
const (
	sampleText   = "licit-sample"
	sampleRegion = "licit-sample-1"
)

// A sample is an ARN that stands for all that a pattern matches.
type sample struct {
	arn        policy.ARN
	label      string // the pattern
	openRegion bool   // the pattern leaves the region open
	literal    bool   // the pattern is this one ARN
}

// A sampler makes samples for one principal.
type sampler struct {
	partition, account, user, region string
	fits                             *typeMemo
	memo                             map[sampleKey]sample
	// known are the values of policy variables before and after, where both are a caller.
	known     []func(glob.Variable) (string, bool)
	texts     map[string][]string // expanded patterns of the principal
	crossings map[[2]string]crossing
}

type sampleKey struct{ pattern, format string }

// of yields a resource of the type that the pattern matches, if there is one as far as is
// known: one before and one after if the pattern is about something of the principal that
// differs.
func (s *sampler) of(pattern, format string, t serviceref.ResourceInfo) iter.Seq[sample] {
	return func(yield func(sample) bool) {
		texts := s.expand(pattern)
		for _, text := range texts {
			key := sampleKey{text, format}
			out, ok := s.memo[key]
			if !ok {
				out = s.make(key.pattern, format, t)
				s.memo[key] = out
			}
			out.label = pattern
			if len(texts) > 1 {
				out.label = text
			}
			if out.arn.IsValid() && !yield(out) {
				return
			}
		}
	}
}

func (s *sampler) make(pattern, format string, t serviceref.ResourceInfo) sample {
	m := meeting{pattern: pattern, format: s.elements(format), region: s.region}
	text, ok := m.meet()
	if !ok {
		return sample{}
	}
	a, err := policy.ParseARN(text)
	if err != nil || t.IsValid() && !s.isOf(text, t) {
		return sample{}
	}
	return sample{arn: a, openRegion: m.openRegion, literal: text == pattern}
}

// isOf reports whether the ARN can be one of the type: a variable of a format may not
// take what belongs to another type.
func (s *sampler) isOf(text string, t serviceref.ResourceInfo) bool {
	return s.fits.has(strings.ReplaceAll(text, ":"+s.account+":", ":111122223333:"), t)
}

// A typeMemo remembers the resource types of ARNs. It is safe for concurrent use.
type typeMemo struct {
	mu     sync.Mutex
	byText map[string][]serviceref.ResourceInfo
}

func (m *typeMemo) has(text string, t serviceref.ResourceInfo) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	types, ok := m.byText[text]
	if !ok {
		if m.byText == nil {
			m.byText = map[string][]serviceref.ResourceInfo{}
		}
		types = slices.Collect(serviceref.Embedded().ResourceTypesOf(text))
		m.byText[text] = types
	}
	return slices.Contains(types, t)
}

// expand replaces the policy variables of a pattern that are about the principal, as they
// are before and after; any other one may be anything.
func (s *sampler) expand(pattern string) []string {
	if !strings.Contains(pattern, "${") {
		return []string{pattern}
	}
	if out, ok := s.texts[pattern]; ok {
		return out
	}
	var out []string
	for _, known := range s.known {
		if text := s.replace(pattern, known); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		out = []string{s.replace(pattern, func(glob.Variable) (string, bool) { return "", false })}
	}
	if s.texts == nil {
		s.texts = map[string][]string{}
	}
	s.texts[pattern] = out
	return out
}

func (s *sampler) replace(pattern string, known func(glob.Variable) (string, bool)) string {
	p := glob.Compile(pattern, glob.Variables|glob.Wildcards)
	symbols := p.Symbols(func(v glob.Variable) (string, bool) {
		if text, ok := known(v); ok {
			return text, true
		}
		switch strings.ToLower(v.Key) {
		case "aws:username":
			return s.user, true
		case "aws:principalaccount", "aws:resourceaccount":
			return s.account, true
		}
		return "", false
	})
	return literalWildcards.Replace(symbols.String())
}

// literalWildcards makes wildcards of characters that stand for themselves: any sample is
// as good.
var literalWildcards = strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$")

// An element of a format is a literal byte, or a variable with the text that stands for it.
type element struct {
	literal  byte
	variable string
	region   bool
}

func (s *sampler) elements(format string) []element {
	var out []element
	for i := 0; i < len(format); i++ {
		end := strings.IndexByte(format[i:], '}')
		if !strings.HasPrefix(format[i:], "${") || end < 0 {
			out = append(out, element{literal: format[i]})
			continue
		}
		switch format[i+2 : i+end] {
		case "Partition":
			out = append(out, element{variable: s.partition})
		case "Region":
			out = append(out, element{variable: s.region, region: true})
		case "Account":
			out = append(out, element{variable: s.account})
		default:
			out = append(out, element{variable: sampleText})
		}
		i += end
	}
	return out
}

// A meeting finds a text that both a pattern and a format match.
type meeting struct {
	pattern    string
	format     []element
	region     string
	dead       map[[3]int]bool
	text       []byte
	openRegion bool
}

func (m *meeting) meet() (string, bool) {
	m.dead = map[[3]int]bool{}
	if !m.from(0, 0, 0) {
		return "", false
	}
	return string(m.text), true
}

// from continues at byte i of the pattern and element j of the format; inside is 1 when
// the variable j has taken something already.
func (m *meeting) from(i, j, inside int) bool {
	at := [3]int{i, j, inside}
	if m.dead[at] {
		return false
	}
	n, region := len(m.text), m.openRegion
	if m.step(i, j, inside) {
		return true
	}
	m.dead[at] = true
	m.text, m.openRegion = m.text[:n], region
	return false
}

func (m *meeting) step(i, j, inside int) bool {
	if j == len(m.format) {
		return strings.Trim(m.pattern[i:], "*") == ""
	}
	e := m.format[j]
	n, region := len(m.text), m.openRegion
	if inside == 1 && i < len(m.pattern) && m.pattern[i] == '*' {
		m.text = append(m.text, sampleText...)
		m.openRegion = region || e.region
		if m.from(i, j+1, 0) || m.from(i+1, j, 1) {
			return true
		}
		m.text, m.openRegion = m.text[:n], region
	}
	if inside == 1 && m.from(i, j+1, 0) { // the variable ends here
		return true
	}
	if i == len(m.pattern) {
		return false
	}
	try := func(text string, i, j, inside int, opens bool) bool {
		m.text = append(m.text[:n], text...)
		m.openRegion = region || opens
		return m.from(i, j, inside)
	}
	c := m.pattern[i]
	switch {
	case c == '*' && e.variable != "":
		// The star is all of the variable, and perhaps of what follows; or the beginning of it.
		return inside == 0 && (try(e.variable, i, j+1, 0, e.region) || try(sampleText, i+1, j, 1, e.region)) ||
			try("", i+1, j, inside, false)
	case c == '*':
		return try("", i+1, j, inside, false) || try(string(e.literal), i, j+1, 0, false)
	case e.variable != "" && c == '?':
		return try("x", i+1, j, 1, e.region)
	case e.variable != "":
		return try(string(c), i+1, j, 1, false)
	case c == '?' || c == e.literal:
		return try(string(e.literal), i+1, j+1, 0, false)
	}
	return false
}
