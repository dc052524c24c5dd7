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
	if d := e.evaluated(v, attr); d != nil {
		return text{document: d}
	}
	if !ok || t.of.mode != tfjson.DataResourceMode || t.of.typ != "aws_iam_policy_document" || (t.attr != "json" && t.attr != "minified_json") {
		return out
	}
	if e.plan.origin(v.of.scope(), v.of.expression(attr)) == secretly {
		out.unknown = fmt.Sprintf("%s: %s is made of something sensitive (it depends on %s)", v.of.address, attr, v.dependsOn(attr))
		return out
	}
	document, missing, err := e.rebuild(t.of.after)
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

// evaluated is the document of an attribute that is written of texts and references; nil if it
// is not, or is made of something sensitive.
func (e *editor) evaluated(v values, attr string) *policy.Document {
	if v.nested {
		return nil
	}
	x := v.of.expression(attr)
	src, ok := e.text(v.of.scope(), x)
	if !ok || e.plan.shows(src) || e.plan.origin(v.of.scope(), x) == secretly {
		return nil
	}
	d, err := policy.Parse([]byte(src))
	if err != nil {
		e.fail(v.of, "%s: %w", attr, err)
		return nil
	}
	return d
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
func (e *editor) rebuild(v values) (d *policy.Document, missing []string, err error) {
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
		st, lacks, whole := e.rebuildStatement(b)
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
func (e *editor) rebuildStatement(b values) (st statement, lacks []string, whole bool) {
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
	st.Action, all = e.some(b, "actions")
	lack("actions", all, len(st.Action) > 0)
	st.Resource, all = e.some(b, "resources")
	lack("resources", all, len(st.Resource) > 0)
	st.Principal, all = e.principals(b, "principals")
	lack("principals", all, st.Principal != nil)
	// More of these means less.
	st.NotAction, all = e.some(b, "not_actions")
	lack("not_actions", all, false)
	st.NotResource, all = e.some(b, "not_resources")
	lack("not_resources", all, false)
	st.NotPrincipal, all = e.principals(b, "not_principals")
	lack("not_principals", all, false)
	st.Condition, all = e.conditions(b)
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

// some is values.some, with the elements that the configuration tells.
func (e *editor) some(v values, attr string) (list []string, all bool) {
	if list, all = v.some(attr); all {
		return list, true
	}
	if told, ok := e.policyTexts(v, v.inner[attr]); ok {
		slices.Sort(told)
		return slices.Compact(told), true
	}
	return list, false
}

// policyTexts are the elements of an expression that is a list of texts.
func (e *editor) policyTexts(v values, x *tfjson.Expression) ([]string, bool) {
	list, ok := e.texts(v.of.scope(), x)
	for i := range list {
		list[i] = variable(list[i])
	}
	return list, ok
}

// A principal is a block of principals, as far as it is known.
type principal struct {
	typ string
	ids []string
}

func (e *editor) principals(v values, attr string) (out any, all bool) {
	blocks, s := v.blocks(attr)
	all = s != unknown
	var list []principal
	for _, b := range blocks {
		typ, s := b.text("type")
		ids, whole := b.some("identifiers")
		if s != known || !whole {
			all = false
		}
		if s == known && len(ids) > 0 {
			list = append(list, principal{typ, ids})
		}
	}
	if !all {
		if told, ok := e.writtenPrincipals(v, attr); ok {
			list, all = told, true
		}
	}
	byType := map[string][]string{}
	for _, p := range list {
		if p.typ == "*" && slices.Equal(p.ids, []string{"*"}) {
			return "*", all
		}
		byType[p.typ] = append(byType[p.typ], p.ids...)
	}
	if len(byType) == 0 {
		return nil, all
	}
	return byType, all
}

// writtenPrincipals are the blocks as the configuration has them.
func (e *editor) writtenPrincipals(v values, attr string) (list []principal, ok bool) {
	for _, block := range v.writtenBlocks(attr) {
		typ, isText := e.text(v.of.scope(), block["type"])
		ids, isList := e.policyTexts(v, block["identifiers"])
		if !isText || !isList || len(ids) == 0 {
			return nil, false
		}
		list = append(list, principal{typ, ids})
	}
	return list, len(list) > 0
}

// A condition is a block of a condition.
type condition struct {
	test, key string
	values    []string
}

func (e *editor) conditions(v values) (out map[string]map[string][]string, all bool) {
	blocks, s := v.blocks("condition")
	all = s != unknown
	var list []condition
	for _, b := range blocks {
		test, s := b.text("test")
		key, t := b.text("variable")
		values, whole := b.some("values")
		all = all && s == known && t == known && whole
		list = append(list, condition{test, key, values})
	}
	if !all {
		if list, all = e.writtenConditions(v); !all {
			return nil, false
		}
	}
	for _, c := range list {
		if out == nil {
			out = map[string]map[string][]string{}
		}
		if out[c.test] == nil {
			out[c.test] = map[string][]string{}
		}
		out[c.test][c.key] = append(out[c.test][c.key], c.values...)
	}
	return out, true
}

// writtenConditions are the blocks as the configuration has them.
func (e *editor) writtenConditions(v values) (list []condition, ok bool) {
	for _, block := range v.writtenBlocks("condition") {
		test, isText := e.text(v.of.scope(), block["test"])
		key, isKey := e.text(v.of.scope(), block["variable"])
		values, isList := e.policyTexts(v, block["values"])
		if !isText || !isKey || !isList {
			return nil, false
		}
		list = append(list, condition{test, key, values})
	}
	return list, len(list) > 0
}
