package sar

import (
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/ascii"
)

// Magic begins every image; its last byte is the version of the layout.
const Magic = "licit-sar\x02"

// partSize is the raw size at which a part of an image ends: small enough that a look-up
// inflates little, large enough that deflating the parts one by one costs little.
const partSize = 64 << 10

// An image is Magic, a plain head (date, keys, services that support RCPs) with its length
// in front, and deflated texts: the index of services with what they share, with its raw
// and its deflated length in front, and the parts, each the actions and resource types of
// some neighbouring services. All hold columns: all first fields, then all second fields,
// and so on, every number a uvarint.

// Encode writes the image. The same facts give the same bytes. Facts are made canonical
// first; a name that nothing declares is an error.
func Encode(f *Facts) ([]byte, error) { return encode(f, flate.BestCompression) }

// EncodeFast is Encode without compression, for an image that is read at once.
func EncodeFast(f *Facts) ([]byte, error) { return encode(f, flate.NoCompression) }

func encode(f *Facts, level int) ([]byte, error) {
	if err := f.Canonical(); err != nil {
		return nil, err
	}
	e := encoder{keys: make(map[string]int), actions: make(map[string]int)}
	for i, k := range f.Keys {
		e.keys[ascii.ToLower(k.Name)] = i
	}
	for _, s := range f.Services {
		for _, a := range s.Actions {
			e.actions[ascii.ToLower(s.Prefix+":"+a.Name)] = len(e.actions)
		}
	}
	var head writer
	head.string(f.Date)
	writeKeys(&head, f.Keys)
	var rcp []string
	for _, s := range f.Services {
		if s.RCP {
			rcp = append(rcp, s.Prefix)
		}
	}
	head.uvarint(len(rcp))
	for _, prefix := range rcp {
		head.string(prefix)
	}
	index, parts, err := e.body(f, level)
	if err != nil {
		return nil, err
	}
	out := writer([]byte(Magic))
	out.uvarint(len(head))
	out = append(out, head...)
	z, err := deflate(index, level)
	out.uvarint(len(index))
	out.uvarint(len(z))
	out = append(out, z...)
	return append(out, parts...), err
}

func writeKeys(w *writer, keys []Key) {
	w.uvarint(len(keys))
	for _, k := range keys {
		w.uvarint(len(k.Name))
	}
	for _, k := range keys {
		multi := uint8(0)
		if k.Multivalued {
			multi = 1
		}
		*w = append(*w, k.Type<<1|multi)
	}
	for _, k := range keys {
		*w = append(*w, k.Presence)
	}
	for _, k := range keys {
		*w = append(*w, k.Name...)
	}
}

type encoder struct {
	keys, actions         map[string]int
	sets, links, refLists interned
	err                   error
}

// interned is a list of distinct lists of numbers; list 0 is empty.
type interned struct {
	index map[string]int
	lists [][]int
}

func (n *interned) id(list []int) int {
	if n.index == nil {
		n.index, n.lists = map[string]int{"": 0}, [][]int{nil}
	}
	var key writer
	for _, v := range list {
		key.uvarint(v)
	}
	id, ok := n.index[string(key)]
	if !ok {
		id = len(n.lists)
		n.index[string(key)] = id
		n.lists = append(n.lists, list)
	}
	return id
}

// write writes the lengths, and then each item as its difference from the one before, if
// sorted, or as it is.
func (n *interned) write(w *writer, sorted bool) {
	n.id(nil)
	w.uvarint(len(n.lists))
	for _, l := range n.lists {
		w.uvarint(len(l))
	}
	for _, l := range n.lists {
		before := 0
		for _, v := range l {
			w.uvarint(v - before)
			if sorted {
				before = v
			}
		}
	}
}

func (e *encoder) place(where, what, name string, in map[string]int) int {
	i, ok := in[ascii.ToLower(name)]
	if !ok && e.err == nil {
		e.err = fmt.Errorf("%s: nothing declares the %s %q", where, what, name)
	}
	return i
}

func (e *encoder) set(where, what string, names []string, in map[string]int) []int {
	var ids []int
	for _, name := range names {
		ids = append(ids, e.place(where, what, name, in))
	}
	slices.Sort(ids)
	return ids
}

// body gives the index and the deflated parts.
func (e *encoder) body(f *Facts, level int) (index, parts writer, err error) {
	services, table := newColumns(8), newColumns(3)
	var p *part
	flush := func() error {
		if p == nil {
			return nil
		}
		raw := p.bytes()
		z, err := deflate(raw, level)
		table.number(0, p.services)
		table.number(1, len(raw))
		table.number(2, len(z))
		parts = append(parts, z...)
		p = nil
		return err
	}
	n := 0
	for _, s := range f.Services {
		if p == nil {
			p = &part{actions: newColumns(6), types: newColumns(4)}
			n++
		}
		arns := e.service(p, s)
		services.number(0, len(s.Prefix))
		services.text(1, s.Prefix)
		services.number(2, len(s.Name))
		services.text(3, s.Name)
		services.number(4, len(s.Actions))
		services.number(5, len(s.Types))
		services.number(6, arns)
		services.number(7, e.sets.id(e.set(s.Prefix, "condition key", s.Keys, e.keys)))
		if p.size() >= partSize {
			if err := flush(); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, nil, err
	}
	index.uvarint(len(f.Services))
	services.write(&index)
	e.sets.write(&index, true)
	e.links.write(&index, true)
	e.refLists.write(&index, false)
	index.uvarint(n)
	table.write(&index)
	return index, parts, e.err
}

// A part is what some neighbouring services declare.
type part struct {
	services       int
	actions, types columns
	arnLens, arns  writer
}

func (p *part) size() int { return p.actions.size() + p.types.size() + len(p.arns) }

func (p *part) bytes() (w writer) {
	p.actions.write(&w)
	p.types.write(&w)
	return append(append(w, p.arnLens...), p.arns...)
}

// service adds a service to the part and counts its ARN formats.
func (e *encoder) service(p *part, s Service) (arns int) {
	p.services++
	local := make(map[string]int)
	for i, t := range s.Types {
		local[ascii.ToLower(t.Name)] = i
		p.types.number(0, len(t.Name))
		p.types.text(1, t.Name)
		p.types.number(2, e.sets.id(e.set(s.Prefix+" "+t.Name, "condition key", t.Keys, e.keys)))
		p.types.number(3, len(t.ARNs))
		arns += len(t.ARNs)
		for _, arn := range t.ARNs {
			p.arnLens.uvarint(len(arn))
			p.arns = append(p.arns, arn...)
		}
	}
	for _, a := range s.Actions {
		where := s.Prefix + ":" + a.Name
		var refs []int
		for _, r := range a.Refs {
			refs = append(refs,
				e.place(where, "resource type", r.Type, local)<<1|flag(r.Required),
				e.sets.id(e.set(where, "condition key", r.Keys, e.keys)))
		}
		p.actions.number(0, len(a.Name))
		p.actions.text(1, a.Name)
		p.actions.number(2, int(a.Level)<<2|flag(a.PermissionOnly)<<1|flag(a.Advisory))
		p.actions.number(3, e.refLists.id(refs))
		p.actions.number(4, e.sets.id(e.set(where, "condition key", a.Keys, e.keys)))
		p.actions.number(5, e.links.id(e.set(where, "action", a.Dependents, e.actions)))
	}
	return arns
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// columns are written one after the other.
type columns []writer

func newColumns(n int) columns { return make(columns, n) }

func (c columns) number(col, v int)      { c[col].uvarint(v) }
func (c columns) text(col int, s string) { c[col] = append(c[col], s...) }

func (c columns) size() (n int) {
	for _, col := range c {
		n += len(col)
	}
	return n
}

func (c columns) write(w *writer) {
	for _, col := range c {
		*w = append(*w, col...)
	}
}

type writer []byte

func (w *writer) uvarint(v int)   { *w = binary.AppendUvarint(*w, uint64(v)) }
func (w *writer) string(s string) { w.uvarint(len(s)); *w = append(*w, s...) }
