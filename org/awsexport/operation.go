package awsexport

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// An operation is an API operation whose answers are read.
type operation struct {
	service, name string
	section       string // of the coverage
	global        bool   // about the organization or instance, whoever asked
	regional      bool
	// args are the inputs that the output does not tell: a record has them in its input, a
	// file of the AWS CLI in its name.
	args []string
	// subject tells what one call is about, so that its pages belong together; nil: the args.
	subject func(r *record) string
	// members are those of which an output has at least one; none: it may be empty.
	members []string
	maybe   string // the member of an output that may be empty
	// sign are members that no other operation has all of, so that they tell which it is; none:
	// only the name of the file does.
	sign []string
	// element is a member that the elements of the list have, where other operations have a list
	// of the same name.
	element string
	rows    string   // the list whose rows, or the object that, repeats the args
	shared  bool     // only the service's directory tells it from the command of another service
	text    bool     // the first member is a text, and not an object as of another operation
	late    bool     // what it is about may stand in a list that comes later
	absent  []string // error codes that say that there is nothing
	owner   func(r *record) string
	read    func(s *state, r *record)
}

// rank is 0 for lists of resources, and 1 for what is about one of them.
func (o *operation) rank() int {
	return min(len(o.args), 1)
}

func (o *operation) key() string { return o.service + ":" + o.name }

// command is the operation as a command of the AWS CLI.
func (o *operation) command() string { return kebab(o.name) }

// Actions that are not named like their operation.
var actions = map[string]string{
	"s3:ListBuckets":                "s3:ListAllMyBuckets",
	"s3:GetPublicAccessBlock":       "s3:GetBucketPublicAccessBlock",
	"s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
	"accessanalyzer:ListFindings":   "access-analyzer:ListFindings",
	"accessanalyzer:ListFindingsV2": "access-analyzer:ListFindings",
	"accessanalyzer:ListAnalyzers":  "access-analyzer:ListAnalyzers",
}

// action is what one must be allowed in order to call it.
func (o *operation) action() string {
	if a := actions[o.key()]; a != "" {
		return a
	}
	return o.key()
}

var (
	wordStart = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	wordEnd   = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// kebab is a name of the API as the AWS CLI spells it: ListMFADevices is list-mfa-devices.
func kebab(name string) string {
	return strings.ToLower(wordEnd.ReplaceAllString(wordStart.ReplaceAllString(name, "${1}-${2}"), "${1}-${2}"))
}

func (o *operation) subjectOf(r *record) string {
	if o.subject != nil {
		return o.subject(r)
	}
	parts := make([]string, len(o.args))
	for i, name := range o.args {
		parts[i] = r.in(i, name)
	}
	return strings.Join(parts, " ")
}

var operations = table(organizationsOperations(), iamOperations(), ssoOperations(), credentialOperations(), resourceOperations(), tagOperations(), endpointOperations(), trailOperations(), accessOperations())

func table(lists ...[]*operation) map[string]*operation {
	out := make(map[string]*operation)
	for _, list := range lists {
		for _, op := range list {
			out[op.key()] = op
		}
	}
	return out
}

// commands are the operations by the name that the AWS CLI has for them.
var commands = func() map[string][]*operation {
	out := make(map[string][]*operation)
	for _, key := range slices.Sorted(maps.Keys(operations)) {
		op := operations[key]
		out[op.command()] = append(out[op.command()], op)
	}
	return out
}()

// A fileName is what the path of a file tells: directories, and the parts between dots, name
// the account, the Region and the service; one part is the command, and what follows are
// its arguments.
type fileName struct {
	service, account, region string
	instance, store          string // of IAM Identity Center
	control                  bool   // s3control, and not s3api
	command                  string
	args                     []string
}

var regionName = regexp.MustCompile(`^([a-z]{2}|eusc)(-[a-z]+)+-\d+$`)

var serviceDirs = map[string]bool{
	"organizations": true, "iam": true, "sso-admin": true, "identitystore": true, "s3api": true, "s3control": true, "s3": true, "ec2": true,
	"sqs": true, "sns": true, "kms": true, "lambda": true, "secretsmanager": true, "ecr": true, "ecr-public": true, "cloudtrail": true, "accessanalyzer": true,
}

func nameOf(path string) (n fileName) {
	parts := strings.Split(path, "/")
	for _, dir := range parts[:len(parts)-1] {
		n.part(dir)
	}
	base := parts[len(parts)-1]
	for _, ext := range []string{".gz", ".json", ".jsonl", ".ndjson", ".csv"} {
		base = strings.TrimSuffix(base, ext)
	}
	for p := range strings.SplitSeq(base, ".") {
		switch {
		case n.command != "":
			n.args = append(n.args, p)
		case commands[strings.ToLower(p)] != nil:
			n.command = strings.ToLower(p)
		default:
			n.part(p)
		}
	}
	return n
}

// part takes what one part of a path tells, and reports whether it tells something.
func (n *fileName) part(p string) bool {
	switch {
	case policy.IsAccountID(p):
		n.account = p
	case regionName.MatchString(p):
		n.region = p
	case instanceID.MatchString(p):
		n.instance = p
	case storeID.MatchString(p):
		n.store = p
	case serviceDirs[p]:
		n.service, n.control = serviceName(p), p == "s3control"
	default:
		return false
	}
	return true
}

// hasMember reports whether one of the members is there that the output of an operation has.
func (o *operation) hasMember(names map[string]string) bool {
	if o.maybe != "" {
		return len(names) == 0 || hasName(names, o.maybe)
	}
	return len(o.members) == 0 || slices.ContainsFunc(o.members, func(m string) bool { return hasName(names, m) })
}

// isSigned reports whether members tell the operation.
func (o *operation) isSigned(names map[string]string) bool {
	return len(o.sign) > 0 && !slices.ContainsFunc(o.sign, func(m string) bool { return !hasName(names, m) })
}

func hasName(names map[string]string, m string) bool {
	_, ok := names[m]
	if !ok {
		_, ok = names[otherCase(m)]
	}
	return ok
}

// operation finds the operation that the name tells, or else what the file holds; nil if
// neither does.
func (n *fileName) operation(fits, isSigned func(*operation) bool) *operation {
	var named, fitting []*operation
	for _, op := range commands[n.command] {
		if n.service == op.service || n.service == "" && !op.shared {
			named = append(named, op)
			if fits(op) {
				fitting = append(fitting, op)
			}
		}
	}
	switch {
	case len(fitting) == 1:
		return fitting[0]
	case len(named) == 1:
		return named[0]
	case n.command != "":
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(operations)) {
		if op := operations[key]; isSigned(op) {
			fitting = append(fitting, op)
		}
	}
	if len(fitting) == 1 {
		return fitting[0]
	}
	return nil
}

// record is an answer to op as far as the file's name tells.
func (n *fileName) record(s *state, op *operation) *record {
	r := &record{op: op, account: n.account, region: n.region, instance: n.instance, store: n.store, control: n.control, plain: true, input: value{to: s}, output: value{to: s}}
	args, m := n.args, *n
	for len(args) > len(op.args) || len(args) > 0 && op.key() == authorizationDetails { // which needs none
		if !m.part(args[0]) {
			break
		}
		r.account, r.region, args = m.account, m.region, args[1:]
	}
	if n := len(op.args); n > 0 && len(args) > n { // names may have dots
		args = append(slices.Clone(args[:n-1]), strings.Join(args[n-1:], "."))
	}
	if len(op.args) > 0 {
		r.args = args
	}
	return r
}

// plain reads what a command of the AWS CLI printed.
func (s *state) plain(v value, element bool) {
	n := nameOf(v.s.File)
	names := make(map[string]string)
	for name := range v.members() {
		names[name] = ""
	}
	op := n.operation(
		func(op *operation) bool { return op.hasMember(names) && op.isOf(v) },
		func(op *operation) bool { return op.isSigned(names) && op.isOf(v) })
	if op == nil {
		s.note(v.s.File, "%s: not recognised; name the file like the command that printed it, such as list-targets-for-policy.p-examplepolicy.json, in a directory named like the service if several have the command", v.s.Position(v.n.Start))
		return
	}
	r := n.record(s, op)
	r.output, r.at = v, v
	r.element = element
	if r.code = errorCode(v); r.code != "" {
		s.take(r)
		return
	}
	if !op.hasMember(names) || !op.isOf(v) {
		s.note(v.s.File, "%s: not the output of %s, which has %s", v.s.Position(v.n.Start), op.command(), firstText(strings.Join(op.members, " or "), op.maybe))
		r.code = v.place() + ": not the output of " + op.command()
		if s.locate(r) {
			s.call(s.keyOf(r)).fail(r.code)
		}
		return
	}
	s.take(r)
}

// errorCode is the code of an error that stands in place of an output: as services send it,
// {"__type": "com.amazonaws.swb#ThrottlingException", "message": "…"}, or as the AWS CLI
// prints it, {"Code": "AccessDenied", "Message": "…"}; "" if it is none.
func errorCode(v value) string {
	if e := v.get("Error"); e.kind() == jsontree.Object {
		v = e
	}
	if t := v.get("__type"); t.kind() == jsontree.String {
		return firstText(t.n.Text[strings.LastIndexByte(t.n.Text, '#')+1:], "an error without a code")
	}
	if c := v.get("Code"); c.kind() == jsontree.String && v.get("Message").kind() == jsontree.String {
		return firstText(c.n.Text, "an error without a code")
	}
	return ""
}

// isOf reports whether what an output holds is of the operation, as far as members of the same
// name differ.
func (o *operation) isOf(v value) bool {
	if o.text && v.get(o.members[0]).kind() != jsontree.String {
		return false
	}
	if o.element == "" {
		return true
	}
	list := v.get(o.members[0])
	if list.kind() != jsontree.Array {
		return false
	}
	for e := range list.each() {
		return e.get(o.element).is()
	}
	return true
}
