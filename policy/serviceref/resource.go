package serviceref

import (
	"iter"
	"slices"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// ResourceInfo is what is known of one resource type. It is a small comparable value that
// refers to its [Reference]; the zero ResourceInfo is no type, and only its IsValid may be
// called.
type ResourceInfo struct {
	b *body
	i uint32
}

func (t ResourceInfo) row() *sar.TypeRow { return &t.b.Types[t.i] }

// IsValid reports whether t is a resource type.
func (t ResourceInfo) IsValid() bool { return t.b != nil }

// Service is the prefix of the service that declares the type: "s3".
func (t ResourceInfo) Service() string { return t.b.Services[t.row().Service].Prefix }

// Name is the type's name: "bucket".
func (t ResourceInfo) Name() string { return t.row().Name }

// ARNFormats yields the type's ARN formats, usually one:
// "arn:${Partition}:s3:::${BucketName}".
func (t ResourceInfo) ARNFormats() iter.Seq[string] {
	return slices.Values(t.b.ARNs[t.row().ARNs:t.row().ARNsAfter])
}

// Takes reports whether an ARN can be of the type, or a pattern of a policy's Resource
// element can match one that is; see [Reference.ResourceTypesOf].
func (t ResourceInfo) Takes(pattern string) bool {
	formats := t.b.formats()
	return slices.ContainsFunc(formats[t.row().ARNs:t.row().ARNsAfter], func(f format) bool { return f.intersects(pattern) })
}

// Keys yields the condition keys of resources of this type, sorted by name without regard
// to case.
func (t ResourceInfo) Keys() iter.Seq[KeyInfo] { return t.b.keySet(t.row().Keys) }

// ResourceType returns a resource type by service prefix and name, both in any case.
func (r *Reference) ResourceType(service, name string) (ResourceInfo, bool) {
	b := r.body()
	s, ok := b.service(service)
	if !ok {
		return ResourceInfo{}, false
	}
	b.Load(s)
	first, after := b.Services[s].Types, b.Services[s].TypesAfter
	i, ok := slices.BinarySearchFunc(b.Types[first:after], name, func(t sar.TypeRow, name string) int {
		return ascii.Compare(t.Name, name)
	})
	if !ok {
		return ResourceInfo{}, false
	}
	return ResourceInfo{b, first + uint32(i)}, true
}

// ResourceTypes yields the resource types that a service, named by its prefix in any case,
// declares, sorted by name without regard to case.
func (r *Reference) ResourceTypes(service string) iter.Seq[ResourceInfo] {
	return func(yield func(ResourceInfo) bool) {
		b := r.body()
		s, ok := b.service(service)
		if !ok {
			return
		}
		b.Load(s)
		for i := b.Services[s].Types; i < b.Services[s].TypesAfter; i++ {
			if !yield(ResourceInfo{b, i}) {
				return
			}
		}
	}
}

// ResourceTypesOf yields the resource types that an ARN can be of, or that a pattern of a
// policy's Resource element can match, sorted by service and name. An ARN often has
// several, since services share formats. A variable of a format stops at the separator
// that another format of the service goes on with: arn:aws:s3:::logs/a is an object and no
// bucket, while a role's name may have a path.
func (r *Reference) ResourceTypesOf(pattern string) iter.Seq[ResourceInfo] {
	return func(yield func(ResourceInfo) bool) { r.body().typesOf(pattern)(yield) }
}

func (b *body) typesOf(pattern string) iter.Seq[ResourceInfo] {
	return func(yield func(ResourceInfo) bool) {
		formats := b.formats()
		service := serviceOf(pattern)
		for i := range b.Types {
			t := &b.Types[i]
			for _, f := range formats[t.ARNs:t.ARNsAfter] {
				if (service == "" || f.service == "" || f.service == service) && f.intersects(pattern) {
					if !yield(ResourceInfo{b, uint32(i)}) {
						return
					}
					break
				}
			}
		}
	}
}

// ARNFormats yields the ARN formats of an action's resource types, sorted by type. It
// yields nothing for an action that has none, or that is not known.
func (r *Reference) ARNFormats(a policy.Action) iter.Seq[string] {
	return func(yield func(string) bool) {
		info, ok := r.Action(a)
		if !ok {
			return
		}
		for res := range info.Resources() {
			for f := range res.Type.ARNFormats() {
				if !yield(f) {
					return
				}
			}
		}
	}
}
