package lint

import (
	"slices"
	"strconv"
	"time"

	"github.com/licit-dev/licit/policy/serviceref"
)

// timeRules need to know the day, and say nothing without [WithDate].
var timeRules = []rule{
	{
		code: "POLICY_TIMEBOMB", typ: Warning, kinds: anyKind,
		title: "A statement stops to apply on a day that is past, or near.",
		check: eachCondition(checkTimebomb),
	},
}

// soon is how long before its end a statement is reported.
const soon = 30 * 24 * time.Hour

// checkTimebomb looks at upper bounds of the current time only: those of other dates, such
// as aws:TokenIssueTime, are there to stay. Values are alternatives, so the latest decides.
func checkTimebomb(s *statement, e *conditionEntry) {
	upper := slices.Contains([]string{"DateLessThan", "DateLessThanEquals", "NumericLessThan", "NumericLessThanEquals"}, e.parts.Base)
	if s.c.now.IsZero() || !upper || !e.is("aws:CurrentTime") && !e.is("aws:EpochTime") {
		return
	}
	var end time.Time
	for _, v := range e.values() {
		t, ok := parseInstant(v.text, operatorType(e.parts.Base))
		if !ok {
			return
		}
		if t.After(end) {
			end = t
		}
	}
	verb := map[string]string{"Allow": "allows", "Deny": "denies"}[s.effect()]
	switch day := end.UTC().Format(time.DateOnly); {
	case verb == "" || end.IsZero():
	case end.Before(s.c.now):
		s.c.reportName(e.keyNode, e.path, "since %s this statement %s nothing any more; remove it, or write a later date", day, verb)
	case end.Sub(s.c.now) < soon:
		s.c.reportName(e.keyNode, e.path, "from %s on this statement %s nothing any more; write a later date if it should", day, verb)
	}
}

// parseInstant reads a date, or seconds since 1970 (IAM User Guide, “IAM JSON policy
// elements: Condition operators”, “Date condition operators”). Four digits may be meant as
// a year.
func parseInstant(text string, as serviceref.KeyType) (time.Time, bool) {
	if as == serviceref.Date {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, text); err == nil {
				return t, true
			}
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(n, 0), err == nil && allDigits.MatchString(text) && len(text) > 4 && len(text) < 12
}
