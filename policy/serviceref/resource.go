package serviceref

import (
	"iter"

	"github.com/licit-dev/licit/policy"
)

// ResourceInfo is what is known of one resource type. It is a small comparable value that
// refers to its [Reference]; the zero ResourceInfo is no type, and only its IsValid may be
// called.
type ResourceInfo struct{ i int }

// IsValid reports whether t is a resource type.
func (t ResourceInfo) IsValid() bool { return false }

// Service is the prefix of the service that declares the type: "s3".
func (t ResourceInfo) Service() string { return "" }

// Name is the type's name: "bucket".
func (t ResourceInfo) Name() string { return "" }

// ARNFormats yields the type's ARN formats, usually one:
// "arn:${Partition}:s3:::${BucketName}".
func (t ResourceInfo) ARNFormats() iter.Seq[string] { return func(func(string) bool) {} }

// Keys yields the condition keys of resources of this type, sorted by name without regard
// to case.
func (t ResourceInfo) Keys() iter.Seq[KeyInfo] { return func(func(KeyInfo) bool) {} }

// ResourceType returns a resource type by service prefix and name, both in any case.
func (r *Reference) ResourceType(service, name string) (ResourceInfo, bool) {
	return ResourceInfo{}, false
}

// ResourceTypes yields the resource types that a service declares, sorted by name.
func (r *Reference) ResourceTypes(service string) iter.Seq[ResourceInfo] {
	return func(func(ResourceInfo) bool) {}
}

// ResourceTypesOf yields the resource types that an ARN can be of, or that a pattern of a
// policy's Resource element can match, sorted by service and name. An ARN often has
// several: services share formats.
func (r *Reference) ResourceTypesOf(pattern string) iter.Seq[ResourceInfo] {
	return func(func(ResourceInfo) bool) {}
}

// ARNFormats yields the ARN formats of an action's resource types, sorted by type. It
// yields nothing for an action that has none, or that is not known.
func (r *Reference) ARNFormats(a policy.Action) iter.Seq[string] { return func(func(string) bool) {} }
