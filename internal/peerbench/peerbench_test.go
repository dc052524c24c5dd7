package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

const root = "../.."

// The peers are given the same policies: they agree with licit about requests for whatever
// a statement names, not only about those that are measured.
func TestTranslations(t *testing.T) {
	for _, name := range []string{"w1", "w1s3"} {
		w, _, err := readWorkload(root, name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := statements(w)
		if err != nil {
			t.Fatal(err)
		}
		var documents []*policy.Document
		for _, p := range w.Principal.Attached {
			documents = append(documents, policy.Must(policy.Parse(p.Document)))
		}
		env, err := simulate.CompileCustom(documents...)
		if err != nil {
			t.Fatal(err)
		}
		principal := w.Principal.ARN
		cedarEngine, err := newCedar(principal.String(), list)
		if err != nil {
			t.Fatal(err)
		}
		opaEngine, err := newOPA(principal.String(), list)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[simulate.Outcome]int{}
		for _, q := range requests(principal, list) {
			resource, err := policy.ParseARN(q.resource)
			if err != nil {
				continue // a statement about every resource
			}
			want := env.Can(simulate.Request{Principal: policy.PrincipalFromARN(principal), Action: policy.Action(q.action), Resource: resource}).Outcome
			if got, err := cedarEngine.decide(cedarEngine.request(q)); err != nil || got != want {
				t.Errorf("cedar-go: %s %s: got %v, %v, want %v", q.action, q.resource, got, err, want)
			}
			if got, err := opaEngine.decide(opaEngine.input(q)); err != nil || got != want {
				t.Errorf("OPA: %s %s: got %v, %v, want %v", q.action, q.resource, got, err, want)
			}
			seen[want]++
		}
		t.Log(name, seen)
		for _, o := range []simulate.Outcome{simulate.Allowed, simulate.ExplicitDeny, simulate.ImplicitDeny} {
			if seen[o] < 20 {
				t.Errorf("%s: %d requests are %s", name, seen[o], o)
			}
		}
	}
}

// requests are, for each statement, its first action on each of its resources and on another.
// A KMS key has to let IAM policies decide, which the peers do not know.
func requests(principal policy.ARN, list []statement) []query {
	fill := strings.NewReplacer("*", "x")
	var out []query
	for _, s := range list {
		if s.service == "kms" {
			continue
		}
		for _, r := range s.resources {
			for _, resource := range []string{fill.Replace(r), fill.Replace(r) + "/other"} {
				out = append(out, newQuery(principal.String(), fill.Replace(s.actions[0]), resource))
			}
		}
	}
	return out
}

func TestTranslateRefuses(t *testing.T) {
	good := policy.Statement{Effect: policy.Allow, Action: policy.List("s3:Get*"), Resource: policy.List("*")}
	if _, err := translate(good); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(s *policy.Statement){
		"a condition":       func(s *policy.Statement) { s.Condition = policy.When("StringEquals", "aws:username", "ana") },
		"NotAction":         func(s *policy.Statement) { s.Action, s.NotAction = policy.Patterns{}, policy.List("s3:Get*") },
		"NotResource":       func(s *policy.Statement) { s.Resource, s.NotResource = policy.Patterns{}, policy.List("*") },
		"two services":      func(s *policy.Statement) { s.Action = policy.List("s3:Get*", "sqs:Get*") },
		"any service":       func(s *policy.Statement) { s.Action = policy.List("*") },
		"a question mark":   func(s *policy.Statement) { s.Resource = policy.List("arn:aws:s3:::logs-?") },
		"a policy variable": func(s *policy.Statement) { s.Resource = policy.List("arn:aws:s3:::${aws:username}") },
	} {
		s := good
		edit(&s)
		if _, err := translate(s); err == nil {
			t.Errorf("%s is translated", name)
		}
	}
}

// An engine that answers otherwise ends the run.
func TestWrongAnswer(t *testing.T) {
	wrong := func(string) ([]question, error) {
		return []question{{"W0", "wrong", []engine{decides("other", "allowed", func() (simulate.Outcome, error) { return simulate.ImplicitDeny, nil })}}}, nil
	}
	_, err := run([]group{wrong}, root, options{count: 1})
	if want := "W0, wrong: other: got implicitDeny, want allowed"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The questions that take no time are asked once, and all engines answer as expected.
func TestTable(t *testing.T) {
	before := flag.Lookup("test.benchtime").Value.String()
	defer flag.Set("test.benchtime", before)
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		t.Fatal(err)
	}
	table, err := run([]group{w1, w1s3, w2, w4, w6}, root, options{count: 1, cpu: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string]int{"W1": 12, "W2": 3, "W4": 1, "W6": 3} {
		row := regexp.MustCompile(`(?m)^\| ` + name + ` \| [^|]+ \| [^|]+ \| [0-9.]+ (ns|µs|ms) \| [0-9.]+ (ns|µs|ms) \| [0-9]+ \| [0-9.]+ \|$`)
		if n := len(row.FindAllString(table, -1)); n != rows {
			t.Errorf("%d rows of %s, want %d:\n%s", n, name, rows, table)
		}
	}
}

// The peers need a newer JSON library than licit; licit is measured with its own.
func TestSameModules(t *testing.T) {
	read := func(name string) string {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	own := regexp.MustCompile(`(?m)^\tgithub.com/go-json-experiment/json (\S+)$`).FindStringSubmatch(read(root + "/go.mod"))
	replaced := regexp.MustCompile(`(?m)^replace github.com/go-json-experiment/json => github.com/go-json-experiment/json (\S+)$`).FindStringSubmatch(read("go.mod"))
	if own == nil || replaced == nil || own[1] != replaced[1] {
		t.Errorf("licit requires go-json-experiment/json %v, its measurement %v", own, replaced)
	}
}

// What W3, W4 and W5 are checked with finds a wrong cell.
func TestLikeCan(t *testing.T) {
	role := policy.MustParseARN("arn:aws:iam::111122223333:role/orders")
	with := func(action string) *simulate.Environment {
		env, _, err := compile(org.Spec{Accounts: []org.Account{{ID: "111122223333", Roles: []org.Role{{ARN: role, Inline: []org.InlinePolicy{{
			Name: "own", Document: policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List(action), Resource: policy.List("*")})),
		}}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return env
	}
	keys := inRegion("eu-west-1")
	env := with("s3:List*")
	m, err := env.Matrix(t.Context(), simulate.MatrixOptions{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := likeCan(env, m, keys, 1); err != nil {
		t.Error(err)
	}
	if likeCan(with("s3:ListAllMyBuckets"), m, keys, 1) == nil {
		t.Error("another organization has the same cells")
	}
}
