package casefile

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/simulate"
)

// A Result is what came of one case.
type Result struct {
	ID        string // of the case
	Line      int    // of the case in its file
	Decision  simulate.Decision
	Statement simulate.StatementRef // the deciding statement; zero if there is none
	Rules     []string              // identifiers of evaluation rules; from [Case.Explain] only
	Expect    Expectation           // what the case says about the result
	Err       error                 // why there is no decision; the line was refused
}

// Pass reports whether the result is what the case expects, and whether it expects
// anything at all.
func (r Result) Pass() (pass, checked bool) {
	if r.Expect == ExpectNothing {
		return false, false
	}
	if r.Err != nil {
		return r.Expect == ExpectError, true
	}
	return string(r.Expect) == r.Decision.Outcome.String(), true
}

// MarshalJSON returns the output line, without a line break.
func (r Result) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// AppendJSON appends the output line, without a line break: id, then decision, stage,
// statement and rules, or else error, then pass. Members that say nothing are left out.
func (r Result) AppendJSON(b []byte) []byte {
	b = append(b, `{"id":`...)
	b = quote(b, r.ID)
	if r.Err != nil {
		b = append(b, `,"error":`...)
		b = quote(b, r.Err.Error())
	} else {
		b = r.appendDecision(b)
	}
	if pass, checked := r.Pass(); checked {
		b = append(b, `,"pass":`...)
		b = strconv.AppendBool(b, pass)
	}
	return append(b, '}')
}

func (r Result) appendDecision(b []byte) []byte {
	b = append(b, `,"decision":`...)
	b = quote(b, r.Decision.Outcome.String())
	if r.Decision.Stage != simulate.StageNone {
		b = append(b, `,"stage":`...)
		b = quote(b, r.Decision.Stage.String())
	}
	if !r.Statement.IsZero() {
		b = append(b, `,"statement":{"policy":`...)
		b = quote(b, r.Statement.Policy.Name)
		b = append(b, `,"index":`...)
		b = strconv.AppendInt(b, int64(r.Statement.Index), 10)
		if r.Statement.SID != "" {
			b = append(b, `,"sid":`...)
			b = quote(b, r.Statement.SID)
		}
		if p := r.Statement.Position(); p.IsValid() {
			b = append(b, `,"line":`...)
			b = strconv.AppendInt(b, int64(p.Line), 10)
		}
		b = append(b, '}')
	}
	if len(r.Rules) > 0 {
		b = append(b, `,"rules":[`...)
		for i, rule := range r.Rules {
			if i > 0 {
				b = append(b, ',')
			}
			b = quote(b, rule)
		}
		b = append(b, ']')
	}
	return b
}

func quote(b []byte, s string) []byte {
	b, err := jsontext.AppendQuote(b, strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil {
		panic("casefile: valid UTF-8 does not quote: " + err.Error())
	}
	return b
}
