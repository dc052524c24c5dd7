package simulate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

// evaluationRules are the identifiers of all rules of the evaluation specification.
// Every one of them is shown by a scenario.
var evaluationRules = strings.Fields(`
	R-RES-1 R-RES-2 R-RES-3 R-RES-4 R-RES-5
	R-DOC-1 R-DOC-2 R-DOC-3 R-DOC-4 R-DOC-5 R-DOC-6 R-DOC-7 R-DOC-8 R-DOC-9 R-DOC-10 R-DOC-11 R-DOC-12
	R-PAT-1 R-PAT-2 R-PAT-3 R-PAT-4
	R-VAR-1 R-VAR-2 R-VAR-3 R-VAR-4 R-VAR-5 R-VAR-6 R-VAR-7 R-VAR-8
	R-ACT-1 R-ACT-2 R-ACT-3 R-ACT-4 R-ACT-5 R-ACT-6 R-ACT-7
	R-RSC-1 R-RSC-2 R-RSC-3 R-RSC-4 R-RSC-5 R-RSC-6 R-RSC-7 R-RSC-8 R-RSC-9 R-RSC-10 R-RSC-11
	R-PRI-1 R-PRI-2 R-PRI-3 R-PRI-4 R-PRI-5 R-PRI-6 R-PRI-7 R-PRI-8 R-PRI-9 R-PRI-10 R-PRI-11 R-PRI-12 R-PRI-13
	R-NPR-1 R-NPR-2 R-NPR-3
	R-CND-1 R-CND-2 R-CND-3 R-CND-4 R-CND-5 R-CND-6 R-CND-7 R-CND-8 R-CND-9 R-CND-10 R-CND-11 R-CND-12 R-CND-13 R-CND-14
	R-OPS-1 R-OPS-2 R-OPS-3 R-OPS-4 R-OPS-5 R-OPS-6 R-OPS-7 R-OPS-8 R-OPS-9 R-OPS-10
	R-LAY-1 R-LAY-2 R-LAY-3
	R-SCP-1 R-SCP-2 R-SCP-3 R-SCP-4 R-SCP-5 R-SCP-6 R-SCP-7
	R-RCP-1 R-RCP-2 R-RCP-3 R-RCP-4 R-RCP-5 R-RCP-6
	R-GRT-1 R-GRT-2 R-GRT-3 R-GRT-4 R-GRT-5 R-GRT-6 R-GRT-7 R-GRT-8
	R-SES-1 R-SES-2 R-SES-3 R-SES-4 R-SES-5 R-SES-6
	R-BND-1 R-BND-2 R-BND-3
	R-ROOT-1 R-ROOT-2 R-ROOT-3 R-ROOT-4 R-ROOT-5
	R-KMS-1 R-KMS-2 R-KMS-3 R-KMS-4
	R-STS-1 R-STS-2 R-STS-3 R-STS-4 R-STS-5 R-STS-6
	R-SPC-1 R-SPC-2 R-SPC-3 R-SPC-4 R-SPC-5 R-SPC-6 R-SPC-7 R-SPC-8 R-SPC-9 R-SPC-10
	R-CTX-1 R-CTX-2 R-CTX-3 R-CTX-4`)

// TestScenarios runs testdata/*.txtar, one story per file: a comment that says what it
// shows and where AWS says so, with a line "Rules: R-…" of the rules that its cases rest
// on; then, in any combination,
//
//	-- org.json --      an organization, as org.Parse reads it
//	-- cases --         outcome principal action resource [key=value[,value]…]
//	-- cases.jsonl --   a case file, see package casefile
//
// A line of cases asks the organization. Fields are separated by spaces; a line that
// begins with ? takes the keys that nobody gave to be unknown, all others to be absent;
// an empty line and one that begins with # say nothing. Each case is put to Can, to
// Explain and, unless it begins with ? or says "strict": false, to the oracle.
func TestScenarios(t *testing.T) {
	shown := map[string]bool{}
	for _, file := range scenarioFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := readScenario(t, file)
			n := s.askOrganization(t) + s.runCaseFile(t)
			require.NotZero(t, n, "a scenario without cases")
			for _, rule := range s.rules {
				require.Contains(t, evaluationRules, rule, "the specification has no such rule")
				shown[rule] = true
			}
		})
	}
	if t.Failed() || len(shown) == 0 {
		return
	}
	var missing []string
	for _, rule := range evaluationRules {
		if !shown[rule] {
			missing = append(missing, rule)
		}
	}
	require.Empty(t, missing, "rules that no scenario shows")
}

func TestEvaluationRules(t *testing.T) {
	t.Parallel()
	sorted := slices.Sorted(slices.Values(evaluationRules))
	require.Equal(t, len(sorted), len(slices.Compact(sorted)), "a rule is listed twice")
}

func scenarioFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// A scenario is one file of the corpus.
type scenario struct {
	file                string
	rules               []string
	organization, cases []byte
	caseFile            []byte
	caseLine            int // of the first line of each section in the file
	caseFileLine        int
}

var ruleID = regexp.MustCompile(`R-[A-Z]+-[0-9]+`)

func readScenario(t *testing.T, file string) *scenario {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	a := txtar.Parse(src)
	s := &scenario{file: file}
	comment := string(a.Comment)
	require.NotEmpty(t, strings.TrimSpace(comment), "a scenario without a comment")
	for line := range strings.Lines(comment) {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line, "# "), "Rules:"); ok {
			s.rules = append(s.rules, ruleID.FindAllString(rest, -1)...)
		}
	}
	require.NotEmpty(t, s.rules, "the comment names no rules")
	line := 1 + strings.Count(comment, "\n")
	for _, f := range a.Files {
		line++ // the marker
		switch f.Name {
		case "org.json":
			s.organization = f.Data
		case "cases":
			s.cases, s.caseLine = f.Data, line
		case "cases.jsonl":
			s.caseFile, s.caseFileLine = f.Data, line
		default:
			t.Fatalf("unknown section %q", f.Name)
		}
		line += bytes.Count(f.Data, []byte{'\n'})
	}
	require.Equal(t, s.cases != nil, s.organization != nil, "cases and org.json go together")
	return s
}

// An orgCase is one line of a cases section.
type orgCase struct {
	line      string
	want      string
	strict    bool
	principal policy.Principal
	action    policy.Action
	resource  string
	context   map[string][]string
}

func parseOrgCase(t *testing.T, line string) orgCase {
	t.Helper()
	rest, loose := strings.CutPrefix(line, "?")
	fields := strings.Fields(rest)
	require.GreaterOrEqual(t, len(fields), 4, "want outcome principal action resource: %s", line)
	p, err := policy.ParsePrincipal(fields[1])
	require.NoError(t, err, line)
	a, err := policy.ParseAction(fields[2])
	require.NoError(t, err, line)
	_, err = simulate.ParseOutcome(fields[0])
	require.NoError(t, err, line)
	c := orgCase{line: line, want: fields[0], strict: !loose, principal: p, action: a, resource: fields[3], context: map[string][]string{}}
	for _, f := range fields[4:] {
		key, values, ok := strings.Cut(f, "=")
		require.True(t, ok, "want key=value[,value]…: %s", line)
		c.context[key] = strings.Split(values, ",")
	}
	return c
}

func (c orgCase) request(t *testing.T) simulate.Request {
	t.Helper()
	r := simulate.Request{Principal: c.principal, Action: c.action, Keys: simulate.KeysFrom(c.context)}
	if c.resource != "*" {
		a, err := policy.ParseARN(c.resource)
		require.NoError(t, err, c.line)
		r.Resource = a
	}
	return r
}

// askOrganization runs the cases section and returns the number of cases.
func (s *scenario) askOrganization(t *testing.T) int {
	t.Helper()
	if s.cases == nil {
		return 0
	}
	o, err := org.Parse(s.organization)
	require.NoError(t, err)
	strict, err := simulate.Compile(o, simulate.WithStrictKeys())
	require.NoError(t, err)
	loose, err := simulate.Compile(o)
	require.NoError(t, err)
	n, scanner := 0, bufio.NewScanner(bytes.NewReader(s.cases))
	for i := 0; scanner.Scan(); i++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		n++
		t.Run(fmt.Sprintf("line %d", s.caseLine+i), func(t *testing.T) {
			c := parseOrgCase(t, line)
			env := loose
			if c.strict {
				env = strict
			}
			bothDecide(t, c.want, env, c.request(t), line)
			if c.strict {
				got, err := spec.DecideOrg(o.Spec(), spec.Request{Principal: c.principal, Action: c.action, Resource: c.resource, Context: c.context})
				require.NoError(t, err)
				require.Equal(t, c.want, got.String(), "oracle: %s", line)
			}
		})
	}
	return n
}

// bothDecide puts a request to Can and Explain.
func bothDecide(t *testing.T, want string, env *simulate.Environment, r simulate.Request, name string) {
	t.Helper()
	got := env.Can(r)
	require.Equal(t, want, got.Outcome.String(), "Can: %s: %s", name, got)
	x := env.Explain(r)
	require.Equal(t, got, x.Decision, "Explain decides otherwise: %s", name)
}

// runCaseFile runs the cases.jsonl section and returns the number of cases.
func (s *scenario) runCaseFile(t *testing.T) int {
	t.Helper()
	lines := bytes.Split(s.caseFile, []byte{'\n'})
	n := 0
	for c, err := range casefile.Read(bytes.NewReader(s.caseFile), "cases.jsonl") {
		n++
		t.Run(fmt.Sprintf("line %d %s", s.caseFileLine+c.Line()-1, c.ID()), func(t *testing.T) {
			require.NotEqual(t, casefile.ExpectNothing, c.Expect(), "a case that expects nothing")
			if c.Expect() == casefile.ExpectError {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			fast, slow := c.Eval(), c.Explain()
			require.NoError(t, fast.Err)
			require.Equal(t, string(c.Expect()), fast.Decision.Outcome.String(), "Can: %s", fast.Decision)
			require.Equal(t, fast.Decision, slow.Decision, "Explain decides otherwise")
			require.Equal(t, fast.Statement, slow.Statement)
			if c.Strict() {
				got := oracleDecides(t, lines[c.Line()-1])
				require.Equal(t, string(c.Expect()), got.String(), "oracle")
			}
		})
	}
	return n
}

// oracleDecides reads a case by itself, so that the reader is checked too.
func oracleDecides(t *testing.T, line []byte) spec.Outcome {
	t.Helper()
	var c struct {
		Request struct {
			Principal, Action, Resource, ResourceAccount string
			Context                                      map[string]any
			Multivalued                                  []string
			RoleARN                                      policy.ARN `json:"roleArn"`
			IssuingUser                                  policy.ARN
			PrincipalID, ObjectOwner                     string
			WildcardOnly                                 bool
		}
		IdentityPolicies, SessionPolicies []json.RawMessage
		Boundary, ResourcePolicy          json.RawMessage
		SCPs, RCPs                        [][]json.RawMessage
		EndpointPolicies                  []json.RawMessage
		ManagementAccount                 string
		S3                                struct{ BlockPublicAccess, BucketABAC bool }
	}
	require.NoError(t, json.Unmarshal(line, &c))
	p, err := policy.ParsePrincipal(c.Request.Principal)
	require.NoError(t, err)
	r := spec.Request{
		Principal: p, Action: policy.Action(c.Request.Action), Resource: c.Request.Resource,
		Context: map[string][]string{}, Multivalued: c.Request.Multivalued, ResourceAccount: c.Request.ResourceAccount,
		RoleARN: c.Request.RoleARN, IssuingUser: c.Request.IssuingUser, PrincipalID: c.Request.PrincipalID,
		ObjectOwner: c.Request.ObjectOwner, WildcardOnly: c.Request.WildcardOnly,
	}
	for key, v := range c.Request.Context {
		switch v := v.(type) {
		case string:
			r.Context[key] = []string{v}
		case []any:
			r.Context[key] = []string{}
			for _, e := range v {
				r.Context[key] = append(r.Context[key], e.(string))
			}
		}
	}
	l := spec.Layers{
		Identity: oracleDocuments(t, c.IdentityPolicies), Session: oracleDocuments(t, c.SessionPolicies),
		ManagementAccount: c.ManagementAccount, BlockPublicAccess: c.S3.BlockPublicAccess, BucketABAC: c.S3.BucketABAC,
	}
	l.Boundary = oracleDocumentOrList(t, c.Boundary)
	if list := oracleDocumentOrList(t, c.ResourcePolicy); len(list) > 0 {
		l.ResourcePolicy = list[0]
	}
	for _, level := range c.SCPs {
		l.SCPs = append(l.SCPs, oracleDocuments(t, level))
	}
	for _, level := range c.RCPs {
		l.RCPs = append(l.RCPs, oracleDocuments(t, level))
	}
	for _, raw := range c.EndpointPolicies {
		var e struct {
			Kind   string
			Policy json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &e))
		if e.Kind == "" {
			e.Policy = raw
		}
		endpoint := spec.Endpoint{Gateway: e.Kind == "gateway"}
		if list := oracleDocumentOrList(t, e.Policy); len(list) > 0 {
			endpoint.Policy = list[0]
		}
		l.Endpoints = append(l.Endpoints, endpoint)
	}
	return spec.Decide(l, r)
}

func oracleDocumentOrList(t *testing.T, raw json.RawMessage) []*policy.Document {
	t.Helper()
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case raw[0] == '[':
		var list []json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &list))
		return oracleDocuments(t, list)
	}
	return oracleDocuments(t, []json.RawMessage{raw})
}

func oracleDocuments(t *testing.T, raw []json.RawMessage) []*policy.Document {
	t.Helper()
	docs := []*policy.Document{}
	for _, r := range raw {
		d, err := policy.Parse(r)
		require.NoError(t, err)
		docs = append(docs, d)
	}
	return docs
}
