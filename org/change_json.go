package org

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/form"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// ReadChanges reads a list of changes from a JSON file. Each is an object with one member,
// which is called as the function that makes such a change:
//
//	[
//	  {"putControlPolicy": {"id": "p-regions", "name": "Regions", "kind": "scp", "document": "regions.json"}},
//	  {"removeControlPolicy": "p-old"},
//	  {"attachControlPolicy": {"policy": "p-regions", "target": "ou-ab12-11111111"}},
//	  {"detachControlPolicy": {"policy": "p-old", "target": "ou-ab12-11111111"}},
//	  {"enablePolicyType": "rcp"},
//	  {"disablePolicyType": "rcp"},
//	  {"putOU": {"parent": "r-ab12", "ou": {"id": "ou-ab12-22222222", "name": "Sandbox", "attached": ["p-FullAWSAccess"]}}},
//	  {"removeOU": "ou-ab12-22222222"},
//	  {"moveAccount": {"account": "111122223333", "parent": "ou-ab12-11111111"}},
//	  {"putAccount": {"parent": "r-ab12", "account": {"id": "111122223333", …}}},
//	  {"removeAccount": "111122223333"},
//	  {"putUser": {"arn": "arn:aws:iam::111122223333:user/ana", …}},
//	  {"putGroup": {"arn": "arn:aws:iam::111122223333:group/team", …}},
//	  {"putRole": {"arn": "arn:aws:iam::111122223333:role/app", …}},
//	  {"putManagedPolicy": {"account": "111122223333", "policy": {"arn": "…", "document": "read.json"}}},
//	  {"putResource": {"account": "111122223333", "resource": {"arn": "arn:aws:s3:::logs", "policy": "logs.json"}}},
//	  {"putEndpoint": {"account": "111122223333", "endpoint": {"id": "vpce-0a", …}}},
//	  {"remove": "arn:aws:s3:::logs"},
//	  {"removeEndpoint": "vpce-0a"},
//	  {"markUnknown": {"subject": "p-old", "what": "document", "reason": "known after apply"}},
//	  {"markKnown": {"subject": "p-old", "what": "document", "reason": "known after apply"}}
//	]
//
// Users, roles and so on are written as in a snapshot ([ReadFS]). Where a policy document
// stands, it is the document itself or the path of its file in fsys. The error is
// [Errors]: everything that is wrong, each with file, line and column.
func ReadChanges(fsys fs.FS, name string) ([]Change, error) {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, Errors{&SpecError{File: name, Err: plainError(err)}}
	}
	r := &reader{fsys: fsys, documents: make(map[string]*policy.Document), files: make(map[string]bool)}
	s := &form.Source{File: name, Src: src}
	if problem := s.Parse(); problem != nil {
		return nil, Errors{specError(problem)}
	}
	d := r.decoder(s)
	var out []Change
	d.Array(func(n *jsontree.Node, p *form.Path) { out = append(out, d.change(n, p)) })(s.Root, nil)
	if err := r.errs.or(); err != nil {
		return nil, err
	}
	return out, nil
}

func plainError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// change reads one change.
func (d *decoder) change(n *jsontree.Node, p *form.Path) (out Change) {
	var fields []form.Field
	kind := func(name string, read func(n *jsontree.Node, p *form.Path) Change) {
		fields = append(fields, form.Member(name, func(n *jsontree.Node, p *form.Path) { out = read(n, p) }))
	}
	named := func(name string, make func(string) Change) {
		kind(name, func(n *jsontree.Node, p *form.Path) Change {
			var text string
			d.Text(&text)(n, p)
			return make(text)
		})
	}
	pair := func(name, first, second string, make func(a, b string) Change) {
		kind(name, func(n *jsontree.Node, p *form.Path) Change {
			var a, b string
			d.Object(n, p, "an object with "+first+" and "+second, form.Member(first, d.Text(&a)), form.Member(second, d.Text(&b)))
			d.wants(n, p, first, second)
			return make(a, b)
		})
	}
	policyType := func(name string, make func(policy.Kind) Change) {
		kind(name, func(n *jsontree.Node, p *form.Path) Change {
			var k policy.Kind
			d.kind(&k)(n, p)
			return make(k)
		})
	}
	kind("putControlPolicy", func(n *jsontree.Node, p *form.Path) Change { return PutControlPolicy(d.controlPolicy(n, p)) })
	named("removeControlPolicy", RemoveControlPolicy)
	pair("attachControlPolicy", "policy", "target", AttachControlPolicy)
	pair("detachControlPolicy", "policy", "target", DetachControlPolicy)
	policyType("enablePolicyType", EnablePolicyType)
	policyType("disablePolicyType", DisablePolicyType)
	kind("putOU", d.putOU)
	named("removeOU", RemoveOU)
	pair("moveAccount", "account", "parent", MoveAccount)
	kind("putAccount", d.putAccount)
	named("removeAccount", RemoveAccount)
	kind("putUser", func(n *jsontree.Node, p *form.Path) Change { return PutUser(d.user(n, p)) })
	kind("putGroup", func(n *jsontree.Node, p *form.Path) Change { return PutGroup(d.group(n, p)) })
	kind("putRole", func(n *jsontree.Node, p *form.Path) Change { return PutRole(d.role(n, p)) })
	kind("putManagedPolicy", func(n *jsontree.Node, p *form.Path) Change {
		var m ManagedPolicy
		return PutManagedPolicy(d.inAccount(n, p, "policy", func(n *jsontree.Node, p *form.Path) { m = d.managedPolicy(n, p) }), m)
	})
	kind("putResource", d.putResource)
	kind("putEndpoint", d.putEndpoint)
	kind("remove", func(n *jsontree.Node, p *form.Path) Change {
		var a policy.ARN
		d.ARN(&a)(n, p)
		return Remove(a)
	})
	named("removeEndpoint", RemoveEndpoint)
	kind("markUnknown", func(n *jsontree.Node, p *form.Path) Change { return MarkUnknown(d.gap(n, p)) })
	kind("markKnown", func(n *jsontree.Node, p *form.Path) Change { return MarkKnown(d.gap(n, p)) })
	d.Object(n, p, "an object with one change, such as attachControlPolicy", fields...)
	if n.Kind == jsontree.Object && len(n.Members) != 1 {
		d.Fail(n.Start, p, "has %d members; want one change in each object", len(n.Members))
	}
	return out
}

// wants reports members that are missing.
func (d *decoder) wants(n *jsontree.Node, p *form.Path, names ...string) {
	for _, name := range names {
		if _, ok := n.Member(name); !ok && n.Kind == jsontree.Object {
			d.Fail(n.Start, p, "lacks %q; want %s", name, strings.Join(names, " and "))
		}
	}
}

// inAccount reads an account ID, and what is in the account.
func (d *decoder) inAccount(n *jsontree.Node, p *form.Path, name string, read form.Visit) string {
	var account string
	d.Object(n, p, "an object with account and "+name, form.Member("account", d.Text(&account)), form.Member(name, read))
	d.wants(n, p, "account", name)
	return account
}

func (d *decoder) putOU(n *jsontree.Node, p *form.Path) Change {
	var parent string
	var list []OU
	d.Object(n, p, "an object with parent and ou", form.Member("parent", d.Text(&parent)), form.Member("ou", func(n *jsontree.Node, p *form.Path) {
		var u OU
		d.Object(n, p, "an object, an OU", form.Member("id", d.Text(&u.ID)), form.Member("name", d.Text(&u.Name)), form.Member("attached", d.Texts(&u.Attached)))
		list = append(list, u)
	}))
	d.wants(n, p, "parent", "ou")
	return PutOU(parent, append(list, OU{})[0])
}

func (d *decoder) putAccount(n *jsontree.Node, p *form.Path) Change {
	var parent string
	var a Account
	d.Object(n, p, "an object with account, and parent if it has one", form.Member("parent", d.Text(&parent)), form.Member("account", func(n *jsontree.Node, p *form.Path) { a = d.account(n, p) }))
	d.wants(n, p, "account")
	return PutAccount(parent, a)
}

func (d *decoder) putResource(n *jsontree.Node, p *form.Path) Change {
	var r Resource
	account := d.inAccount(n, p, "resource", func(n *jsontree.Node, p *form.Path) { r = d.resource(n, p) })
	return PutResource(account, r)
}

func (d *decoder) putEndpoint(n *jsontree.Node, p *form.Path) Change {
	var e Endpoint
	account := d.inAccount(n, p, "endpoint", func(n *jsontree.Node, p *form.Path) { e = d.endpoint(n, p) })
	return PutEndpoint(account, e)
}

// marshalChange writes {"name": …}.
func marshalChange(name string, value func(e *encoder)) ([]byte, error) {
	var b bytes.Buffer
	e := &encoder{Encoder: &form.Encoder{JSON: jsontext.NewEncoder(&b, jsontext.AllowDuplicateNames(true))}}
	e.Object(func() {
		e.Name(name)
		value(e)
	})
	if e.Err != nil {
		return nil, fmt.Errorf("org: %w", e.Err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

func marshalText(name, value string) ([]byte, error) {
	return marshalChange(name, func(e *encoder) { e.Token(jsontext.String(value)) })
}

// marshalMembers writes {"name": {"a": "x", …}}, empty members included.
func marshalMembers(name string, pairs ...string) ([]byte, error) {
	return marshalChange(name, func(e *encoder) {
		e.Object(func() {
			for pair := range slices.Chunk(pairs, 2) {
				e.Name(pair[0])
				e.Token(jsontext.String(pair[1]))
			}
		})
	})
}

// marshalIn writes {"name": {"where": "id", "what": …}}.
func marshalIn(name, where, id, what string, value func(e *encoder)) ([]byte, error) {
	return marshalChange(name, func(e *encoder) {
		e.Object(func() {
			e.Text(where, id)
			e.Name(what)
			value(e)
		})
	})
}

func (c putControlPolicy) MarshalJSON() ([]byte, error) {
	return marshalChange("putControlPolicy", func(e *encoder) { e.controlPolicy(c.policy) })
}

func (c removeControlPolicy) MarshalJSON() ([]byte, error) {
	return marshalText("removeControlPolicy", c.id)
}

func (c attach) MarshalJSON() ([]byte, error) {
	return marshalMembers("attachControlPolicy", "policy", c.policy, "target", c.target)
}

func (c detach) MarshalJSON() ([]byte, error) {
	return marshalMembers("detachControlPolicy", "policy", c.policy, "target", c.target)
}

func (c enable) MarshalJSON() ([]byte, error) {
	return marshalText("enablePolicyType", c.kind.String())
}

func (c disable) MarshalJSON() ([]byte, error) {
	return marshalText("disablePolicyType", c.kind.String())
}

func (c putOU) MarshalJSON() ([]byte, error) {
	return marshalIn("putOU", "parent", c.parent, "ou", func(e *encoder) { e.ou(&c.ou) })
}

func (c removeOU) MarshalJSON() ([]byte, error) { return marshalText("removeOU", c.id) }

func (c moveAccount) MarshalJSON() ([]byte, error) {
	return marshalMembers("moveAccount", "account", c.account, "parent", c.parent)
}

func (c putAccount) MarshalJSON() ([]byte, error) {
	return marshalIn("putAccount", "parent", c.parent, "account", func(e *encoder) { e.account(&c.account) })
}

func (c removeAccount) MarshalJSON() ([]byte, error) { return marshalText("removeAccount", c.id) }

func (c putUser) MarshalJSON() ([]byte, error) {
	return marshalChange("putUser", func(e *encoder) { e.user(&c.user, "") })
}

func (c putGroup) MarshalJSON() ([]byte, error) {
	return marshalChange("putGroup", func(e *encoder) { e.group(&c.group, "") })
}

func (c putRole) MarshalJSON() ([]byte, error) {
	return marshalChange("putRole", func(e *encoder) { e.role(&c.role, "") })
}

func (c putPolicy) MarshalJSON() ([]byte, error) {
	return marshalIn("putManagedPolicy", "account", c.account, "policy", func(e *encoder) { e.managedPolicy(&c.policy, "") })
}

func (c putResource) MarshalJSON() ([]byte, error) {
	return marshalIn("putResource", "account", c.account, "resource", func(e *encoder) { e.resource(&c.resource, "") })
}

func (c putEndpoint) MarshalJSON() ([]byte, error) {
	return marshalIn("putEndpoint", "account", c.account, "endpoint", func(e *encoder) { e.endpoint(&c.endpoint, "") })
}

func (c remove) MarshalJSON() ([]byte, error) { return marshalText("remove", c.arn.String()) }

func (c removeEndpoint) MarshalJSON() ([]byte, error) { return marshalText("removeEndpoint", c.id) }

func (c markUnknown) MarshalJSON() ([]byte, error) {
	return marshalChange("markUnknown", func(e *encoder) { e.gap(c.gap) })
}

func (c markKnown) MarshalJSON() ([]byte, error) {
	return marshalChange("markKnown", func(e *encoder) { e.gap(c.gap) })
}
