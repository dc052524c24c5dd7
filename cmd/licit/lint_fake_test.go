package main

import (
	"bytes"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/shrink"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// fakeMain is licit with rules and service data that never change, for scripts about how
// findings and actions are shown.
func fakeMain() { os.Exit(runFake(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func runFake(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stderr: stderr, style: styleFor(stdout), linter: fakeRules{}, facts: fakeFacts{}, ref: serviceref.Embedded()}
	return a.run(args, stdout)
}

// fakeRules finds texts.
type fakeRules struct{}

var fakeTable = []struct {
	code    string
	typ     lint.FindingType
	kinds   []policy.Kind
	title   string
	find    *regexp.Regexp
	message string
	fix     string
}{
	{"BREAKS_JSON", lint.Error, nil, "The fix is wrong.", regexp.MustCompile(`"breaks"`), "breaks", `"`},
	{"INVALID_ACTION", lint.Error, nil, "The action does not exist.", regexp.MustCompile(`"s3:GetObjekt"`), "no action s3:GetObjekt; did you mean s3:GetObject?", `"s3:GetObject"`},
	{"NAME_OF_APP", lint.Error, nil, "A role is called app.", nil, "", ""},
	{"PING", lint.Suggestion, nil, "The fixes go on for ever.", regexp.MustCompile(`"ping"`), "ping, 100% sure:\nnot pong", `"pong"`},
	{"PONG", lint.Suggestion, nil, "The fixes go on for ever.", regexp.MustCompile(`"pong"`), "pong", `"ping"`},
	{"REDUNDANT_ACTION", lint.Suggestion, nil, "The action stands there twice.", regexp.MustCompile(`"s3:GetObject",\s*"s3:GetObject"`), "twice", `"s3:GetObject"`},
	{"RESOURCE_STAR", lint.SecurityWarning, nil, "All resources are named.", regexp.MustCompile(`"\*"`), "all resources; want those that are meant", ""},
	{"SCP_PRINCIPAL", lint.Error, []policy.Kind{policy.ServiceControl}, "SCPs have no Principal.", regexp.MustCompile(`"Principal"`), "an SCP has no Principal", ""},
	{"TRUST_TAGS", lint.Warning, []policy.Kind{policy.RoleTrust, policy.PermissionsBoundary}, "A warning about some kinds.", regexp.MustCompile(`(?s)\{.*\}`), "the whole document", ""},
}

func (fakeRules) check(src []byte, k policy.Kind, resourceType string, _ asOf) []lint.Finding {
	var out []lint.Finding
	for _, r := range fakeTable {
		if r.find == nil || r.kinds != nil && !slices.Contains(r.kinds, k) {
			continue
		}
		for _, at := range r.find.FindAllIndex(src, -1) {
			f := lint.Finding{Type: r.typ, Code: r.code, Message: r.message, Position: policy.Position{Offset: at[0]}, End: policy.Position{Offset: at[1]}}
			if n := bytes.Count(src[:at[0]], []byte(`"Sid"`)); n > 0 {
				f.Path = "/Statement/" + strconv.Itoa(n-1) + "/X"
			}
			if resourceType != "" {
				f.Message += " (" + resourceType + ")"
			}
			if r.fix != "" {
				f.Fix = &lint.Fix{Start: at[0], End: at[1], Text: r.fix}
			}
			out = append(out, f)
		}
	}
	return out
}

// organization finds the texts in each document, and roles that are called app.
func (fakeRules) organization(o *org.Organization, when asOf) []orglint.Finding {
	var out []orglint.Finding
	for a := range o.Accounts() {
		for i := range a.Roles {
			if arn := a.Roles[i].ARN; strings.HasSuffix(arn.Resource(), "/app") {
				out = append(out, orglint.Finding{Subject: arn.String(), Finding: lint.Finding{Type: lint.Error, Code: "NAME_OF_APP", Message: "want another name"}})
			}
		}
	}
	for _, d := range orglint.Documents(o) {
		base, _ := placeOf(d.Document)
		seen := map[lint.Finding]bool{}
		for _, k := range d.Kinds {
			for _, f := range (fakeRules{}).check(d.Document.Source(), k, d.ResourceType, when) {
				key := f
				if key.Fix = nil; seen[key] {
					continue
				}
				seen[key] = true
				f.Position.Offset += base.offset
				f.End.Offset += base.offset
				out = append(out, orglint.Finding{Finding: f, Subject: d.Subjects[0], Kind: k, Document: d.Document})
			}
		}
	}
	return out
}

func (fakeRules) codes() []lint.Code {
	var out []lint.Code
	for _, r := range fakeTable {
		out = append(out, lint.Code{Code: r.code, Type: r.typ, Kinds: r.kinds, Title: r.title})
	}
	return out
}

// fakeFacts knows a few actions.
type fakeFacts struct{}

var fakeActions = map[string]string{
	"iam:PassRole":                "Write",
	"iam:PutRolePolicy":           "PermissionsManagement",
	"iam:TagRole":                 "Tagging",
	"s3:DeleteObject":             "Write",
	"s3:GetBucketAcl":             "Read",
	"s3:GetBucketPolicy":          "Read",
	"s3:GetObject":                "Read",
	"s3:GetObjectAcl":             "Read",
	"s3:GetObjectTagging":         "Read",
	"s3:ListAllMyBuckets":         "List",
	"s3:ListBucket":               "List",
	"s3:PutBucketAcl":             "PermissionsManagement",
	"s3:PutObject":                "Write",
	"s3:PutObjectAcl":             "PermissionsManagement",
	"sqs:ReceiveMessage":          "Read",
	"sqs:SendMessage":             "Write",
	"sts:AssumeRole":              "Write",
	"s3-outposts:GetObject":       "Read",
	"s3-outposts:GetObjectAcl":    "Read",
	"s3-outposts:PutObjectLegacy": "Write",
}

func (fakeFacts) Date() string { return "2026-09-26" }

func (fakeFacts) Actions(pattern string) iter.Seq[policy.Action] {
	text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	if service, _, ok := strings.Cut(pattern, ":"); pattern != "*" && (!ok || strings.ContainsAny(service, "*?")) {
		text = "nothing"
	}
	match := regexp.MustCompile("(?i)^" + text + "$")
	set := actionSet{}
	for name := range fakeActions {
		if match.MatchString(name) {
			set[strings.ToLower(name)] = policy.Action(name)
		}
	}
	return slices.Values(set.sorted())
}

func (fakeFacts) Services() iter.Seq[serviceref.ServiceInfo] {
	return func(yield func(serviceref.ServiceInfo) bool) {
		for _, prefix := range []string{"iam", "s3", "s3-outposts", "sqs", "sts"} {
			if !yield(serviceref.ServiceInfo{Prefix: prefix}) {
				return
			}
		}
	}
}

func (f fakeFacts) Shrink(actions []string) []string {
	return shrink.Find(f, actions, shrink.AtWords).Patterns
}

func (fakeFacts) describe(a policy.Action) actionJSON {
	j := actionJSON{Action: string(a), Level: fakeActions[string(a)], Resources: []string{}}
	switch {
	case strings.Contains(string(a), "Object"):
		j.Resources = []string{"object", "storagelensgroup"}
	case a.Service() == "s3" && a != "s3:ListAllMyBuckets":
		j.Resources = []string{"bucket"}
	}
	return j
}
