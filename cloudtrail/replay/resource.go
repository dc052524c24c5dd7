package replay

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// variables are the variable parts of an ARN format but for partition, region and account.
func variables(format string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(format, "${")
		if !ok {
			return out
		}
		name, after, _ := strings.Cut(rest, "}")
		if name != "Partition" && name != "Region" && name != "Account" {
			out = append(out, name)
		}
		format = after
	}
}

func serviceOf(format string) string {
	parts := strings.SplitN(format, ":", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2]
}

// sources are the parameters that a variable of an ARN format can be taken from. CloudTrail
// writes the names of the API with a small first letter. nil: no parameter has it, such as
// the random end of a secret's ARN.
func sources(service, variable string) []string {
	if list, ok := variableSources[service+" "+variable]; ok {
		return list
	}
	switch service {
	case "secretsmanager", "logs":
		// A secret's ARN ends in random characters, and CloudWatch Logs authorises some calls
		// on log-group:NAME:* and others on log-group:NAME:log-stream:….
		return nil
	}
	return []string{strings.ToLower(variable[:1]) + variable[1:]}
}

var variableSources = map[string][]string{
	"s3 ObjectName":                        {"key"},
	"iam RoleNameWithPath":                 {"roleName"},
	"iam UserNameWithPath":                 {"userName"},
	"iam GroupNameWithPath":                {"groupName"},
	"iam PolicyNameWithPath":               {"policyName"},
	"iam InstanceProfileNameWithPath":      {"instanceProfileName"},
	"sqs QueueName":                        {"queueName", "queueUrl"},
	"sns TopicName":                        {"name"},
	"rds DbInstanceName":                   {"dBInstanceIdentifier"},
	"rds DbClusterInstanceName":            {"dBClusterIdentifier"},
	"ec2 InstanceId":                       {"instanceId", "instancesSet"},
	"ec2 ImageId":                          {"imageId", "instancesSet"},
	"ec2 SecurityGroupId":                  {"groupId", "groupSet"},
	"ec2 KeyPairName":                      {"keyName"},
	"eks ClusterName":                      {"clusterName", "name"},
	"ssm ParameterNameWithoutLeadingSlash": {"name"},
	"cloudformation Id":                    nil,
	"kms Alias":                            nil,
}

// foldsCase has the services that store names in small letters, however a call writes them
// (Amazon RDS API Reference, “CreateDBInstance”; Amazon Redshift and Amazon ElastiCache likewise).
// Whether a call is authorised on what it writes or on what is stored is not documented.
var foldsCase = map[string]bool{"rds": true, "redshift": true, "elasticache": true}

// place says where a call takes place.
type place struct{ partition, region, account string }

// A target is a resource of a request: an ARN, or the beginning of one.
type target struct {
	arn      policy.ARN
	required bool // every call of the action has a resource of this type
	noPath   bool // of a user, role or the like: the path is not known
	shared   bool // the account is not known
	maybe    bool // the call may have had another, or not this
	oneOf    bool // of several that parameters name: the call need not be about each
}

// targets finds the resources that a call is authorised on as one action: those that the
// event lists, if they can be of a type of the action; else what the ARN formats of the action
// make of the parameters; else ARNs among the parameters, of which a call that names its
// resource otherwise may have others (lambda:AddPermission the source). open says that there
// are, or may be, others that nobody knows but that they match one of the patterns; nil: any.
func (c *calls) targets(info serviceref.ActionInfo, t *Tuple, at place) (list []target, open bool, patterns []string) {
	if list, open, ok := c.particular(info, t, at); ok {
		return list, open, nil
	}
	add := func(text string) {
		if a, err := policy.ParseARN(text); err == nil && info.Fits(a) && !slices.ContainsFunc(list, func(x target) bool { return x.arn == a }) {
			list = append(list, target{arn: a})
		}
	}
	for line := range strings.SplitSeq(t.Resources, "\n") {
		switch {
		case strings.HasSuffix(line, "*") && !(strings.HasSuffix(line, anyObject) && strings.Contains(line, ":s3:::") && c.s.cuts(line)):
			// The beginning of ARNs.
			if a, err := policy.ParseARN(line); err != nil || info.Fits(a) {
				open = true
			}
		case line != "":
			add(line)
		}
	}
	if len(list) == 0 {
		list = c.filled(info, t, at)
	}
	if len(list) == 0 {
		c.each(t, func(_ string, value []byte) {
			if bytes.HasPrefix(value, []byte(`"arn:`)) {
				add(text(value))
			}
		})
		for i := range list {
			list[i].oneOf = len(list) > 1
		}
	}
	if one := len(list) > 0 && c.hasOneType(info); one {
		for i := range list {
			list[i].required = true
		}
	} else {
		c.rate(info, list)
	}
	list, more, pattern := c.refine(info, t, at, list)
	switch {
	case open || more && pattern == "":
		return list, true, nil
	case more:
		return list, true, []string{pattern}
	case len(list) == 0:
		return nil, true, nil
	case c.hasOneType(info):
		return list, false, nil
	}
	known := make([]policy.ARN, 0, len(list))
	for _, x := range list {
		// What has no name yet stands for its type, too.
		known = append(known, named(x.arn))
	}
	for _, r := range info.Missing(known...) {
		for f := range r.ARNFormats() {
			patterns = append(patterns, formatPattern(f))
		}
	}
	return list, len(patterns) > 0, patterns
}

// hasOneType reports whether an action has one resource type, so that a resource is of it.
func (c *calls) hasOneType(info serviceref.ActionInfo) bool {
	one, ok := c.single[info.Action()]
	if !ok {
		n := 0
		for range info.Resources() {
			n++
		}
		one = n == 1
		c.single[info.Action()] = one
	}
	return one
}

// rate marks the resources that every call of the action has: those of the required types,
// and the only one.
func (c *calls) rate(info serviceref.ActionInfo, list []target) {
	for i := range list {
		list[i].required = len(list) == 1
		for r := range info.Resources() {
			if r.Required && r.Type.Takes(list[i].arn.String()) {
				list[i].required = true
			}
		}
	}
}

// mostTargets is how many resources one call is asked about; those of a longer list are
// taken as not known.
const mostTargets = 50

// filled makes ARNs of the formats of an action's resource types.
func (c *calls) filled(info serviceref.ActionInfo, t *Tuple, at place) (list []target) {
	for r := range info.Resources() {
		for f := range r.Type.ARNFormats() {
			texts := []string{f}
			noPath := false
			vars := variables(f)
			in, ok := c.owner(t, serviceOf(f), at)
			if !ok || len(vars) == 0 && !r.Required && !c.hasOneType(info) {
				// Nothing says that the call is about a type without a name, of several.
				continue
			}
			for _, v := range vars {
				values := c.values(t, serviceOf(f), v)
				noPath = noPath || strings.HasSuffix(v, "WithPath")
				texts = product(texts, "${"+v+"}", values)
			}
			if len(texts) > mostTargets {
				return nil
			}
			for _, x := range texts {
				a, err := policy.ParseARN(strings.NewReplacer("${Partition}", in.partition, "${Region}", in.region, "${Account}", in.account).Replace(x))
				if err == nil && info.Fits(a) && !slices.ContainsFunc(list, func(y target) bool { return y.arn == a }) {
					shared := strings.Contains(f, "${Account}") && isShared(info.Action(), a)
					list = append(list, target{arn: a, noPath: noPath && c.path(t) == "", shared: shared})
				}
			}
		}
	}
	if info.Action() == "ec2:RunInstances" {
		// What the call creates has no name yet (Amazon EC2 User Guide, “Example policies”).
		for _, created := range []string{"instance/*", "network-interface/*", "volume/*"} {
			a, err := policy.ParseARN("arn:" + at.partition + ":ec2:" + at.region + ":" + at.account + ":" + created)
			if err == nil {
				list = append(list, target{arn: a})
			}
		}
	}
	return list
}

func product(texts []string, variable string, values []string) []string {
	var out []string
	for _, t := range texts {
		for _, v := range values {
			if len(out) <= mostTargets {
				out = append(out, strings.ReplaceAll(t, variable, v))
			}
		}
	}
	return out
}

// path is the path parameter of calls of IAM that create something.
func (c *calls) path(t *Tuple) (path string) {
	c.each(t, func(name string, value []byte) {
		if name == "path" {
			path = text(value)
		}
	})
	return path
}

// values are what a call has for a variable of an ARN format; none if it is not known.
func (c *calls) values(t *Tuple, service, variable string) (out []string) {
	for _, p := range sources(service, variable) {
		c.each(t, func(name string, value []byte) {
			if name == p && len(out) == 0 {
				out = texts(value, sources(service, variable))
			}
		})
	}
	if service == "s3" && variable == "ObjectName" && len(out) == 0 && c.dropsObject(t) {
		// The selection dropped it, for it makes no difference.
		out = []string{"*"}
	}
	for i, v := range out {
		switch {
		case service == "sqs":
			v = v[strings.LastIndexByte(v, '/')+1:]
		case service == "ssm":
			v = strings.TrimPrefix(v, "/")
		case foldsCase[service] && v != strings.ToLower(v):
			return nil
		case strings.HasSuffix(variable, "WithPath"):
			v = strings.TrimPrefix(c.path(t), "/") + v
		}
		if v == "" || v == hidden || strings.HasPrefix(v, "arn:") || service != "s3" && strings.ContainsAny(v, "*?:$") || service == "kms" && strings.HasPrefix(v, "alias/") {
			return nil
		}
		out[i] = v
	}
	return out
}

// dropsObject reports whether the selection drops the object that an S3 call is about.
func (c *calls) dropsObject(t *Tuple) bool {
	if c.s.all || c.s.objects {
		return false
	}
	bucket := c.values(t, "s3", "BucketName")
	return len(bucket) == 1 && !c.s.buckets[bucket[0]]
}

// texts are the strings of a parameter: one, or those of a list, or of the member of the
// items of a list, as EC2 writes them: {"items":[{"instanceId":"i-1"}]}.
func texts(value []byte, names []string) (out []string) {
	switch value[0] {
	case '"':
		if s := text(value); s != "" {
			out = append(out, s)
		}
	case '[':
		elements(value, func(e []byte) { out = append(out, texts(e, names)...) })
	case '{':
		members(value, func(n string, v []byte) {
			if n == "items" || slices.Contains(names, n) {
				out = append(out, texts(v, names)...)
			}
		})
	}
	return out
}

// elements calls visit for each element of a JSON array.
func elements(array jsontext.Value, visit func(value []byte)) {
	for i := blank(array, 1); i < len(array) && array[i] != ']'; {
		from := i
		if i = skip(array, i); i < 0 {
			return
		}
		visit(array[from:i])
		if i = blank(array, i); i < len(array) && array[i] == ',' {
			i = blank(array, i+1)
		}
	}
}
