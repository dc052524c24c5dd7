package simulate

import (
	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A Standing is what an environment brings to a request: the policies that bear on it, as
// [CompileLayers] takes them, and what of them is not known.
type Standing struct {
	Layers Layers
	// Missing are the subjects of what the environment does not know: the principal, one of
	// its policies, a control policy. With any of them decisions may be [Indeterminate].
	Missing []string
	// MissingResource is the subject of what is not known of the resource, its policy above
	// all; "" when that is known.
	MissingResource string
	// Owner is the account that owns the resource, "" if nobody knows; for a request without
	// a resource it is the caller's.
	Owner string
	// Role is the role behind a session, as the environment knows it.
	Role policy.ARN
	// PrincipalID is the unique ID of the user or role, "" if it is not known.
	PrincipalID string
}

// Standing returns what bears on the request. Control policies that the caller or the
// resource is exempt from are left out, and so are the policies of VPC endpoints.
func (e *Environment) Standing(r Request) Standing {
	var w world
	w.resolve(e, &r)
	v := &w.view
	s := Standing{Owner: w.owner, PrincipalID: v.Caller.ID}
	missing := func(l *layer) {
		if l.gap != "" {
			s.Missing = append(s.Missing, l.gap)
		}
	}
	if w.unknownCaller != "" {
		s.Missing = append(s.Missing, w.unknownCaller)
	}
	s.Layers = Layers{CanonicalID: v.Caller.Canonical, ResourceAccount: w.owner, Identity: documents(w.identity)}
	missing(w.identity)
	if v.Caller.HasBoundary != no {
		s.Layers.Boundary = documents(w.boundary)
		missing(w.boundary)
	}
	if v.Caller.Account != "" && !w.isManagement(v.Caller.Account) && !w.serviceLinked() {
		for i := range w.scps {
			s.Layers.ServiceControl = append(s.Layers.ServiceControl, documents(&w.scps[i].layer))
			missing(&w.scps[i].layer)
		}
	}
	if w.resourceControlSkipped() == "" {
		for i := range w.rcps {
			s.Layers.ResourceControl = append(s.Layers.ResourceControl, documents(&w.rcps[i].layer))
			missing(&w.rcps[i].layer)
		}
	}
	if role, err := policy.ParseARN(v.Caller.Role); err == nil {
		s.Role = role
	}
	s.MissingResource = w.unknownResource
	if s.MissingResource == "" {
		s.MissingResource = w.resource.gap
	}
	for _, d := range documents(w.resource) {
		s.Layers.Resource = d
	}
	if t := w.target; t != nil {
		s.Layers.BlockPublicAccess, s.Layers.AWSManagedKey, s.Layers.ObjectOwner = t.blockPublic, t.awsManaged, t.owner
	}
	s.Layers.BucketABAC = !v.NoBucketTags
	return s
}

func documents(l *layer) []*policy.Document {
	out := []*policy.Document{}
	for _, a := range l.list {
		if a.document != nil {
			out = append(out, a.document)
		}
	}
	return out
}

// A KeyState says what is known of a condition key of a request.
type KeyState uint8

// The states of a key.
const (
	KeyAbsent  KeyState = iota // the key is not in the request
	KeyKnown                   // present, with known values
	KeyUnknown                 // present or not, with a value that is not known
	KeyPresent                 // present for certain, with a value that is not known
)

// Key says what a request has for a condition key: what is given, what the environment
// derives, and otherwise whether AWS could send it. The values are those of [KeyKnown].
func (e *Environment) Key(r Request, name string) (values []string, state KeyState) {
	var w world
	w.resolve(e, &r)
	ref := engine.NewKeyRef(name)
	val := w.view.Key(&ref)
	switch val.State {
	case engine.Known:
		return append([]string(nil), val.Values...), KeyKnown
	case engine.Unknown:
		return nil, KeyUnknown
	case engine.Present:
		return nil, KeyPresent
	}
	return nil, KeyAbsent
}

// KeyRange is [Environment.Key] for requests that may be given any keys: what AWS could send,
// also where the environment has [WithStrictKeys].
func (e *Environment) KeyRange(r Request, name string) (values []string, state KeyState) {
	open := *e
	open.strict = false
	return open.Key(r, name)
}
