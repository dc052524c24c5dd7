package detect_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/detect"
)

const trailRecord = `{"eventName": "UpdateTrail", "eventType": "AwsApiCall", "sourceIPAddress": "203.0.113.7", "recipientAccountId": "111122223333",
"userIdentity": {"type": "Root", "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}},
"requestParameters": {"names": ["logs", "orders"], "items": [{"id": 1, "name": "a"}, {"id": 2}], "grid": [[0, 1], [4, 5]], "size": 500, "a.b": "c", "text": "1e1", "none": null, "flag": true},
"responseElements": null}`

func TestPattern(t *testing.T) {
	for pattern, want := range map[string]detect.Answer{
		``: detect.Yes,
		// Texts.
		`{ $.eventName = "UpdateTrail" }`:                                       detect.Yes,
		`{$.eventName=UpdateTrail}`:                                             detect.Yes,
		`{ $.eventName = "updateTrail" }`:                                       detect.No,
		`{ $.eventName = "*Trail" }`:                                            detect.Yes,
		`{ $.eventName = Update* }`:                                             detect.Yes,
		`{ $.eventName = *dateT* }`:                                             detect.Yes,
		`{ $.eventName = "*" }`:                                                 detect.Yes,
		`{ $.eventName = "*trail" }`:                                            detect.No,
		`{ $.eventName = "Up*ail" }`:                                            detect.Unknown,
		`{ $.eventName = "Up*il2" }`:                                            detect.No,
		`{ $.eventName != "DeleteTrail" }`:                                      detect.Yes,
		`{ $.eventName != "UpdateTrail" }`:                                      detect.No,
		`{ $.sourceIPAddress != 123.123.* }`:                                    detect.Yes,
		`{ $.sourceIPAddress = 203.0.113.* }`:                                   detect.Yes,
		`{ $.recipientAccountId = 111122223333 }`:                               detect.Yes,
		`{ $.recipientAccountId = 444455556666 }`:                               detect.No,
		`{ $.requestParameters.text = 10 }`:                                     detect.Unknown,
		`{ $.requestParameters.text > 5 }`:                                      detect.Unknown,
		`{ $.eventName > 5 }`:                                                   detect.No,
		`{ $.userIdentity.sessionContext.attributes.mfaAuthenticated = false }`: detect.Yes,
		// Absent, null, true and false.
		`{ $.errorCode = "AccessDenied" }`:                                       detect.No,
		`{ $.errorCode != "AccessDenied" }`:                                      detect.Unknown,
		`{ $.errorCode NOT EXISTS }`:                                             detect.Yes,
		`{ $.userIdentity.invokedBy NOT EXISTS }`:                                detect.Yes,
		`{ $.a.b.c NOT EXISTS }`:                                                 detect.Yes,
		`{ $.eventName NOT EXISTS }`:                                             detect.No,
		`{ $.eventName EXISTS }`:                                                 detect.Yes,
		`{ $.errorCode EXISTS }`:                                                 detect.No,
		`{ $.responseElements NOT EXISTS }`:                                      detect.Unknown,
		`{ $.responseElements IS NULL }`:                                         detect.Yes,
		`{ $.errorCode IS NULL }`:                                                detect.No,
		`{ $.eventName IS NULL }`:                                                detect.No,
		`{ $.requestParameters.flag IS TRUE }`:                                   detect.Yes,
		`{ $.requestParameters.flag IS FALSE }`:                                  detect.No,
		`{ $.requestParameters.size IS TRUE }`:                                   detect.No,
		`{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE }`: detect.Unknown,
		`{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS TRUE }`:  detect.No,
		`{ $.requestParameters.flag = true }`:                                    detect.Unknown,
		`{ $.requestParameters.flag = false }`:                                   detect.No,
		`{ $.requestParameters.none = x }`:                                       detect.No,
		// Numbers.
		`{ $.requestParameters.size >= 500 }`:    detect.Yes,
		`{ $.requestParameters.size > 500 }`:     detect.No,
		`{ $.requestParameters.size <= 5e2 }`:    detect.Yes,
		`{ $.requestParameters.size < +1000.5 }`: detect.Yes,
		`{ $.requestParameters.size < -1 }`:      detect.No,
		`{ $.requestParameters.size = 500.0 }`:   detect.Yes,
		`{ $.requestParameters.size != 500 }`:    detect.No,
		`{ $.requestParameters.size != 400 }`:    detect.Yes,
		`{ $.requestParameters.size = * }`:       detect.Yes,
		`{ $.requestParameters.size = "500" }`:   detect.Unknown,
		`{ $.requestParameters.size = "400" }`:   detect.No,
		`{ $.requestParameters.size = 5* }`:      detect.Unknown,
		// Arrays, names in brackets and wildcards.
		`{ $.requestParameters.names[0] = "logs" }`:        detect.Yes,
		`{ $.requestParameters.names[1] = "logs" }`:        detect.No,
		`{ $.requestParameters.names[9] = "logs" }`:        detect.No,
		`{ $.eventName[0] = "UpdateTrail" }`:               detect.No,
		`{ $.requestParameters.items[1].id = 2 }`:          detect.Yes,
		`{ $.requestParameters.grid[1][0] = 4 }`:           detect.Yes,
		`{ $.requestParameters.names[*] = "orders" }`:      detect.Yes,
		`{ $.requestParameters.names[*] = "ana" }`:         detect.No,
		`{ $.requestParameters.names[*] != "ana" }`:        detect.Yes,
		`{ $.requestParameters.names[*] != "logs" }`:       detect.Unknown,
		`{ $.requestParameters.items[*].name = "a" }`:      detect.Yes,
		`{ $.requestParameters.items[*].x NOT EXISTS }`:    detect.Yes,
		`{ $.requestParameters.items[*].id NOT EXISTS }`:   detect.No,
		`{ $.requestParameters.items[*].name NOT EXISTS }`: detect.Unknown,
		`{ $.* = "UpdateTrail" }`:                          detect.Yes,
		`{ $.requestParameters.['a.b'] = "c" }`:            detect.Yes,
		`{ $.requestParameters["a.b"] = "c" }`:             detect.Yes,
		`{ $.requestParameters.a.b = "c" }`:                detect.No,
		// “Both … will fail to match a log event where users is an array.”
		`{ $.requestParameters.names = 1 }`:                                 detect.No,
		`{ $.requestParameters.names != 1 }`:                                detect.No,
		`{ $.requestParameters.names != 1 || $.eventName = "UpdateTrail" }`: detect.Unknown,
		// Regular expressions.
		`{ $.eventName = %Trail% }`:                         detect.Yes,
		`{ $.eventName = %^Trail% }`:                        detect.No,
		`{ $.eventName != %^Trail% }`:                       detect.Yes,
		`{ $.sourceIPAddress = %203\.0\.113\.[0-9]{1,3}% }`: detect.Yes,
		`{ $.* = %^203\.% }`:                                detect.Yes,
		`%Update[TX]rail%`:                                  detect.Yes,
		`%^Update%`:                                         detect.No,
		// && before ||.
		`{ $.eventName = "x" && $.eventType = "x" || $.userIdentity.type = "Root" }`:                                  detect.Yes,
		`{ $.userIdentity.type = "Root" || $.eventName = "x" && $.eventType = "x" }`:                                  detect.Yes,
		`{ ($.userIdentity.type = "Root" || $.eventName = "x") && $.eventType = "x" }`:                                detect.No,
		`{ $.errorCode != "x" && $.eventName = "x" }`:                                                                 detect.No,
		`{ $.errorCode != "x" || $.eventName = "UpdateTrail" }`:                                                       detect.Yes,
		`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`: detect.Yes,
		// Terms.
		`UpdateTrail`:               detect.Yes,
		`UpdateTrail Root`:          detect.Yes,
		`UpdateTrail -Root`:         detect.No,
		`UpdateTrail DeleteTrail`:   detect.No,
		`?UpdateTrail ?DeleteTrail`: detect.Yes,
		`?StopLogging ?DeleteTrail`: detect.No,
		`"203.0.113.7"`:             detect.Yes,
		`updatetrail`:               detect.No,
		`Trail`:                     detect.Unknown,
		`-Trail`:                    detect.Unknown,
		`""`:                        detect.Yes,
	} {
		t.Run(pattern, func(t *testing.T) {
			p, err := detect.ParsePattern(pattern)
			require.NoError(t, err)
			require.Equal(t, pattern, p.String())
			got := p.Match([]byte(trailRecord))
			require.Equal(t, want, got.Answer, "%v", got.Reasons)
			require.Equal(t, want == detect.Unknown, len(got.Reasons) > 0, "%v", got.Reasons)
		})
	}
}

func TestPatternOtherText(t *testing.T) {
	for _, message := range []string{``, `{`, `[{"a": 1}]`, `ERROR`} {
		p, err := detect.ParsePattern(`{ $.a NOT EXISTS }`)
		require.NoError(t, err)
		require.Equal(t, detect.No, p.Match([]byte(message)).Answer)
	}
	p, err := detect.ParsePattern(`{ $.a = 1 }`)
	require.NoError(t, err)
	require.Equal(t, detect.Unknown, p.Match([]byte(`{"a": 1, "a": 2}`)).Answer)
}

func TestPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		`{ $.eventName = 'Root' }`:   `1:17: a single quotation mark; want double ones`,
		`{ $.eventName = "Root }`:    `1:17: a quotation mark that nothing closes`,
		`{ $.eventName = "Root"`:     `1:1: a brace that nothing closes`,
		`{ ($.eventName = "Root" }`:  `1:25: "}"; want &&, || or )`,
		`{ ($.eventName = "Root"`:    `1:3: a parenthesis that nothing closes`,
		`{ $.eventName = "Root" } x`: `1:26: "x" behind the closing brace; want nothing`,
		`{ $.eventName == "Root" }`:  `1:16: "="; want double quotation marks around a text with other than letters, digits, and _ . * -`,
		`{ $.eventName ~ "Root" }`:   `1:15: "~"; want =, !=, <, >, <=, >=, IS or NOT EXISTS`,
		`{ $.eventName = a@b }`:      `1:18: "@b"; want double quotation marks around a text with other than letters, digits, and _ . * -`,
		`{ $.eventName > "5" }`:      `1:17: a text behind >; want a number`,
		`{ $.eventName IS EMPTY }`:   `1:15: "IS EMPTY"; want IS NULL, IS TRUE, IS FALSE, EXISTS or NOT EXISTS`,
		`{ $.eventName is null }`:    `1:15: unsupported: is null in lower case`,
		`{ eventName = "Root" }`:     `1:3: "eventName"; want a selector, which begins with $.`,
		`{ $ = "Root" }`:             `1:4: $ without a property; want such as $.eventName`,
		`{ $. = "Root" }`:            `1:5: "="; want the name of a property, of letters, digits, - and _, or one in brackets: ['a.b']`,
		`{ $[0] = "Root" }`:          `1:4: unsupported: an element of the log event itself; want a property first`,
		`{ $.a[x] = 1 }`:             `1:6: brackets without a number, * or a name; want such as [0], [*] or ['a.b']`,
		`{ $.*.* = 1 }`:              `1:6: a second * in a selector; want at most one`,
		`{ $.a[*] = 1 || $.a[*] = 2 || $.a[*] = 3 || $.a[*] = 4 }`: `1:48: * in a selector too many; want at most 3 in a pattern`,
		`{ $.a = %a% || $.a = %b% || $.a = %c% }`:                  `1:35: a regular expression too many; want at most 2 in a pattern`,
		`{ $.a = %(a)% }`:         `1:10: '(' in a regular expression; want letters, digits and : _ # = @ / ; , - ^ $ ? [ ] { } | \ * + .`,
		`{ $.a = %a\b% }`:         `1:11: unsupported: \b in a regular expression`,
		`{ $.a = %a }`:            `1:9: a regular expression that no % closes`,
		`{ $.a = %a**% }`:         "1:9: unsupported: invalid nested repetition operator: `**`",
		`%a{1000}b{1000}%`:        `1:1: unsupported: a regular expression with that many repetitions`,
		`{ }`:                     `1:3: "}"; want a selector, which begins with $.`,
		`{ $.a = }`:               `1:9: "}"; want double quotation marks around a text with other than letters, digits, and _ . * -`,
		`{ $.a = "\u0041" }`:      `1:10: unsupported: a backslash before 'u'; only \" and \\ are known`,
		`[ip, user, ...]`:         `1:1: unsupported: a pattern of space-delimited fields, […]; log events of CloudTrail are JSON, for which the pattern is { … }`,
		`ERROR ?WARN`:             `1:7: unsupported: terms with and without a question mark together`,
		`ERROR %WARN%`:            `1:7: unsupported: a regular expression among terms`,
		`%WARN% ERROR`:            `1:8: unsupported: more than a regular expression`,
		`s3.amazonaws.com`:        `1:3: ".amazonaws.com" directly behind a term; want a space`,
		"\n{ $.a ! }":             `2:7: "!"; want =, !=, <, >, <=, >=, IS or NOT EXISTS`,
		strings.Repeat("a", 1025): `1:1025: the pattern has 1025 bytes; want at most 1024`,
	} {
		_, err := detect.ParsePattern(pattern)
		require.EqualError(t, err, want, pattern)
		var p *detect.PatternError
		require.True(t, errors.As(err, &p))
		require.Equal(t, strings.Contains(want, "unsupported"), p.Unsupported)
	}
	_, err := detect.ParsePattern("{" + strings.Repeat("(", 500) + "$.a = 1" + strings.Repeat(")", 500) + "}")
	require.ErrorContains(t, err, "more than 100 parentheses in each other")
}

func ExamplePattern_Match() {
	p, err := detect.ParsePattern(`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Match([]byte(`{"userIdentity": {"type": "Root"}, "eventType": "AwsConsoleSignIn"}`)).Answer)
	fmt.Println(p.Match([]byte(`{"userIdentity": {"type": "Root", "invokedBy": "support.amazonaws.com"}, "eventType": "AwsApiCall"}`)).Answer)
	m := p.Match([]byte(`{"userIdentity": {"type": "Root"}}`))
	fmt.Println(m.Answer, m.Reasons)
	// Output:
	// yes
	// no
	// unknown [$.eventType is not in the log event, of which AWS does not document !=]
}

func ExampleParsePattern() {
	_, err := detect.ParsePattern(`{ $.userIdentity.type = 'Root' }`)
	fmt.Println(err)
	_, err = detect.ParsePattern(`[ip, user, ..., status]`)
	fmt.Println(err)
	// Output:
	// 1:25: a single quotation mark; want double ones
	// 1:1: unsupported: a pattern of space-delimited fields, […]; log events of CloudTrail are JSON, for which the pattern is { … }
}

func ExamplePattern_String() {
	p, _ := detect.ParsePattern(`?StopLogging ?DeleteTrail`)
	fmt.Println(p)
	// Output: ?StopLogging ?DeleteTrail
}

func ExamplePatternError_Error() {
	_, err := detect.ParsePattern(`{ $.eventName = "Root`)
	fmt.Println(err)
	// Output: 1:17: a quotation mark that nothing closes
}

func ExampleAnswer_String() {
	var a detect.Answer
	fmt.Println(a, detect.No, detect.Yes)
	// Output: unknown no yes
}

// A pattern answers, with a reason if it is unknown; what is quoted equals itself only.
func FuzzParsePattern(f *testing.F) {
	for _, p := range []string{`{ $.a.b = "x" && ($.c[0] != 1 || $.d IS TRUE) }`, `{ $.* = %a[0-9]{1,2}% }`, `?a ?"b c"`, `a -b`, `{ $.['a.b'][*] NOT EXISTS }`, `[a, b]`, ` `} {
		f.Add(p, `{"a": {"b": "x"}, "c": [1], "d": true}`)
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		p, err := detect.ParsePattern(pattern)
		if err != nil {
			var pe *detect.PatternError
			require.True(t, errors.As(err, &pe))
			require.True(t, pe.Position.IsValid())
			require.LessOrEqual(t, pe.Position.Offset, len(pattern))
			return
		}
		got := p.Match([]byte(message))
		require.Equal(t, got.Answer == detect.Unknown, len(got.Reasons) > 0)
		again, err := detect.ParsePattern(" " + p.String() + "\n")
		if len(pattern) < 1000 {
			require.NoError(t, err)
			require.Equal(t, got, again.Match([]byte(message)))
		}
	})
}
