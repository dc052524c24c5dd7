package awsexport

import (
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
)

// A tagger is an operation that tells the tags of a resource.
type tagger struct {
	service, name string
	input         string   // that names the resource
	member        string   // of the output
	absent        []string // codes by which it says that there are none
	shared        bool     // other services have the command, too
}

var taggers = []tagger{
	{"s3", "GetBucketTagging", "Bucket", "TagSet", []string{"NoSuchTagSet"}, false},
	{"sqs", "ListQueueTags", "QueueUrl", "Tags", nil, false},
	{"sns", "ListTagsForResource", "ResourceArn", "Tags", nil, true},
	{"kms", "ListResourceTags", "KeyId", "Tags", nil, false},
	{"lambda", "ListTags", "Resource", "Tags", nil, false},
	{"ecr", "ListTagsForResource", "ResourceArn", "Tags", nil, true},
}

const bucketABAC = "GetBucketAbac"

func tagOperations() []*operation {
	list := []*operation{{
		late: true, service: "s3", name: bucketABAC, section: "s3", args: []string{"Bucket"}, members: []string{"AbacStatus"}, sign: []string{"AbacStatus"},
		subject: func(r *record) string { return shortName("s3", r.in(0, "Bucket")) },
		read: func(s *state, r *record) {
			if res := s.resource(r, "s3", r.in(0, "Bucket")); res != nil {
				res.ABAC = r.output.get("AbacStatus").get("Status").text() == "Enabled"
			}
		},
	}}
	for _, t := range taggers {
		op := &operation{
			late: true, service: t.service, name: t.name, section: t.service, regional: t.service != "s3", args: []string{t.input},
			members: []string{t.member}, absent: t.absent, shared: t.shared,
			subject: func(r *record) string { return shortName(t.service, r.in(0, t.input)) },
			read: func(s *state, r *record) {
				if res := s.resource(r, t.service, r.in(0, t.input)); res != nil {
					res.addTags(r.output.get(t.member))
				}
			},
		}
		if t.service == "sqs" || t.service == "lambda" {
			op.members, op.maybe = nil, t.member // without tags the AWS CLI prints nothing, or {}
		}
		list = append(list, op)
	}
	return list
}

// addTags adds those of a page: a list, or an object by key.
func (r *resource) addTags(v value) {
	tags := v.tagMap()
	if r.Tags == nil {
		r.Tags = tags
		return
	}
	for key, tag := range tags {
		r.Tags[key] = tag
	}
}

// tagMap are tags, whichever way a service writes them.
func (v value) tagMap() map[string]string {
	if v.kind() != jsontree.Object {
		return v.tags()
	}
	var out map[string]string
	for key, tag := range v.members() {
		if out == nil {
			out = make(map[string]string)
		}
		out[key] = tag.text()
	}
	return out
}

// hasTags reports whether the export has tags of resources of the service at all.
func (s *state) hasTags(service string) bool {
	for _, t := range taggers {
		if t.service == service {
			return len(s.callsTo(t.service+":"+t.name, "")) > 0
		}
	}
	return true
}

// tagsUnknown says why the tags of a resource are not known: "" if they are, and if the export
// has none of its service, which is one gap for all.
func (s *state) tagsUnknown(a *account, res *resource) string {
	service := res.ARN.Service()
	if !s.hasTags(service) {
		return ""
	}
	for _, t := range taggers {
		if t.service != service {
			continue
		}
		names := []string{t.name}
		if service == "s3" { // tags of buckets count only with ABAC
			names = append(names, bucketABAC)
		}
		for _, name := range names {
			k := callKey{op: service + ":" + name, account: a.ID, region: res.get.region, subject: res.get.subject}
			if reason, ok := s.known(s.anywhere(a, res, k)); !ok {
				return kebab(name) + ": " + reason
			}
		}
	}
	return ""
}

// unreadOf are the gaps of [Unread] that this export has: not those of tags that it tells.
func (s *state) unreadOf() []org.Gap {
	var out []org.Gap
	for _, g := range unread(s.partition()) {
		if g.What != org.GapTags || !s.hasTags(strings.Split(g.Subject, ":")[2]) {
			out = append(out, g)
		}
	}
	return out
}
