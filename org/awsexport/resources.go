package awsexport

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A resource is what answers told of a resource with a policy of its own.
type resource struct {
	org.Resource
	get    callKey // the call that tells its policy
	why    string  // its policy is not understood
	listed bool
	// managed says that it is known whether AWS manages the key.
	managed bool
	at      value // where it is named first
}

// A service is one whose resources have policies that are read.
type service struct {
	name    string // action prefix
	section string
	list    string // operations
	get     string
	absent  []string // codes by which get says that there is no policy
}

var services = []service{
	{"s3", "s3", "ListBuckets", "GetBucketPolicy", []string{"NoSuchBucketPolicy"}},
	{"sqs", "sqs", "ListQueues", "GetQueueAttributes", nil},
	{"sns", "sns", "ListTopics", "GetTopicAttributes", nil},
	{"kms", "kms", "ListKeys", "GetKeyPolicy", nil},
	{"lambda", "lambda", "ListFunctions", "GetPolicy", []string{notFound}},
	{"secretsmanager", "secretsmanager", "ListSecrets", "GetResourcePolicy", nil},
	{"ecr", "ecr", "DescribeRepositories", "GetRepositoryPolicy", []string{"RepositoryPolicyNotFoundException"}},
}

// A lister says how a list names its resources.
type lister struct {
	member string // of the output
	name   func(r *record, v value) string
}

var listers = map[string]lister{
	"s3":             {"Buckets", func(_ *record, v value) string { return v.get("Name").text() }},
	"sqs":            {"QueueUrls", func(_ *record, v value) string { return v.text() }},
	"sns":            {"Topics", func(_ *record, v value) string { return v.get("TopicArn").text() }},
	"kms":            {"Keys", func(_ *record, v value) string { return v.get("KeyArn").text() }},
	"lambda":         {"Functions", func(_ *record, v value) string { return v.get("FunctionArn").text() }},
	"secretsmanager": {"SecretList", func(_ *record, v value) string { return v.get("ARN").text() }},
	"ecr":            {"Repositories", func(_ *record, v value) string { return v.get("RepositoryArn").text() }},
}

// A getter says which input names the resource of a policy, and where the policy is.
type getter struct {
	input  string
	member string                 // that tells the operation
	arn    func(r *record) string // of the output, or the name; nil: it does not say
	policy func(output value) value
}

func attribute(name string) func(value) value {
	return func(v value) value { return v.get("Attributes").get(name) }
}

func member(name string) func(value) value { return func(v value) value { return v.get(name) } }

func textIn(names ...string) func(*record) string {
	return func(r *record) string {
		v := r.output
		for _, name := range names {
			v = v.get(name)
		}
		return v.text()
	}
}

var getters = map[string]getter{
	"s3":             {"Bucket", "Policy", nil, member("Policy")},
	"sqs":            {"QueueUrl", "Attributes", textIn("Attributes", "QueueArn"), attribute("Policy")},
	"sns":            {"TopicArn", "Attributes", textIn("Attributes", "TopicArn"), attribute("Policy")},
	"kms":            {"KeyId", "Policy", nil, member("Policy")},
	"lambda":         {"FunctionName", "Policy", nil, member("Policy")},
	"secretsmanager": {"SecretId", "ARN", textIn("ARN"), member("ResourcePolicy")},
	"ecr":            {"RepositoryName", "PolicyText", textIn("RepositoryName"), member("PolicyText")},
}

func resourceOperations() []*operation {
	list := []*operation{
		{late: true, service: "s3", name: "GetPublicAccessBlock", section: "s3", args: []string{"Bucket"}, subject: blockOf, members: []string{"PublicAccessBlockConfiguration"}, sign: []string{"PublicAccessBlockConfiguration"},
			absent: []string{"NoSuchPublicAccessBlockConfiguration"}, read: readBlock},
		{service: "kms", name: "DescribeKey", section: "kms", members: []string{"KeyMetadata"}, sign: []string{"KeyMetadata"}, regional: true, args: []string{"KeyId"},
			subject: func(r *record) string {
				return firstText(r.output.get("KeyMetadata").get("KeyId").text(), setID(r.in(0, "KeyId")))
			},
			owner: func(r *record) string { return accountIn(r.output.get("KeyMetadata").get("Arn")) }, read: readKey},
	}
	for _, sv := range services {
		l, g := listers[sv.name], getters[sv.name]
		regional := sv.name != "s3"
		ls := &operation{
			late: true, service: sv.name, name: sv.list, section: sv.section, regional: regional, members: []string{l.member}, subject: func(*record) string { return "" },
			owner: func(r *record) string { return ownerOfList(sv.name, r) }, read: func(s *state, r *record) { readList(s, r, sv.name) },
		}
		switch sv.name {
		case "sqs":
			ls.members, ls.maybe = nil, l.member // without queues the AWS CLI prints nothing, or {}
		case "s3", "sns", "lambda", "secretsmanager":
			ls.sign = []string{l.member}
		case "kms":
			ls.sign, ls.element = []string{l.member}, "KeyArn"
		case "ecr":
			ls.sign = []string{"repositories"}
		}
		get := &operation{
			late: true, service: sv.name, name: sv.get, section: sv.section, regional: regional, args: []string{g.input}, absent: sv.absent, members: []string{g.member},
			subject: func(r *record) string { return resourceName(sv.name, r) },
			read:    func(s *state, r *record) { readResourcePolicy(s, r, sv.name) },
		}
		switch sv.name {
		case "s3", "kms", "lambda", "ecr":
			get.text = true
		}
		if g.arn != nil {
			get.owner = func(r *record) string { return accountOf(g.arn(r)) }
		}
		if sv.name == "ecr" {
			get.owner = func(r *record) string { return r.output.get("RegistryId").text() }
		}
		list = append(list, ls, get)
	}
	return list
}

func accountOf(arn string) string {
	a, err := policy.ParseARN(arn)
	if err != nil || !policy.IsAccountID(a.AccountID()) {
		return ""
	}
	return a.AccountID()
}

func ownerOfList(name string, r *record) string {
	l := listers[name]
	for v := range r.output.get(l.member).each() {
		text := l.name(r, v)
		if name == "sqs" {
			return accountOf(arnOfQueue(text))
		}
		return accountOf(text)
	}
	return ""
}

// arnOfQueue is the ARN of a queue by its URL,
// https://sqs.eu-west-3.amazonaws.com/111122223333/orders; "" if it is none.
func arnOfQueue(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 || !policy.IsAccountID(parts[1]) {
		return ""
	}
	region := ""
	for label := range strings.SplitSeq(parts[0], ".") {
		if regionName.MatchString(label) {
			region = label
		}
	}
	if region == "" {
		return ""
	}
	return "arn:" + partitionOf(region) + ":sqs:" + region + ":" + parts[1] + ":" + parts[2]
}

// resourceName is by what a call's resource is known here: names of buckets and
// repositories, the last part of ARNs and URLs.
func resourceName(name string, r *record) string {
	text := ""
	if arn := getters[name].arn; arn != nil && r.code == "" {
		text = arn(r)
	}
	return shortName(name, firstText(text, r.in(0, getters[name].input))) + qualifier(name, r)
}

// qualifier is what makes of a function the version or alias whose policy was asked for, which
// is not that of the function (AWS Lambda API Reference, “GetPolicy”); "" if it is none.
func qualifier(name string, r *record) string {
	if q := r.input.get("Qualifier"); name == "lambda" && q.is() && q.text() != "" {
		return ":" + q.text()
	}
	return ""
}

// shortName is the name of a resource in its account and Region.
func shortName(name, text string) string {
	switch name {
	case "s3", "ecr":
		if a, err := policy.ParseARN(text); err == nil {
			return strings.TrimPrefix(a.Resource(), "repository/")
		}
		return text
	case "sqs", "kms":
		if i := strings.LastIndexAny(text, "/:"); i >= 0 {
			return text[i+1:]
		}
		return text
	}
	if a, err := policy.ParseARN(text); err == nil {
		for _, prefix := range []string{"function:", "secret:"} {
			if rest, ok := strings.CutPrefix(a.Resource(), prefix); ok {
				return rest
			}
		}
		return a.Resource()
	}
	return text
}

func readList(s *state, r *record, name string) {
	l := listers[name]
	if id := r.output.get("Owner").get("ID").text(); name == "s3" && id != "" {
		s.account(r.account).CanonicalID = id // the owner of all buckets of the account
	}
	listed := 0
	for v := range r.output.get(l.member).each() {
		listed++
		text := l.name(r, v)
		res := s.resource(r, name, text)
		if res == nil {
			continue
		}
		res.listed = true
		if name == "secretsmanager" {
			res.Tags = v.get("Tags").tags()
		}
	}
	if name == "sqs" && listed == mostQueues && !r.input.get("MaxResults").is() {
		s.call(s.keyOf(r)).fail(r.at.place() + ": there may be more than these 1000 queues, which list-queues lists only with --page-size")
	}
}

// mostQueues is how many queues an answer has at most that is not asked for in pages, without
// a token for the others (Amazon SQS Developer Guide, “Amazon SQS list queue pagination”).
const mostQueues = 1000

// resource is the resource of a name, an ARN or a URL; nil if it cannot be told which it is.
func (s *state) resource(r *record, name, text string) *resource {
	arn := text
	if !strings.HasPrefix(text, "arn:") {
		arn = s.arnOf(r, name, text)
	}
	a, err := policy.ParseARN(arn)
	if err != nil || r.account == "" {
		s.note(r.at.s.File, "%s does not say which resource it is about; name the file %s.NAME.json, in directories that are named like the account and the Region", r.op.command(), r.op.command())
		return nil
	}
	if a.Service() != name {
		s.call(s.keyOf(r)).fail(fmt.Sprintf("%s: %s is not of %s", r.at.place(), a, name))
		return nil
	}
	if arn == text {
		s.partitionIs(r.at, a)
	}
	if name != "s3" && a.AccountID() != r.account {
		s.fail(r.at, "%s is not of account %s; want each account's answers under its own ID", a, r.account)
		return nil
	}
	list := s.account(r.account).resources
	res := list[a]
	if res == nil {
		res = &resource{Resource: org.Resource{ARN: a}, at: r.at}
		region := a.Region()
		if name == "s3" {
			region = ""
		}
		for _, sv := range services {
			if sv.name == name {
				res.get = callKey{op: name + ":" + sv.get, account: r.account, region: region, subject: shortName(name, arn)}
			}
		}
		list[a] = res
	}
	return res
}

// sameBuckets reports buckets that stand for several accounts: their ARNs do not name the one.
func (s *state) sameBuckets() {
	owner := make(map[policy.ARN]string)
	for _, listed := range []bool{true, false} {
		for _, id := range sorted(s.accounts) {
			list := s.accounts[id].resources
			for _, arn := range slices.SortedFunc(maps.Keys(list), policy.ARN.Compare) {
				res := list[arn]
				if arn.AccountID() != "" || res.listed != listed {
					continue
				}
				if owner[arn] == "" {
					owner[arn] = id
					continue
				}
				s.fail(res.at, "%s stands for account %s, and for account %s at %s; want each account's answers under its own ID", arn, id, owner[arn], s.accounts[owner[arn]].resources[arn].at.place())
			}
		}
	}
}

// arnOf is the ARN of a resource that is named otherwise; "" if that is not enough.
func (s *state) arnOf(r *record, name, text string) string {
	prefix := "arn:" + s.partition() + ":" + name + ":"
	place := r.region + ":" + r.account + ":"
	switch {
	case text == "":
		return ""
	case name == "s3":
		return prefix + "::" + text
	case name == "sqs" && strings.Contains(text, "://"):
		return arnOfQueue(text)
	case r.region == "":
		return s.listedAs(r, name, text)
	case name == "sqs" || name == "sns":
		return prefix + place + text
	case name == "kms":
		return prefix + place + "key/" + text
	case name == "lambda":
		return prefix + place + "function:" + text
	case name == "secretsmanager":
		return s.listedAs(r, name, text)
	case name == "ecr":
		return prefix + place + "repository/" + text
	}
	return ""
}

// listedAs is the ARN of the one resource of the account that has this name; "" if there is
// none, or more.
func (s *state) listedAs(r *record, name, text string) string {
	found := ""
	for a := range s.account(r.account).resources {
		if a.Service() == name && shortName(name, a.String()) == text {
			if found != "" {
				return ""
			}
			found = a.String()
		}
	}
	return found
}

func readResourcePolicy(s *state, r *record, name string) {
	g := getters[name]
	text := r.in(0, g.input)
	if g.arn != nil {
		text = firstText(g.arn(r), text)
	}
	if text != "" {
		text += qualifier(name, r)
	}
	res := s.resource(r, name, text)
	if res == nil {
		return
	}
	if c := s.calls[s.keyOf(r)]; c != nil { // the same call, under the name by which it is looked up
		s.calls[res.get] = c
		if k := s.keyOf(r); k != res.get {
			delete(s.calls, k)
		}
	}
	if r.code == "" {
		s.once(r, r.at, "the policy of "+res.ARN.String(), g.policy(r.output).canonical())
	}
	res.Policy, res.why = g.policy(r.output).document(policy.ResourceBased)
	if name == "sns" && r.plain && res.Policy == nil && res.why == "" { // every topic has one
		res.why = r.at.place() + ": there is no Policy"
	}
	if name == "sqs" && res.Policy == nil && res.why == "" && !asksForPolicy(r) {
		res.why = r.at.place() + ": there is no Policy, and not all attributes were asked for"
	}
}

// asksForPolicy reports whether a queue's policy was among the attributes that were asked for.
// A file does not say; only with all attributes there is the time of creation.
func asksForPolicy(r *record) bool {
	if names := r.input.get("AttributeNames"); names.is() {
		list := names.texts()
		return slices.Contains(list, "All") || slices.Contains(list, "Policy")
	}
	return r.output.get("Attributes").get("CreatedTimestamp").is()
}

// blockOf tells whether a Block Public Access setting is of a bucket, or, as "", of the account.
func blockOf(r *record) string {
	if r.input.get("AccountId").is() {
		return ""
	}
	return r.in(0, "Bucket")
}

func readBlock(s *state, r *record) {
	on, ok := r.output.get("PublicAccessBlockConfiguration").get("RestrictPublicBuckets").flag()
	if !ok && r.code == "" {
		s.call(s.keyOf(r)).fail(r.at.place() + ": there is no RestrictPublicBuckets")
		return
	}
	if r.code == "" {
		s.once(r, r.at, "the public access block of "+firstText(blockOf(r), r.account), fmt.Sprint(on))
	}
	if bucket := blockOf(r); bucket == "" {
		s.account(r.account).BlockPublicAccess = on
	} else if res := s.resource(r, "s3", bucket); res != nil {
		res.BlockPublicAccess = on
	}
}

func readKey(s *state, r *record) {
	v := r.output.get("KeyMetadata")
	if res := s.resource(r, "kms", v.get("Arn").text()); res != nil {
		manager := v.get("KeyManager").text()
		res.managed, res.AWSManaged = manager == "AWS" || manager == "CUSTOMER", manager == "AWS"
	}
}

// resources lists the resources of an account, and marks what is not known of them.
func (s *state) resources(a *account) {
	for _, arn := range slices.SortedFunc(maps.Keys(a.resources), policy.ARN.Compare) {
		res := a.resources[arn]
		why := res.why
		if why == "" {
			if reason, ok := s.known(s.anywhere(a, res, res.get)); !ok {
				why = kebab(strings.SplitN(res.get.op, ":", 2)[1]) + ": " + reason
			}
		}
		if why == "" && arn.Service() == "s3" && mayBePublic(res.Policy) {
			why = s.blockUnknown(a, arn)
		}
		if why != "" {
			s.gap(arn.String(), org.GapResourcePolicy, why)
			s.problem(unitKey{a.ID, res.get.region, arn.Service()}, why)
		}
		if arn.Service() == "kms" && !res.managed && slices.Contains(s.spec.Root.PolicyTypes, policy.ResourceControl) {
			s.gapOfKey(a, arn)
		}
		if arn.Service() == "secretsmanager" && !res.listed {
			s.gap(arn.String(), org.GapTags, "list-secrets does not have it")
		}
		if why := s.tagsUnknown(a, res); why != "" {
			s.gap(arn.String(), org.GapTags, why)
			s.problem(unitKey{a.ID, res.get.region, arn.Service()}, why)
		}
		a.Resources = append(a.Resources, res.Resource)
	}
}

// anywhere is the call of a file of the AWS CLI that does not say of which Region it is, if there is
// none that does, and if no other Region has a resource of the name.
func (s *state) anywhere(a *account, res *resource, k callKey) callKey {
	none := k
	none.region = ""
	if s.calls[k] != nil || s.calls[none] == nil {
		return k
	}
	for arn, other := range a.resources {
		if other != res && arn.Service() == res.ARN.Service() && other.get.subject == res.get.subject {
			return k
		}
	}
	return none
}

// gapOfKey marks that it is not known whether AWS manages a key.
func (s *state) gapOfKey(a *account, key policy.ARN) {
	why := "not in the export"
	for _, k := range s.callsTo("kms:DescribeKey", a.ID) {
		if k.subject == setID(key.Resource()) && (k.region == "" || k.region == key.Region()) {
			why, _ = s.known(k)
			why = firstText(why, "there is no KeyManager")
		}
	}
	s.gap(key.String(), org.GapKeyManager, "describe-key: "+why)
	s.problem(unitKey{a.ID, key.Region(), "kms"}, "describe-key of "+key.String()+": "+why)
}

// mayBePublic reports whether Block Public Access bears on a bucket policy: only on one that
// lets in more than the principals that it names (Amazon S3 User Guide, “The meaning of
// "public"”).
func mayBePublic(d *policy.Document) bool {
	if d == nil {
		return false
	}
	for _, st := range d.Statements() {
		if st.Effect != policy.Allow {
			continue
		}
		if !st.NotPrincipal.IsZero() || st.Principal.IsEveryone() {
			return true
		}
		for _, id := range st.Principal.All() {
			if strings.Contains(id, "*") {
				return true
			}
		}
	}
	return false
}

// blockUnknown says why it is not known whether public policies of a bucket count: "" if it is.
func (s *state) blockUnknown(a *account, bucket policy.ARN) string {
	if a.BlockPublicAccess || a.resources[bucket].BlockPublicAccess {
		return ""
	}
	for _, subject := range []string{bucket.Resource(), ""} {
		if reason, ok := s.known(callKey{op: "s3:GetPublicAccessBlock", account: a.ID, subject: subject}); !ok {
			return "get-public-access-block: " + reason
		}
	}
	return ""
}

// gapsOfResources marks the resources that may be there although nothing lists them.
func (s *state) gapsOfResources() {
	for _, sv := range services {
		reasons := make(map[string]string) // by pattern
		all := true
		for _, acct := range s.spec.Accounts {
			found := s.unlisted(sv, acct.ID)
			all = all && found[""] != "" && len(s.callsTo(sv.name+":"+sv.list, acct.ID)) == 0 && len(s.unitsOf(acct.ID, sv.section)) == 0
			for region, why := range found {
				if region == "" {
					region = "*"
				}
				account := acct.ID
				if sv.name == "s3" {
					region, account = "", "" // an ARN of a bucket names neither
				}
				pattern := "arn:" + s.partition() + ":" + sv.name + ":" + region + ":" + account + ":*"
				if reasons[pattern] == "" {
					reasons[pattern] = why
				}
			}
		}
		if all && len(reasons) > 1 {
			reasons = map[string]string{"arn:" + s.partition() + ":" + sv.name + ":*": kebab(sv.list) + " is not in the export"}
		}
		for _, pattern := range sorted(reasons) {
			s.gap(pattern, org.GapUnlisted, reasons[pattern])
		}
	}
	s.spec.Gaps = append(s.spec.Gaps, s.unreadOf()...)
}

// unlisted says in which Regions, "" being all, a service of an account may have more than
// what is listed, and why. Records say with units which Regions there are; files of the AWS
// CLI don't, so that other Regions stay open.
func (s *state) unlisted(sv service, account string) map[string]string {
	out := make(map[string]string)
	op := sv.name + ":" + sv.list
	units := s.unitsOf(account, sv.section)
	if len(units) == 0 {
		calls := s.callsTo(op, account)
		why := kebab(sv.list) + " is not in the export"
		known := false
		for _, k := range calls {
			reason, ok := s.known(k)
			if !ok {
				why = kebab(sv.list) + ": " + reason
			} else if known = true; sv.name != "s3" {
				why = kebab(sv.list) + " is in the export, but not of all Regions"
			}
		}
		if !known || sv.name != "s3" {
			out[""] = why
		}
		return out
	}
	for _, u := range units {
		k := callKey{op: op, account: account, region: u.Region}
		if sv.name == "s3" {
			k.region = ""
		}
		reason, ok := s.known(k)
		switch {
		case u.State == org.Absent, ok && (u.State == org.Complete || u.State == org.Partial):
			// What a unit lacks besides is of single resources.
		case u.State != org.Complete && u.Reason != "":
			out[u.Region] = u.Reason
		default:
			out[u.Region] = kebab(sv.list) + ": " + reason
		}
	}
	return out
}
