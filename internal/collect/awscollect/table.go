package awscollect

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A scope says of what a section is read.
type scope uint8

const (
	ofOrganization scope = iota // once, with the collector's own credentials
	ofInstance                  // the same, in each Region
	ofAccount                   // of each account
	ofRegion                    // of each account, in each Region
)

// A section is a part of AWS's state that is read as a whole, and the calls for it.
type section struct {
	name       string
	scope      scope
	width      int      // calls at a time
	after      *section // of the same account and Region, from which it learns what to read; nil: none
	operations []operation
	read       func(ctx context.Context, r *reader) error
}

// An operation is a call that a section makes.
type operation struct {
	service, name string
	action        string   // that the call needs
	absent        []string // codes of errors that say that there is nothing
	with          string   // a section without which there is no such call; empty: none
	instead       string   // an operation whose answer it prepares: it has no record of its own, and its error is the other's
	// trim takes from a copy of the answer what must not be kept.
	trim func(out any) any
}

func (o *operation) isAbsent(code string) bool { return slices.Contains(o.absent, code) }

// isOfAccounts reports whether the section is read in each account.
func (s *section) isOfAccounts() bool { return s.scope == ofAccount || s.scope == ofRegion }

func (s *section) operation(service, name string) (*operation, bool) {
	i := slices.IndexFunc(s.operations, func(o operation) bool { return o.service == service && o.name == name })
	if i < 0 {
		return nil, false
	}
	return &s.operations[i], true
}

// Actions that are not called like the operation that needs them (Service Authorization
// Reference).
var actions = map[string]string{
	"s3:ListBuckets":                 "s3:ListAllMyBuckets",
	"s3:GetPublicAccessBlock":        "s3:GetBucketPublicAccessBlock",
	"s3:GetObjectLockConfiguration":  "s3:GetBucketObjectLockConfiguration",
	"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}

// calls are operations of a service. A name may be followed by codes of errors that say
// that there is nothing.
func calls(service string, names ...string) []operation {
	out := make([]operation, len(names))
	for i, name := range names {
		part := strings.Fields(name)
		o := operation{service: service, name: part[0], absent: part[1:]}
		if o.action = actions[service+":"+o.name]; o.action == "" {
			o.action = actionPrefix(service) + ":" + o.name
		}
		out[i] = o
	}
	return out
}

// actionPrefix is how actions call a service.
func actionPrefix(service string) string {
	if service == "sso-admin" {
		return "sso"
	}
	return service
}

// trimmed lets trim edit what an operation answers, before it is kept.
func trimmed[O any](ops []operation, name string, trim func(out *O)) []operation {
	for i := range ops {
		if ops[i].name == name {
			ops[i].trim = func(v any) any {
				out := *v.(*O)
				trim(&out)
				return &out
			}
		}
	}
	return ops
}

// sections is the table that drives a load, and of which the policies are made.
var sections = []*section{
	organizationSection, policiesSection,
	iamSection, credentialsSection, providersSection,
	storeSection, centerSection,
	s3Section, sqsSection, snsSection, kmsSection, lambdaSection, secretsSection, ecrSection,
	trailsSection,
}

// Sections are the names of all sections, in the order in which they are read.
func Sections() []string {
	out := make([]string, len(sections))
	for i, s := range sections {
		out[i] = s.name
	}
	return out
}

func sectionNamed(name string) *section {
	for _, s := range sections {
		if s.name == name {
			return s
		}
	}
	return nil
}

// A reader reads one unit.
type reader struct {
	session *session
	section *section
	account string
	region  string // empty: the section is global
	cfg     aws.Config
	state   *state
}
