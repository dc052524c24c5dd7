package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy/serviceref"
)

// A Query says over what [SQL] asks.
type Query struct {
	Table     string    // of Athena, with its database or not: "logs.cloudtrail"
	Partition string    // a partition column with days as 2024/05/31, such as "timestamp"; "": none
	Since     time.Time // first eventTime; zero: from the beginning
	Until     time.Time // eventTime before which events are; zero: to the end
}

// SQL writes the query for Athena that reduces a log to the tuples of a selection, for logs
// that are too large to be read here. [ReadCSV] reads its result. The table is one as the
// Athena User Guide describes it (“Create a table for CloudTrail logs”); it has no
// identityProvider, so that the callers of AssumeRoleWithWebIdentity are not named. Events that
// were delivered more than once count once; the copies of one call in the logs of two accounts
// count twice, unlike in [Collect].
//
// Only what the selection keeps is grouped by: condition keys that no policy mentions are not
// there, addresses are the ranges of the policies, and objects of S3 are their buckets where
// the policies do not tell them apart. Texts of policies stand in literals, quoted.
func SQL(s *Selection, q Query) string {
	columns := selectColumns(s, parametersSQL(s))
	var b strings.Builder
	b.WriteString("SELECT\n")
	for _, c := range columns {
		fmt.Fprintf(&b, "  %s AS %s,\n", c.expression, c.name)
	}
	fmt.Fprintf(&b, "  %s AS selection,\n", literalSQL(s.fingerprint()))
	b.WriteString(`  count(DISTINCT eventid) AS events,
  min(eventtime) AS first_seen,
  max(eventtime) AS last_seen,
  array_join(array_sort(array_distinct(min(concat(eventtime, ' ', eventid), 3))), chr(10)) AS samples,
  array_join(array_sort(array_agg(DISTINCT substr(eventtime, 1, 10))), ' ') AS days,
  CASE WHEN bool_or(eventcategory = 'Data') THEN 'true' ELSE '' END AS data
`)
	parts := strings.Split(q.Table, ".")
	for i := range parts {
		parts[i] = identifierSQL(parts[i])
	}
	fmt.Fprintf(&b, "FROM %s\n", strings.Join(parts, "."))
	if where := q.where(); len(where) > 0 {
		fmt.Fprintf(&b, "WHERE %s\n", strings.Join(where, "\n  AND "))
	}
	numbers := make([]string, 0, len(columns))
	for i := range columns {
		numbers = append(numbers, fmt.Sprint(i+1))
	}
	fmt.Fprintf(&b, "GROUP BY %s\n", strings.Join(numbers, ", "))
	return b.String()
}

// where bounds the time. Partitions are of the day of delivery, so that the last one is a day
// later.
func (q Query) where() (out []string) {
	if q.Partition != "" {
		const day = "2006/01/02"
		if !q.Since.IsZero() {
			out = append(out, identifierSQL(q.Partition)+" >= "+literalSQL(q.Since.UTC().Format(day)))
		}
		if !q.Until.IsZero() {
			out = append(out, identifierSQL(q.Partition)+" <= "+literalSQL(q.Until.UTC().AddDate(0, 0, 1).Format(day)))
		}
	}
	if !q.Since.IsZero() {
		out = append(out, "eventtime >= "+literalSQL(stamp(q.Since)))
	}
	if !q.Until.IsZero() {
		out = append(out, "eventtime < "+literalSQL(stamp(q.Until)))
	}
	return out
}

func literalSQL(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func identifierSQL(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// fingerprint tells selections apart, so that a result is not read as that of another change.
func (s *Selection) fingerprint() string {
	services := "all"
	if s.services != nil {
		services = strings.Join(slices.Sorted(maps.Keys(s.services)), " ")
	}
	text := fmt.Sprint(s.all, s.exact, s.sessions, s.objects, s.Keys(), s.ranges, slices.Sorted(maps.Keys(s.buckets)), services)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

type column struct{ name, expression string }

// selectColumns are the columns of the query, named as [Tuple.fields] are.
func selectColumns(s *Selection, parameters string) []column {
	const (
		id      = "useridentity."
		session = id + "sessioncontext."
		issuer  = session + "sessionissuer."
	)
	name := "coalesce(nullif(split_part(" + id + "principalid, ':', 2), ''), element_at(split(" + id + "arn, '/'), -1), '')"
	kept := "strpos(" + id + "arn, '/AWSReservedSSO_') > 0 OR strpos(" + name + ", '@') > 0"
	if s.all || s.sessions {
		kept = "true"
	}
	denied := "(strpos(errorcode, 'AccessDenied') > 0 OR strpos(errorcode, 'Unauthorized') > 0 OR strpos(errorcode, 'AuthorizationError') > 0 OR strpos(errorcode, 'NotAuthorized') > 0)"
	out := []column{
		{"account", "coalesce(recipientaccountid, '')"}, {"region", "coalesce(awsregion, '')"},
		{"source", "coalesce(eventsource, '')"}, {"name", "coalesce(eventname, '')"},
		{"type", "CASE WHEN eventtype = 'AwsApiCall' THEN '' ELSE coalesce(nullif(eventtype, ''), 'none') END"},
		{"kind", api(id + "type")},
		{"principal", api("coalesce(nullif(CASE " + id + "type" +
			"\n    WHEN 'AssumedRole' THEN CASE WHEN " + issuer + "type = 'Role' AND " + issuer + "arn <> '' THEN " + issuer + "arn WHEN " + kept + " THEN " + id + "arn ELSE regexp_replace(" + id + "arn, '/[^/]*$', '') END" +
			"\n    WHEN 'FederatedUser' THEN " + issuer + "arn WHEN 'SAMLUser' THEN '' WHEN 'WebIdentityUser' THEN ''" +
			"\n    ELSE " + id + "arn END, ''), " + id + "accountid)")},
		{"session", api("CASE WHEN " + id + "type = 'AssumedRole' AND (" + kept + ") THEN " + name + " WHEN " + id + "type = 'FederatedUser' THEN regexp_extract(" + id + "arn, ':federated-user/(.*)$', 1) END")},
		{"person", api(id + "onbehalfof.userid")},
		{"invoked_by", api("coalesce(nullif(" + id + "invokedby, ''), CASE WHEN coalesce(" + id + "type, '') <> 'AWSService' AND regexp_like(sourceipaddress, '^AWS Internal|\\.amazonaws\\.com(\\.cn)?$') THEN 'AWS Internal' END)")},
		{"long_term", api("CASE WHEN " + id + "accesskeyid LIKE 'AKIA%' THEN 'true' END")},
		{"error_code", api("errorcode")},
		{"denied_action", api("CASE WHEN " + denied + " THEN regexp_extract(errormessage, 'not authorized to perform: ([A-Za-z0-9:-]*)', 1) END")},
		{"denied_by", api("CASE WHEN " + denied + " THEN rtrim(coalesce(regexp_extract(errormessage, 'with an explicit deny in a[A-Za-z -]*'), regexp_extract(errormessage, 'because no [A-Za-z -]*? allows'))) END")},
		{"resources", api("array_join(array_sort(array_distinct(transform(filter(resources, r -> coalesce(r.arn, '') <> '' AND strpos(r.arn, chr(10)) = 0), r -> " + cutSQL(s) + "))), chr(10))")},
		{"parameters", api(parameters)},
	}
	add := func(ok bool, name, expression string) {
		if ok {
			out = append(out, column{name, api(expression)})
		}
	}
	add(s.has("aws:federatedprovider", "aws:multifactorauthpresent", "aws:multifactorauthage"), "federation", session+"webidfederationdata.federatedprovider")
	add(s.network(), "address", addressSQL(s))
	add(s.network(), "endpoint", "vpcendpointid")
	add(s.has("aws:vpceaccount"), "endpoint_account", "vpcendpointaccountid")
	add(s.has("aws:useragent"), "user_agent", "useragent")
	add(s.has("aws:securetransport", "s3:tlsversion"), "tls", "tlsdetails.tlsversion")
	add(s.has("aws:multifactorauthpresent", "aws:multifactorauthage"), "mfa", session+"attributes.mfaauthenticated")
	add(s.has("aws:tokenissuetime"), "issued", session+"attributes.creationdate")
	add(s.has("aws:currenttime", "aws:epochtime"), "time", "eventtime")
	add(s.has("aws:sourceidentity"), "source_identity", session+"sourceidentity")
	add(s.has("aws:userid"), "principal_id", id+"principalid")
	add(s.has("aws:assumedroot"), "assumed_root", "CASE WHEN "+session+"assumedroot = 'true' THEN 'true' END")
	return out
}

// api is the expression for calls, and nothing for other events.
func api(expression string) string {
	return "CASE WHEN eventtype = 'AwsApiCall' THEN coalesce(" + expression + ", '') ELSE '' END"
}

// cutSQL is [Selection.resource] of r.arn.
func cutSQL(s *Selection) string {
	if s.all || s.objects {
		return "r.arn"
	}
	keep := ""
	if len(s.buckets) > 0 {
		keep = " AND NOT regexp_extract(r.arn, '^arn:[^:]*:s3:::([^/]*)/', 1) IN (" + listSQL(slices.Sorted(maps.Keys(s.buckets))) + ")"
	}
	return "CASE WHEN regexp_like(r.arn, '^arn:[^:]*:s3:::[^/]*/')" + keep + " THEN regexp_replace(r.arn, '(?s)^(arn:[^:]*:s3:::[^/]*)/.*$', '$1/*') ELSE r.arn END"
}

func listSQL(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, s := range list {
		quoted = append(quoted, literalSQL(s))
	}
	return strings.Join(quoted, ", ")
}

// parametersSQL keeps the members that any call needs; reading the result drops those that
// the call at hand does not.
func parametersSQL(s *Selection) string {
	const parsed = "try(CAST(json_parse(requestparameters) AS map(varchar, json)))"
	if s.all {
		return "requestparameters"
	}
	kept := "map_filter(" + parsed + ", (k, v) -> starts_with(json_format(v), '\"arn:') OR regexp_like(json_format(v), '^[\\[{].*:role/') OR k IN (" + listSQL(parameterNames(s)) + "))"
	// What reading the result would cut as well, so that groups are few.
	cut := "WHEN k IN (" + listSQL(headerNames(s)) + ") THEN CAST('' AS json) "
	if !s.objects && len(s.buckets) == 0 && !s.has("s3:"+copySource) {
		const source = "json_extract_scalar(v, '$')"
		cut += "WHEN k = " + literalSQL(copySource) + " THEN CAST(concat(split_part(ltrim(" + source + ", '/'), '/', 1), '/*', CASE WHEN strpos(" + source + ", '?versionId=') > 0 THEN '?versionId=' ELSE '' END) AS json) "
	}
	return "nullif(json_format(CAST(transform_values(" + kept + ", (k, v) -> CASE " + cut + "ELSE v END) AS json)), '{}')"
}

// headerNames are the headers of which only that they are there matters. The empty name is that
// of no parameter, and keeps the list from being empty.
func headerNames(s *Selection) []string {
	out := []string{""}
	for _, h := range headers {
		if !s.has("s3:" + h.parameter) {
			out = append(out, h.parameter)
		}
	}
	return out
}

// parameterNames are the members that the call of any action may need.
func parameterNames(s *Selection) []string {
	o := &operation{parameters: map[string]bool{"versionId": true}}
	ref := serviceref.Embedded()
	for a := range ref.Actions("*") {
		o.action(ref, s, a)
	}
	if !s.objects && len(s.buckets) == 0 {
		delete(o.parameters, "key")
	}
	return slices.Sorted(maps.Keys(o.parameters))
}

// addressSQL is [Selection.address] of sourceipaddress.
func addressSQL(s *Selection) string {
	if s.all || s.exact {
		return "sourceipaddress"
	}
	const ip = "try_cast(sourceipaddress AS ipaddress)"
	var b strings.Builder
	fmt.Fprintf(&b, "CASE WHEN %s IS NULL THEN sourceipaddress", ip)
	var any []string
	for _, p := range inside {
		any = append(any, fmt.Sprintf("contains(%s, %s)", literalSQL(p.String()), ip))
	}
	within := " WHEN " + strings.Join(any, " OR ") + " THEN " + literalSQL(private)
	if !s.has("aws:vpcsourceip") {
		b.WriteString(within)
	}
	for _, p := range s.ranges {
		fmt.Fprintf(&b, " WHEN contains(%s, %s) THEN %s", literalSQL(p.String()), ip, literalSQL(p.String()))
	}
	if s.has("aws:vpcsourceip") {
		b.WriteString(within)
	}
	fmt.Fprintf(&b, " WHEN strpos(CAST(%s AS varchar), ':') = 0 THEN %s ELSE %s END", ip, literalSQL(otherV4), literalSQL(otherV6))
	return b.String()
}
