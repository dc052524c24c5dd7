package spec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// holds asks whether one condition is met, by an Allow that has nothing else.
func holds(t *testing.T, operator, key, values string, context map[string][]string, multivalued ...string) bool {
	t.Helper()
	d := doc(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{%q:%s}}}`, operator, key, values))
	r := ask(t, ana, "x:Do", "*")
	r.Context, r.Multivalued = context, multivalued
	return spec.Decide(spec.Layers{Identity: docs(d)}, r) == spec.Allowed
}

// §15.1: every operator × {match, no match, missing, type error} × {plain, IfExists,
// ForAllValues, ForAnyValue} × {one value, several}. The answers follow from the kind of
// operator alone (R-CND-5, 8, 9, 10, 11, 14).
func TestOperatorMatrix(t *testing.T) {
	type row struct {
		base, want string
		hit, miss  []string // request values that the positive sense matches, and not
		bad        string   // a request value with a type error; empty: there is none
	}
	rows := []row{
		{"StringEquals", `"aB"`, []string{"aB"}, []string{"ab", "aB ", "", "*"}, ""},
		{"StringEqualsIgnoreCase", `"aB"`, []string{"aB", "AB", "ab"}, []string{"b", ""}, ""},
		{"StringLike", `"a*c?"`, []string{"acx", "abbcx"}, []string{"ac", "Acx", ""}, ""},
		{"NumericEquals", `"10.5"`, []string{"10.50", "105e-1", "+10.5"}, []string{"10", "-10.5"}, "abc"},
		{"NumericLessThan", `10`, []string{"9.99", "-11"}, []string{"10", "10.0", "11"}, ""},
		{"NumericLessThanEquals", `10`, []string{"10.0", "9"}, []string{"10.0001"}, "ten"},
		{"NumericGreaterThan", `10`, []string{"10.01"}, []string{"10", "9"}, "1 0"},
		{"NumericGreaterThanEquals", `10`, []string{"10", "1e2"}, []string{"9.9"}, "1."},
		{"DateEquals", `"2024-01-01"`, []string{"1704067200", "2024-01-01T00:00:00Z", "2024-01"}, []string{"2024-01-01T12:00:00Z", "2024"}, "x"},
		{"DateLessThan", `"2024-01-01T00:00:00Z"`, []string{"2023-12-31T23:59:59Z", "1704067199", "2024"}, []string{"2024-01-01", "1704067200"}, "2024-1-1"},
		{"DateLessThanEquals", `"1704067200"`, []string{"2024-01-01T00:00:00Z"}, []string{"2024-01-01T00:00:01Z"}, "2024-02-30"},
		{"DateGreaterThan", `"2024-01-01T01:00:00+01:00"`, []string{"2024-01-01T00:00:00.1Z"}, []string{"2024-01-01T00:00:00Z"}, "1.5"},
		{"DateGreaterThanEquals", `"2024-01-01"`, []string{"2024-01-01"}, []string{"2023-12-31"}, "today"},
		{"Bool", `true`, []string{"true", "TRUE"}, []string{"false", "False"}, "1"},
		{"BinaryEquals", `"QUI="`, []string{"QUI="}, []string{"QUE=", "AB"}, ""},
		{"IpAddress", `"10.1.2.3/8"`, []string{"10.0.0.1", "10.255.255.255", "::ffff:10.1.1.1"}, []string{"11.0.0.1", "::1"}, "10.0.0.0/8"},
		{"ArnEquals", `"arn:aws:s3:::b*"`, []string{"arn:aws:s3:::b", "arn:aws:s3:::b/x:y"}, []string{"arn:aws:s3:::c", "arn:aws:s3:r::b", "ARN:aws:s3:::b"}, "b"},
		{"ArnLike", `"arn:aws:*:*:1*:b"`, []string{"arn:aws:s3::1:b"}, []string{"arn:aws:s3:::b", "arn:aws:s3:x:1:c:b"}, "arn:aws:s3:b"},
	}
	negated := map[string]string{
		"StringEquals": "StringNotEquals", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase", "StringLike": "StringNotLike",
		"NumericEquals": "NumericNotEquals", "DateEquals": "DateNotEquals", "IpAddress": "NotIpAddress",
		"ArnEquals": "ArnNotEquals", "ArnLike": "ArnNotLike",
	}
	covered := map[string]bool{"Null": true}
	one := func(values ...string) map[string][]string { return map[string][]string{"x:k": values} }
	check := func(want bool, operator, values string, context map[string][]string) {
		t.Helper()
		require.Equal(t, want, holds(t, operator, "x:k", values, context), "%s %s on %q", operator, values, context["x:k"])
	}
	for _, r := range rows {
		for _, form := range []struct {
			base string
			sign bool
		}{{r.base, true}, {negated[r.base], false}} {
			if form.base == "" {
				continue
			}
			covered[form.base] = true
			plain, ifExists := form.base, form.base+"IfExists"
			all, anyOf := "ForAllValues:"+form.base, "ForAnyValue:"+form.base
			for _, operator := range []string{plain, ifExists, all, anyOf, all + "IfExists", anyOf + "IfExists", strings.ToUpper(plain)} {
				for _, value := range r.hit {
					check(form.sign, operator, r.want, one(value))
				}
				for _, value := range r.miss {
					check(!form.sign, operator, r.want, one(value))
				}
				if r.bad != "" {
					check(false, operator, r.want, one(r.bad)) // R-CND-14, U 10
				}
			}
			// R-CND-5, R-CND-8, R-CND-9, R-CND-11; an empty value set is a missing key.
			for _, missing := range []map[string][]string{nil, one()} {
				check(!form.sign, plain, r.want, missing)
				check(true, ifExists, r.want, missing)
				check(true, all, r.want, missing)
				check(true, all+"IfExists", r.want, missing)
				check(false, anyOf, r.want, missing)
				check(false, anyOf+"IfExists", r.want, missing)
			}
			// Several request values.
			mixed := one(r.hit[0], r.miss[0])
			check(false, all, r.want, mixed)
			check(true, anyOf, r.want, mixed)
			check(form.sign, all, r.want, one(r.hit[0], r.hit[0]))
			check(!form.sign, anyOf, r.want, one(r.miss[0], r.miss[0]))
			// R-CND-7, U 6: without a set operator nothing but Null is met.
			check(false, plain, r.want, mixed)
			check(false, plain, r.want, one(r.miss[0], r.miss[0]))
			check(false, ifExists, r.want, mixed)
			if r.bad != "" {
				check(false, all, r.want, one(r.hit[0], r.bad))
				check(form.sign, anyOf, r.want, one(r.hit[0], r.bad))
				check(!form.sign, anyOf, r.want, one(r.miss[0], r.bad))
			}
		}
	}
	for _, base := range policy.Operators() {
		require.True(t, covered[base], base)
	}
}

// R-CND-1: several policy values are OR, NOR for a negated operator.
func TestSeveralPolicyValues(t *testing.T) {
	for _, tt := range []struct {
		operator, values, got string
		want                  bool
	}{
		{"StringEquals", `["a","b"]`, "b", true},
		{"StringEquals", `["a","b"]`, "c", false},
		{"StringNotEquals", `["a","b"]`, "b", false},
		{"StringNotEquals", `["a","b"]`, "c", true},
		{"NumericEquals", `["x",5]`, "5", true},     // Choice at R-CND-14
		{"NumericNotEquals", `["x",5]`, "6", false}, // Choice at R-CND-14
		{"NumericNotEquals", `"abc"`, "6", false},   // the rule's own example
		{"ArnLike", `"*"`, "arn:aws:s3:::b", false}, // R-OPS-7, U 12
		{"ArnNotLike", `"*"`, "arn:aws:s3:::b", false},
		{"Bool", `"yes"`, "true", false},
		{"Bool", `["false","true"]`, "TRUE", true},
		{"StringEquals", `["",  "a"]`, "", true}, // R-OPS-2
		{"StringLike", `""`, "", true},
		{"StringLike", `""`, "a", false},
	} {
		require.Equal(t, tt.want, holds(t, tt.operator, "x:k", tt.values, map[string][]string{"x:k": {tt.got}}), "%v", tt)
	}
}

func TestConditionsAreAnd(t *testing.T) {
	r := ask(t, ana, "x:Do", "*")
	r.Context = map[string][]string{"a": {"1"}, "b": {"2"}}
	for condition, want := range map[string]bool{
		`{}`:                                 true,
		`{"StringEquals":{"a":"1","b":"2"}}`: true,
		`{"StringEquals":{"a":"1","b":"3"}}`: false,
		`{"StringEquals":{"a":"1"},"StringNotEquals":{"b":"2"}}`:   false,
		`{"StringEquals":{"a":"1"},"NumericLessThan":{"B":"2.1"}}`: true, // R-CND-3
	} {
		d := doc(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}`)
		require_(t, outcome(want), spec.Decide(spec.Layers{Identity: docs(d)}, r))
	}
	t.Run("statements never combine, R-RES-4", func(t *testing.T) {
		d := doc(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a":"1","b":"x"}}}`,
			`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a":"x","b":"2"}}}`)
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(d)}, r))
	})
}

// R-CND-6, R-CND-12.
func TestNull(t *testing.T) {
	present := map[string][]string{"x:k": {""}} // U 7: an empty value is present
	several := map[string][]string{"x:k": {"a", "b"}}
	empty := map[string][]string{"x:k": {}}
	for _, operator := range []string{"Null", "NullIfExists", "null", "ForAllValues:Null", "ForAnyValue:Null"} {
		for _, tt := range []struct {
			values  string
			context map[string][]string
			want    bool
		}{
			{`"true"`, nil, true}, {`"true"`, empty, true}, {`"true"`, present, false}, {`"true"`, several, false},
			{`"false"`, nil, false}, {`"false"`, empty, false}, {`"false"`, present, true}, {`"false"`, several, true},
			{`true`, nil, true}, {`false`, present, true},
			{`["true","false"]`, nil, true}, {`["true","false"]`, present, true},
			{`"maybe"`, nil, false}, {`"maybe"`, present, false},
		} {
			require.Equal(t, tt.want, holds(t, operator, "x:k", tt.values, tt.context), "%s %v", operator, tt)
		}
	}
}

// R-CND-3, R-CND-4, R-CND-13, R-CTX-2.
func TestMultivaluedByType(t *testing.T) {
	tags := map[string][]string{"AWS:tagkeys": {"a"}}
	require.False(t, holds(t, "StringEquals", "aws:TagKeys", `"a"`, tags))
	require.False(t, holds(t, "StringNotEquals", "aws:TagKeys", `"b"`, tags))
	require.False(t, holds(t, "StringEqualsIfExists", "aws:TagKeys", `"a"`, tags))
	require.True(t, holds(t, "ForAnyValue:StringEquals", "aws:TagKeys", `"a"`, tags))
	require.True(t, holds(t, "ForAllValues:StringEquals", "aws:TagKeys", `"a"`, tags))
	one := map[string][]string{"x:k": {"a"}}
	require.True(t, holds(t, "StringEquals", "x:k", `"a"`, one))
	require.False(t, holds(t, "StringEquals", "x:k", `"a"`, one, "X:K"))
	require.True(t, holds(t, "ForAnyValue:StringEquals", "x:k", `"a"`, one))
	team := map[string][]string{"aws:ResourceTag/team": {"x"}}
	require.True(t, holds(t, "StringEquals", "aws:ResourceTag/Team", `"x"`, team))
}

// §3 in condition values.
func TestVariablesInConditions(t *testing.T) {
	context := map[string][]string{
		"x:k": {"a*b"}, "lit": {"a*b"}, "t": {"TRUE"}, "ip": {"10.0.0.1"}, "n": {"5"}, "arn": {"arn:aws:s3:::b"}, "name": {"b"}, "many": {"1", "2"}, "yes": {"true"},
	}
	for _, tt := range []struct {
		operator, key, value string
		want                 bool
	}{
		{"StringEquals", "x:k", `"${lit}"`, true},
		{"StringEquals", "x:k", `"a${*}b"`, true}, // R-OPS-1
		{"StringLike", "x:k", `"a${*}b"`, true},
		{"StringLike", "name", `"${*}"`, false},
		{"StringLike", "name", `"${nosuch, '*'}"`, false}, // R-PAT-3
		{"StringEqualsIgnoreCase", "x:k", `"A${nosuch, '*'}B"`, true},
		{"StringEquals", "x:k", `"${nosuch}"`, false}, // R-VAR-6
		{"StringNotEquals", "x:k", `"${nosuch}"`, true},
		{"StringNotLike", "x:k", `"*${nosuch}"`, true},
		{"StringLike", "x:k", `"*${many}"`, false},
		{"StringNotEquals", "x:k", `["${nosuch}","a*b"]`, false},
		{"Bool", "yes", `"${t}"`, true}, // R-VAR-7
		{"Bool", "yes", `"${nosuch}"`, false},
		{"ArnLike", "arn", `"arn:aws:s3:::${name}"`, true},
		{"ArnLike", "arn", `"arn:${no:such, 'aws'}:s3:::b"`, true}, // R-VAR-8
		{"ArnLike", "arn", `"arn:aws:s3:::${nosuch}"`, false},
		{"ArnNotLike", "arn", `"arn:aws:s3:::${nosuch}"`, true},
		{"ArnEquals", "arn", `"${arn}"`, false}, // Choice at R-OPS-7
		{"NumericEquals", "n", `"${n}"`, false}, // R-VAR-7: stays text, a type error
		{"NumericNotEquals", "n", `"${n}"`, false},
		{"IpAddress", "ip", `"${ip}"`, false},
		{"BinaryEquals", "x:k", `"${lit}"`, false},
		{"Null", "x:k", `"${yes}"`, false},
	} {
		require.Equal(t, tt.want, holds(t, tt.operator, tt.key, tt.value, context), "%v", tt)
	}
	t.Run("2008", func(t *testing.T) {
		d := parse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"x:k":"${lit}"}}}}`)
		r := ask(t, ana, "x:Do", "*")
		r.Context = context
		require_(t, spec.ImplicitDeny, spec.Decide(spec.Layers{Identity: docs(d)}, r))
	})
}

// R-OPS-6, R-OPS-10.
func TestIPAndBinary(t *testing.T) {
	for _, tt := range []struct {
		operator, value, got string
		want                 bool
	}{
		{"IpAddress", "10.0.0.1", "10.0.0.1", true},
		{"IpAddress", "10.0.0.1", "10.0.0.2", false},
		{"IpAddress", "0.0.0.0/0", "203.0.113.7", true},
		{"IpAddress", "0.0.0.0/0", "2001:db8::1", false},
		{"NotIpAddress", "0.0.0.0/0", "2001:db8::1", true},
		{"IpAddress", "::/0", "2001:db8::1", true},
		{"IpAddress", "::/0", "10.0.0.1", false},
		{"IpAddress", "2001:DB8::1", "2001:db8:0::1", true},
		{"IpAddress", "2001:db8::ffff/32", "2001:db8:1::1", true}, // host bits
		{"IpAddress", "::ffff:10.0.0.0/104", "10.9.9.9", true},    // mapped
		{"IpAddress", "10.0.0.0/8", "::ffff:10.9.9.9", true},
		{"IpAddress", "10.0.0.0/33", "10.0.0.1", false},
		{"NotIpAddress", "10.0.0.0/33", "10.0.0.1", false},
		{"NotIpAddress", "10.0.0.0/8", "ten", false},
		{"IpAddress", "10.0.0.0/08", "10.0.0.1", false},
		{"NotIpAddress", "fe80::1%eth0", "10.0.0.1", false},
		{"BinaryEquals", "QUI=", "QUI=", true},
		{"BinaryEquals", "not base64!", "not base64!", true},
		{"BinaryEquals", "not base64!", "QUI=", false},
		{"BinaryEquals", "QUI", "QUI", true}, // no padding: compared as text
		{"BinaryEquals", "QUI", "QUI=", false},
	} {
		require.Equal(t, tt.want, holds(t, tt.operator, "x:k", fmt.Sprintf("%q", tt.value), map[string][]string{"x:k": {tt.got}}), "%v", tt)
	}
}
