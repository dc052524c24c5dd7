package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// A template is a policy's text with variables that a subject, the resource or a key, is
// compared with. Whether it matches is a free variable of the problem: more than what
// can be, and so safe for a proof.
type template struct {
	subject   string
	text      string
	variables []glob.Variable
	names     []string // of the variables, as keys of the problem
	free      symbolic.Free
	side      int                             // that the text was compiled for
	again     func(*compiler) (pattern, bool) // compiles the text once more; nil: no lemmas
}

// template returns the formula under which the subject matches a text with variables, read as a
// dialect says: one free variable for one text, so that both sides of a comparison agree on it, and
// for all texts that say the same, which have the same name besides; "": there is none.
func (c *compiler) template(subject, dialect, same string, p pattern, v policy.Version, text string, again func(*compiler) (pattern, bool)) *symbolic.Formula {
	key := glue("template", subject, dialect, string(v), text)
	if c.anyOwned(p.variables) {
		key, subject = c.mark(key), c.mark(subject) // no lemma relates two callers
	}
	f, ok := c.free[key]
	if !ok {
		if f, ok = c.free[same]; !ok || same == "" {
			f = c.problem.Free()
		}
		c.free[key] = f
		if same != "" {
			c.free[same] = f
		}
		t := &template{subject: subject, text: text, variables: p.variables, free: f, side: c.side, again: again}
		for _, v := range p.variables {
			t.names = append(t.names, c.owned(fold(v.Key)))
		}
		c.templates = append(c.templates, t)
		for _, v := range p.variables {
			key := c.key(v.Key)
			if !v.HasDefault {
				// R-VAR-3: a key without exactly one value is null.
				c.problem.Imply(f, true, key.Lone())
			}
		}
	}
	return f.Is()
}

// equality names the test that two keys have one equal value each, whichever of them is the variable;
// "": the text is more than a variable.
func (c *compiler) equality(key symbolic.Key, p pattern, text string) string {
	if !strings.HasPrefix(text, "${") || strings.IndexByte(text, '}') != len(text)-1 || len(p.variables) != 1 || p.variables[0].HasDefault {
		return ""
	}
	pair := []string{c.problem.Name(key), c.owned(fold(p.variables[0].Key))}
	slices.Sort(pair)
	return glue("equal", pair[0], pair[1])
}

// keyTemplate is the formula under which the key's one value matches a text with variables.
func (c *compiler) keyTemplate(key symbolic.Key, dialect string, p pattern, v policy.Version, text string, again func(*compiler) (pattern, bool)) *symbolic.Formula {
	before := len(c.templates)
	subject, same := dialect, ""
	if dialect == "StringEquals" || dialect == "StringLike" {
		// The characters of a variable's value stand for themselves in both (R-OPS-1), so that one
		// text may follow from another.
		subject, same = "String", c.equality(key, p, text)
	}
	f := c.template(glue(c.problem.Name(key), subject), dialect, same, p, v, text, again)
	if len(c.templates) > before {
		possible := &symbolic.Values{Patterns: []symbolic.Pattern{p.relaxed}}
		if dialect == "Bool" {
			possible.Patterns = []symbolic.Pattern{symbolic.TextASCII("true"), symbolic.TextASCII("false")}
		}
		c.problem.Imply(c.templates[before].free, true, key.One(possible))
	}
	return f
}

// lemmas says which templates follow from others.
func (c *compiler) lemmas() error {
	for i, a := range c.templates {
		for j, b := range c.templates {
			if err := c.problem.Meter().Work(1); err != nil {
				return err
			}
			if i == j || a.subject != b.subject {
				continue
			}
			if err := c.problem.Meter().Work(len(a.text) + len(b.text)); err != nil {
				return err
			}
			if c.includes(b, a) {
				c.problem.Imply(a.free, true, b.free.Is())
				c.problem.Imply(b.free, false, symbolic.Not(a.free.Is()))
			}
		}
	}
	return nil
}

// firstMark begins the private characters that stand for variables.
const firstMark = rune(0xF0000)

// includes reports that whatever inner matches, for some values of its variables, outer matches
// for the same values. Each variable that is not known stands as a mark that only a run or
// the same mark takes, so a match of the marked texts is one for all values; the others
// stand as what they are. The opposite cannot be concluded. Where inner matches, its
// variables without defaults have values (R-VAR-5), and no default of outer counts for them.
func (c *compiler) includes(outer, inner *template) bool {
	if outer.again == nil || inner.again == nil || strings.ContainsFunc(outer.text+inner.text, isMark) {
		return false
	}
	bound := maps.Clone(c.bound)
	for _, t := range [2]*template{inner, outer} {
		for i, v := range t.variables {
			if v.HasDefault && (t == inner || !slices.Contains(inner.names, t.names[i])) {
				return false // its value depends on how the variable is written
			}
			if _, known := bound[t.names[i]]; !known {
				bound[t.names[i]] = text(string(firstMark + rune(len(bound))))
			}
		}
	}
	for _, known := range [2]map[string]*string{c.bound, c.facts} {
		for _, value := range known {
			if value != nil && strings.ContainsFunc(*value, isMark) {
				return false
			}
		}
	}
	again := func(t *template) (symbolic.Pattern, bool) {
		p, ok := t.again(&compiler{bound: bound, facts: c.facts, side: t.side, isOwn: c.isOwn})
		return p.relaxed, ok && len(p.variables) == 0
	}
	outside, ok1 := again(outer)
	inside, ok2 := again(inner)
	return ok1 && ok2 && includes(outside, inside, func(t symbolic.Token) bool { return isMark(t.Rune) })
}

func isMark(r rune) bool { return r >= firstMark }

// includes matches inner as if it were a text; every match proves inclusion.
func includes(outer, inner symbolic.Pattern, isMark func(symbolic.Token) bool) bool {
	colon := func(t symbolic.Token) bool { return t.Kind == symbolic.Literal && t.Rune == ':' }
	run := func(t symbolic.Token) bool { return t.Kind == symbolic.Run || t.Kind == symbolic.RunInPart }
	takes := func(o, i symbolic.Token) bool {
		switch o.Kind {
		case symbolic.Run:
			return true
		case symbolic.RunInPart:
			return i.Kind != symbolic.Run && i.Kind != symbolic.One && !colon(i)
		case symbolic.One:
			return !run(i) && !isMark(i)
		case symbolic.OneInPart:
			return !run(i) && !isMark(i) && i.Kind != symbolic.One && !colon(i)
		}
		return o == i
	}
	o, i, star, mark := 0, 0, -1, 0
	for i < len(inner) {
		switch {
		case o < len(outer) && run(outer[o]):
			star, mark = o, i
			o++
		case o < len(outer) && takes(outer[o], inner[i]):
			o, i = o+1, i+1
		case star >= 0 && takes(outer[star], inner[mark]):
			mark++
			o, i = star+1, mark
		default:
			return false
		}
	}
	for o < len(outer) && run(outer[o]) {
		o++
	}
	return o == len(outer)
}
