package tfplan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/licit-dev/licit/policy"
)

// A Document is a policy document that the plan writes, as a whole.
type Document struct {
	Address      string // of the resource, such as "aws_iam_role.app"
	Attribute    string // such as "assume_role_policy"
	Kind         policy.Kind
	ResourceType string // what it is attached to, as CloudFormation names it: "AWS::S3::Bucket"; empty: nothing certain
	Document     *policy.Document
}

// A text is a policy document of a plan.
type text struct {
	document *policy.Document // what is known of it; nil: nothing, or there is none
	unknown  string           // why the rest is not known; "" if all is
}

// document is the policy document of an attribute. A document that is not known, but comes
// from a data source of which most is known, has the statements that are surely in it.
func (e *editor) document(v values, attr string, kind policy.Kind, resourceType string) text {
	t := e.read(v, attr, kind)
	as := v.of.before.plain(attr) == v.plain(attr) && v.of.updates()
	if v.planned && t.document != nil && t.unknown == "" && !as {
		e.out.Documents = append(e.out.Documents, Document{v.of.address, attr, kind, resourceType, t.document})
	}
	return t
}

func (e *editor) read(v values, attr string, kind policy.Kind) text {
	src, s := v.text(attr)
	switch s {
	case absent:
		return text{}
	case unknown:
		if v.isComputed(attr) {
			return text{}
		}
		t := e.unknownDocument(v, attr)
		if t.document != nil {
			if err := t.document.CheckKind(kind); err != nil {
				e.fail(v.of, "%s: %w", attr, err)
			}
		}
		return t
	}
	d, err := policy.Parse([]byte(src))
	if err != nil {
		e.fail(v.of, "%s: %w", attr, err)
		return text{}
	}
	if err := d.CheckKind(kind); err != nil {
		e.fail(v.of, "%s: %w", attr, err)
		return text{}
	}
	return text{document: d}
}

// unknownReason is the reason of a gap.
func (v values) unknownReason(attr string) string {
	what := "is known only after apply"
	on := v.dependsOn(attr)
	switch {
	case marked(member(v.sensitive, attr)) || attr == "tags" && v.secret(attr) || on == "" && v.secret(attr):
		return fmt.Sprintf("%s: %s is sensitive", v.of.address, attr)
	case v.secret(attr):
		return fmt.Sprintf("%s: %s is made of something sensitive (it depends on %s)", v.of.address, attr, on)
	case v.known[attr] != nil && !marked(member(v.unknown, attr)):
		return fmt.Sprintf("%s: %s has a value of another type than the provider's", v.of.address, attr)
	case on != "":
		what += " (it depends on " + on + ")"
	}
	return fmt.Sprintf("%s: %s %s", v.of.address, attr, what)
}

func (e *editor) unknownDocument(v values, attr string) text {
	out := text{unknown: v.unknownReason(attr)}
	if v.secret(attr) {
		return out
	}
	t, ok := e.plan.follow(v.of.scope(), v.of.expression(attr))
	if !ok || t.of.mode != tfjson.DataResourceMode || t.of.typ != "aws_iam_policy_document" || (t.attr != "json" && t.attr != "minified_json") {
		return out
	}
	if e.plan.origin(v.of.scope(), v.of.expression(attr)) == secretly {
		out.unknown = fmt.Sprintf("%s: %s is made of something sensitive (it depends on %s)", v.of.address, attr, v.dependsOn(attr))
		return out
	}
	document, missing, err := rebuild(t.of.after)
	if err != nil {
		e.fail(t.of, "%w", err)
		return out
	}
	if !t.bare {
		return out // what is made of it is not told
	}
	if len(missing) == 0 {
		// The ID of the data source is unknown, or it waits for a dependency.
		out.unknown = ""
	} else {
		out.unknown = fmt.Sprintf("%s: %s is known only after apply (in %s: %s)", v.of.address, attr, t.of.address, strings.Join(missing, ", "))
	}
	out.document = document
	return out
}

// A statement of a document, in the form of IAM's JSON.
type statement struct {
	SID          string                         `json:"Sid,omitempty"`
	Effect       string                         `json:"Effect"`
	Principal    any                            `json:"Principal,omitempty"`
	NotPrincipal any                            `json:"NotPrincipal,omitempty"`
	Action       []string                       `json:"Action,omitempty"`
	NotAction    []string                       `json:"NotAction,omitempty"`
	Resource     []string                       `json:"Resource,omitempty"`
	NotResource  []string                       `json:"NotResource,omitempty"`
	Condition    map[string]map[string][]string `json:"Condition,omitempty"`
}

// rebuild puts together what data.aws_iam_policy_document will be (Terraform AWS provider,
// “Data Source: aws_iam_policy_document”). A statement of which something is not known is
// left out, but for lists of actions, resources and principals: those it surely has stay. So is
// one with a Sid where other documents may put their own in its place. The unknown is in
// missing.
func rebuild(v values) (d *policy.Document, missing []string, err error) {
	overridden := false
	for _, attr := range []string{"source_json", "override_json", "source_policy_documents", "override_policy_documents"} {
		if value, s := v.get(attr); s == unknown || s == known && value != "" {
			missing = append(missing, attr)
			overridden = overridden || strings.HasPrefix(attr, "override_")
		}
	}
	blocks, s := v.blocks("statement")
	if s == unknown {
		return nil, append(missing, "statement"), nil
	}
	var list []statement
	for i, b := range blocks {
		st, lacks, whole := rebuildStatement(b)
		for _, l := range lacks {
			missing = append(missing, fmt.Sprintf("statement[%d].%s", i, l))
		}
		if _, sid := b.text("sid"); whole && !(overridden && sid != absent) {
			list = append(list, st)
		}
	}
	if len(list) == 0 {
		return nil, missing, nil
	}
	version := v.plain("version")
	if version == "" {
		version = "2012-10-17"
	}
	src, err := json.Marshal(struct {
		Version   string
		ID        string `json:"Id,omitempty"`
		Statement []statement
	}{version, v.plain("policy_id"), list})
	if err != nil {
		return nil, nil, err
	}
	if v.of.plan.shows(string(src)) {
		return nil, append(missing, "something sensitive"), nil
	}
	d, err = policy.Parse(src)
	return d, missing, err
}

// rebuildStatement makes a statement of a block. lacks names what is not known of it; without
// whole, it is left out.
func rebuildStatement(b values) (st statement, lacks []string, whole bool) {
	whole = true
	lack := func(attr string, all, useful bool) {
		if !all {
			lacks, whole = append(lacks, attr), whole && useful
		}
	}
	_, effect := b.text("effect")
	lack("effect", effect != unknown, false)
	st.SID, st.Effect = b.plain("sid"), cmp.Or(b.plain("effect"), "Allow")
	var all bool
	st.Action, all = b.some("actions")
	lack("actions", all, len(st.Action) > 0)
	st.Resource, all = b.some("resources")
	lack("resources", all, len(st.Resource) > 0)
	st.Principal, all = b.principals("principals")
	lack("principals", all, st.Principal != nil)
	// More of these means less.
	st.NotAction, all = b.some("not_actions")
	lack("not_actions", all, false)
	st.NotResource, all = b.some("not_resources")
	lack("not_resources", all, false)
	st.NotPrincipal, all = b.principals("not_principals")
	lack("not_principals", all, false)
	st.Condition, all = b.conditions()
	lack("condition", all, false)
	return st, lacks, whole
}

// variable is how the provider has policy variables written, which Terraform would take for
// its own.
func variable(s string) string { return strings.ReplaceAll(s, "&{", "${") }

// some are the elements of a list of strings that are known, and whether all are.
func (v values) some(attr string) (list []string, all bool) {
	value, ok := v.known[attr].([]any)
	if b, isFlag := member(v.unknown, attr).(bool); isFlag && b {
		return nil, false
	}
	if !ok {
		return nil, v.known[attr] == nil
	}
	all = true
	for i, el := range value {
		t, isText := el.(string)
		if !isText || marked(element(member(v.unknown, attr), i)) {
			all = false
			continue
		}
		list = append(list, variable(t))
	}
	if marked(member(v.unknown, attr)) {
		all = false
	}
	slices.Sort(list)
	return list, all
}

func (v values) principals(attr string) (out any, all bool) {
	blocks, s := v.blocks(attr)
	if s == unknown {
		return nil, false
	}
	all = true
	byType := map[string][]string{}
	for _, b := range blocks {
		typ, s := b.text("type")
		ids, whole := b.some("identifiers")
		if s != known || !whole {
			all = false
		}
		if s != known || len(ids) == 0 {
			continue
		}
		if typ == "*" && slices.Equal(ids, []string{"*"}) {
			return "*", all
		}
		byType[typ] = append(byType[typ], ids...)
	}
	if len(byType) == 0 {
		return nil, all
	}
	return byType, all
}

func (v values) conditions() (out map[string]map[string][]string, all bool) {
	blocks, s := v.blocks("condition")
	if s == unknown {
		return nil, false
	}
	for _, b := range blocks {
		test, s := b.text("test")
		key, t := b.text("variable")
		list, whole := b.some("values")
		if s != known || t != known || !whole {
			return nil, false
		}
		if out == nil {
			out = map[string]map[string][]string{}
		}
		if out[test] == nil {
			out[test] = map[string][]string{}
		}
		out[test][key] = append(out[test][key], list...)
	}
	return out, true
}
