package simulate

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A Request is one question: may the principal perform the action on the resource? It is
// plain data, and passing it by value does not allocate.
type Request struct {
	Principal policy.Principal
	Action    policy.Action
	Resource  policy.ARN // zero: the action takes no resource, as policies write "*"
	Keys      Keys       // condition keys of the request
	Session   *Session   // what the session brings, or nil
}

// Keys are the condition keys of a request. Keys are immutable, names are not
// case-sensitive, and the zero Keys is empty.
//
// A key that is given here overrides what the model derives. A key that is neither given
// nor derived is absent where AWS never sends it for such a caller, and otherwise
// unknown; with [WithStrictKeys] it is absent.
type Keys struct {
	_ [0]func() // equal Keys are not ==
	k engine.Keys
}

// KeysFrom makes Keys of a map. An empty list says that the key is absent. AWS behaves
// unpredictably when a name comes in two spellings, so such a key is unknown.
func KeysFrom(m map[string][]string) Keys { return Keys{k: engine.KeysFrom(m)} }

// With returns keys in which key has these values; no value says that it is absent.
func (k Keys) With(key string, values ...string) Keys { return Keys{k: k.k.With(key, values...)} }

// WithUnknown returns keys in which the named keys may or may not be present. A pattern
// may hold * and ?, such as "aws:PrincipalTag/*", and leaves keys that are given as they
// are; a name replaces what was given for it.
func (k Keys) WithUnknown(patterns ...string) Keys {
	for _, p := range patterns {
		k = Keys{k: k.k.WithUnknown(p)}
	}
	return k
}

// orUnknown returns keys in which those of the names that are not given are unknown.
func (k Keys) orUnknown(names ...string) Keys {
	for _, name := range names {
		ref := engine.NewKeyRef(name)
		if _, given := k.k.Value(&ref); !given || strings.Contains(name, "*") {
			k = k.WithUnknown(name)
		}
	}
	return k
}

// WithMultivalued returns keys in which the named keys, which must be given, are
// multivalued by type even with a single value. The keys that AWS documents as
// multivalued are known and need not be named.
func (k Keys) WithMultivalued(keys ...string) Keys {
	for _, key := range keys {
		k = Keys{k: k.k.WithMultivalued(key)}
	}
	return k
}

// All yields name and values of the keys that have values, in the order in which they
// were given; KeysFrom gives them by name.
func (k Keys) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		more := true
		k.k.Each(func(name string, values []string) {
			more = more && yield(name, slices.Clone(values))
		})
	}
}

// A SessionSpec is what a session brings to its requests, as plain data.
type SessionSpec struct {
	// Policies are the session policies, inline and managed; together they limit the
	// session (IAM User Guide, “Session policies”). None means that there is no limit,
	// but a federated-user session without one has no identity-based permissions.
	Policies []*policy.Document
	// Tags are the session tags; they override the tags of the role or user.
	Tags map[string]string
	// OtherTags says that there may be tags besides Tags, if the role lets them in; otherwise
	// they are all.
	OtherTags bool
	// Role is the ARN, with its path, of the role behind a role session, for
	// environments that do not hold the role.
	Role policy.ARN
	// IssuingUser is the IAM user who called GetFederationToken.
	IssuingUser policy.ARN
	// PrincipalID is the unique ID of the user or role (AIDA…, AROA…), for environments
	// that do not hold it.
	PrincipalID string
}

// A Session is a compiled [SessionSpec]. It is immutable and may serve many requests.
type Session struct {
	spec     SessionSpec
	programs []attachment
	tags     engine.Keys
	open     engine.Keys // tags, and those that there may be besides
}

// NewSession compiles the session policies. The error is [policy.ParseErrors] for what
// STS refuses, such as a Principal element or a short ARN.
func NewSession(s SessionSpec) (*Session, error) {
	out := &Session{spec: s}
	out.spec.Policies, out.spec.Tags = slices.Clone(s.Policies), maps.Clone(s.Tags)
	compiler := engine.NewCompiler()
	for i, d := range s.Policies {
		if d == nil {
			return nil, fmt.Errorf("%s: no document", sessionName(i))
		}
		if err := d.CheckKind(policy.SessionPolicy); err != nil {
			if d.File() == "" {
				err = fmt.Errorf("%s: %w", sessionName(i), err)
			}
			return nil, err
		}
		out.programs = append(out.programs, attachment{
			program: compiler.Compile(d, policy.SessionPolicy, engine.Options{}),
			base:    uint32(i) << sessionShift,
			kind:    policy.SessionPolicy, name: sessionName(i), document: d,
		})
	}
	m := make(map[string][]string, len(s.Tags))
	for k, v := range s.Tags {
		m["aws:PrincipalTag/"+k] = []string{v}
	}
	out.tags = engine.KeysFrom(m)
	out.open = out.tags.WithUnknown("aws:PrincipalTag/*")
	return out, nil
}

// Spec returns the session as plain data, a copy.
func (s *Session) Spec() SessionSpec {
	out := s.spec
	out.Policies, out.Tags = slices.Clone(out.Policies), maps.Clone(out.Tags)
	return out
}

// sessionShift is where the number of a session policy begins in a statement number.
const sessionShift = 16

func sessionName(i int) string { return fmt.Sprintf("sessionPolicies[%d]", i) }
