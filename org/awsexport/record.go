package awsexport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A record is one answer of AWS: to which call, about whose state, and what it said.
type record struct {
	op      *operation
	account string // "": the output or the name of the file must tell, or nothing needs to
	region  string
	input   value
	args    []string // of the file's name, in place of an input
	output  value
	code    string // of an error, such as "AccessDenied"
	at      value  // for messages

	instance, store string // of IAM Identity Center, as directories are named

	control bool // of s3control: about the account
	plain   bool // a file of the AWS CLI, which knows no input
	element bool // one of several pages
}

// in is a member of the input: of the record's own, or the i-th argument in the file's name.
func (r *record) in(i int, name string) string {
	if v := r.input.get(name); v.is() {
		return v.text()
	}
	if i >= 0 && i < len(r.args) {
		return r.args[i]
	}
	return ""
}

// json reads the JSON values of a file: one, several, or one a line.
func (s *state) json(name string, src []byte) {
	if m := cliError.FindSubmatch(src); m != nil {
		s.printedError(name, string(m[2]), string(m[1]))
		return
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(src))
	at := policy.Position{Line: 1, Column: 1}
	for n := 0; ; n++ {
		v, err := d.ReadValue()
		if errors.Is(err, io.EOF) && n > 0 {
			return
		}
		if err != nil {
			rest := src[min(at.Offset, len(src)):]
			line := at.Line + bytes.Count(rest[:len(rest)-len(bytes.TrimLeft(rest, " \t\r\n"))], []byte{'\n'})
			s.broken(name, rest, line, syntaxReason(rest, err))
			return
		}
		start := int(d.InputOffset()) - len(v)
		at = advance(at, src, start)
		if len(v) > mostValue {
			s.broken(name, v[:1<<16], at.Line, fmt.Sprintf("a value of more than %d MiB", mostValue>>20))
		} else {
			s.value(&source{File: name, Start: at, Src: bytes.Clone(v)})
		}
		at = advance(at, src, int(d.InputOffset()))
	}
}

// advance is the place of an offset behind at.
func advance(at policy.Position, src []byte, offset int) policy.Position {
	between := src[at.Offset:offset]
	if n := bytes.Count(between, []byte{'\n'}); n > 0 {
		at.Line += n
		at.Column = len(between) - bytes.LastIndexByte(between, '\n')
	} else {
		at.Column += len(between)
	}
	at.Offset = offset
	return at
}

func syntaxReason(rest []byte, err error) string {
	switch {
	case len(bytes.TrimSpace(rest)) == 0:
		return "empty, as when the command that was to write it failed"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return "cut off: it ends in the middle of a JSON value"
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		err = e.Err
	}
	return "no JSON: " + err.Error()
}

// value reads one JSON value of a file.
func (s *state) value(src *source) {
	if p := src.Parse(); p != nil {
		s.broken(src.File, src.Src, src.Start.Line, p.Err.Error())
		return
	}
	top := value{src.Root, src, s}
	switch top.kind() {
	case jsontree.Object:
		s.object(top, false)
	case jsontree.Array:
		if len(src.Root.Elements) == 0 {
			s.note(src.File, "an empty array; want outputs of the AWS CLI")
			return
		}
		for e := range top.each() {
			if e.want(jsontree.Object) {
				s.object(e, true)
			}
		}
	default:
		s.note(src.File, "%s; want the output of an AWS CLI command, or records", src.Root.Kind)
	}
}

// object reads a record, a unit, or what the AWS CLI printed.
func (s *state) object(v value, element bool) {
	switch {
	case v.get("unit").is():
		s.unit(v.get("unit"))
	case v.get("service").kind() == jsontree.String && v.get("operation").kind() == jsontree.String:
		s.record(v)
	default:
		s.plain(v, element)
	}
}

func (s *state) unit(v value) {
	u := org.Unit{
		Account: v.get("account").text(), Region: v.get("region").text(), Section: v.get("section").text(),
		Reason: v.get("reason").text(),
	}
	name := v.get("state").text()
	ok := false
	for _, st := range []org.State{org.Unknown, org.Complete, org.Absent, org.Partial, org.Skipped} {
		if st.String() == name {
			u.State, ok = st, true
		}
	}
	switch {
	case !ok:
		s.fail(v, `%q is no state of a unit; want "complete", "absent", "partial", "skipped" or "unknown"`, name)
		return
	case u.Section == "":
		s.fail(v, `the unit has no section; want one such as "iam"`)
		return
	case u.Account != "" && !policy.IsAccountID(u.Account):
		s.fail(v, "%q is no account ID; want 12 digits", u.Account)
		return
	}
	s.units[unitKey{u.Account, u.Region, u.Section}] = u // of two loads into one directory the later counts
}

func (s *state) record(v value) {
	service, name := v.get("service").text(), v.get("operation").text()
	op := operations[serviceName(service)+":"+name]
	if op == nil {
		s.note(v.s.File, "%s: %s of %s is not an operation that is read", v.s.Position(v.n.Start), name, service)
		return
	}
	r := &record{
		op: op, account: v.get("account").text(), region: v.get("region").text(),
		input: v.get("input"), output: v.get("output"), at: v,
	}
	if r.account != "" && !policy.IsAccountID(r.account) {
		s.fail(v.get("account"), "%q is no account ID; want 12 digits", r.account)
		return
	}
	if e := v.get("error"); e.is() {
		if r.code = e.get("code").text(); r.code == "" {
			r.code = "an error without a code"
		}
	} else if !r.output.want(jsontree.Object) {
		s.fail(v, "the record has neither an output, an object, nor an error")
		return
	}
	s.take(r)
}

// serviceName is what the module calls a service, of the names that the AWS CLI, the SDKs and
// actions have for it.
func serviceName(name string) string {
	switch name = strings.ToLower(name); name {
	case "s3api", "s3control":
		return "s3"
	case "sso-admin", "ssoadmin":
		return "sso"
	case "access-analyzer":
		return "accessanalyzer"
	}
	return name
}

// take reads an answer, or keeps it for later.
func (s *state) take(r *record) {
	if r.waits() {
		s.center.heard(r)
		return
	}
	s.answer(r)
}

func (s *state) answer(r *record) {
	if !s.locate(r) {
		return
	}
	if r.op.service == "organizations" && r.code == notInUse { // of the account that asked only
		s.org.none[r.account] = true
		return
	}
	if r.op.key() == "s3:GetPublicAccessBlock" && blockOf(r) == "" && !r.control && !r.input.get("AccountId").is() {
		s.note(r.at.s.File, "does not say of which bucket it is; name the file get-public-access-block.BUCKET.json, or put that of the account into a directory named s3control")
		return
	}
	k := s.keyOf(r)
	c := s.call(k)
	switch {
	case r.code != "" && slices.ContainsFunc(r.op.absent, func(code string) bool { return r.code == code || r.code == code+"Exception" }):
		c.absent = true
		s.agree(r, k, "none")
		if r.op.late && !r.plain {
			s.later = append(s.later, r)
		}
		return
	case r.code != "":
		c.fail(fmt.Sprintf("%s: %s", r.code, r.op.action()))
		return
	}
	c.page(r)
	if why := firstText(r.ofOthers(), r.narrowed()); why != "" {
		c.fail(why)
	} else if len(r.op.absent) > 0 {
		s.agree(r, k, "some")
	}
	switch {
	case r.op.late:
		s.later = append(s.later, r)
	case r.op.read != nil:
		r.op.read(s, r)
	}
}

// agree takes down whether a call was answered with something, or that there is none. Of files
// that do not say what they are about nothing tells that they are about one thing.
func (s *state) agree(r *record, k callKey, what string) {
	if k.subject == "" && len(r.op.args) > 0 && r.op.key() != "s3:GetPublicAccessBlock" { // which is the account's then
		return
	}
	subject := "the answer to " + r.op.command()
	for _, of := range []string{k.subject, k.account, k.region} {
		if of != "" {
			subject += " of " + of
		}
	}
	s.once(r, r.at, subject, what)
}

// ofOthers says which row of an answer is of something else than what was asked for, as where a
// file has the name of another; "" if none is.
func (r *record) ofOthers() string {
	if r.op.rows == "" {
		return ""
	}
	list := []value{r.output.get(r.op.rows)}
	if list[0].kind() != jsontree.Object {
		list = slices.Collect(list[0].each())
	}
	for _, v := range list {
		for i, name := range r.op.args {
			id := v.get(name)
			if name == "UserId" { // of a membership
				id = firstOf(v.get("MemberId").get("UserId"), v.get("MemberId").get("Value"))
			}
			asked, got := setID(r.in(i, name)), setID(id.text())
			if asked != "" && got != "" && !strings.EqualFold(asked, got) {
				return fmt.Sprintf("%s: is of %s, and %s was asked for", v.place(), got, asked)
			}
		}
	}
	return ""
}

// narrowing are inputs by which a list has some of what there is, besides those that the subject of
// a call has.
var narrowing = []string{
	"BucketRegion", "Filter", "Filters", "MasterRegion", "Prefix", "ProvisioningStatus", "QueueNamePrefix", "RepositoryNames", "TrailNameList", "VpcEndpointIds",
}

// narrowed says that a list has only some of what there is, because no more was asked for; "" if
// it does not say so.
func (r *record) narrowed() string {
	for _, name := range narrowing {
		v := r.input.get(name)
		if !slices.Contains(r.op.args, name) && (v.kind() == jsontree.String && v.n.Text != "" || v.kind() == jsontree.Array && len(v.n.Elements) > 0 || v.kind() == jsontree.Object && len(v.n.Members) > 0) {
			return v.place() + ": not all were asked for, but those of this " + name
		}
	}
	if v := r.output.get("Prefix"); r.op.name == "ListBuckets" && v.kind() == jsontree.String && v.n.Text != "" {
		return v.place() + ": not all buckets were asked for, but those of this Prefix" // Amazon S3 API Reference, “ListBuckets”
	}
	return ""
}

// locate finds out whose state an answer is about, and reports whether that is known.
func (s *state) locate(r *record) bool {
	if r.region != "" {
		s.regionPart = partitionOf(r.region)
	}
	if r.op.owner != nil && r.code == "" {
		owner := r.op.owner(r)
		switch {
		case owner == "" || owner == r.account:
		case r.account == "":
			r.account = owner
		default:
			s.fail(r.at, "this is of account %s, and stands for account %s; want each account's answers under its own ID", owner, r.account)
			return false
		}
	}
	if r.op.global {
		if r.account != "" && s.speaker[r.op.section] == "" {
			s.speaker[r.op.section] = r.account
		}
		return true
	}
	if r.account != "" {
		s.account(r.account)
		return true
	}
	s.note(r.at.s.File, "%s does not say of which account it is; put the file into a directory that is named like the account, such as 111122223333", r.op.command())
	return false
}

// Members that say that an answer goes on, and with which inputs it does.
var (
	tokenMembers = []string{"NextToken", "Marker", "NextMarker", "NextContinuationToken", "ContinuationToken"}
	tokenInputs  = []string{"NextToken", "Marker", "StartingToken", "ContinuationToken", "ExclusiveStartShareName"}
)

// cliError is how the AWS CLI prints an error, for people who redirect that into the file too.
var cliError = regexp.MustCompile(`^\s*(?:aws: \[ERROR\]: )?An error occurred \((\w[\w.]*)\) when calling the (\w+) operation`)

// printedError takes an error message of the AWS CLI for the answer.
func (s *state) printedError(file, name, code string) {
	n := nameOf(file)
	var found []*operation
	for _, op := range operations {
		if op.name == name && (n.service == op.service || n.service == "" && !op.shared) {
			found = append(found, op)
		}
	}
	if len(found) != 1 {
		s.note(file, "the AWS CLI could not answer %s: %s", name, code)
		return
	}
	r := n.record(s, found[0])
	r.code, r.plain = code, true
	r.at = value{s: &source{File: file}, to: s}
	s.take(r)
}

// broken takes down that a file, or its rest, cannot be read: as the answer to the call that
// its name or its beginning tells, or as a note.
func (s *state) broken(file string, rest []byte, line int, reason string) {
	where := file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", file, line)
	}
	r := s.sniff(file, rest)
	if r == nil {
		s.note(file, "line %d: %s; what it holds is not known", max(line, 1), reason)
		s.lost = append(s.lost, lost{nameOf(file).account, where + ": " + reason})
		return
	}
	r.code, r.plain = reason, true
	r.at = value{s: &source{File: file}, to: s}
	if !s.locate(r) {
		s.lost = append(s.lost, lost{"", where + ": " + reason})
		return
	}
	s.call(s.keyOf(r)).fail(where + ": " + reason)
}

var accountOfARN = regexp.MustCompile(`"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):`)

// sniff tells from the name of a file, or else from its first bytes, what it was to hold; nil
// if neither does.
func (s *state) sniff(file string, rest []byte) *record {
	n := nameOf(file)
	members := firstMembers(rest)
	if service, name := members["service"], members["operation"]; service != "" && name != "" {
		op := operations[serviceName(service)+":"+name]
		if op == nil {
			return nil
		}
		r := &record{op: op, account: members["account"], region: members["region"], input: value{to: s}, output: value{to: s}}
		if raw := members["input"]; raw != "" {
			src := &source{File: file, Src: []byte(raw)}
			if src.Parse() == nil {
				r.input = value{src.Root, src, s}
			}
		}
		return r
	}
	op := n.operation(func(op *operation) bool { return op.hasMember(members) }, func(op *operation) bool { return op.isSigned(members) })
	if op == nil {
		return nil
	}
	r := n.record(s, op)
	if m := accountOfARN.FindSubmatch(rest); m != nil && r.account == "" {
		r.account = string(m[1])
	}
	return r
}

// firstMembers are the members of an object that is cut off, as far as they go: strings by
// their text, other values as they stand, the one that is cut off as "".
func firstMembers(rest []byte) map[string]string {
	out := make(map[string]string)
	d := jsontext.NewDecoder(bytes.NewBuffer(rest), jsontext.AllowDuplicateNames(true))
	for d.PeekKind() == '[' { // of pages
		if _, err := d.ReadToken(); err != nil {
			return out
		}
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return out
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return out
		}
		name := t.String()
		out[name] = ""
		v, err := d.ReadValue()
		if err != nil {
			return out
		}
		if v.Kind() == '"' {
			text, _ := jsontext.AppendUnquote(nil, v)
			out[name] = string(text)
		} else {
			out[name] = string(v)
		}
	}
	return out
}
