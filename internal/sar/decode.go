package sar

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/licit-dev/licit/internal/ascii"
)

// maxBody is the largest text that is inflated.
const maxBody = 64 << 20

// A Head is the plain part of an image: what can be read without inflating.
type Head struct {
	Date string
	Keys []Key    // sorted by name, ASCII letters in lower case; names are parts of the image
	RCP  []string // prefixes of the services that support RCPs, sorted
	rest string
}

// A Body is the deflated rest, for reading by index. Actions, Types and ARNs are there for
// the services that [Body.Load] was called for. It is safe for concurrent use.
type Body struct {
	Services []ServiceRow // sorted by prefix
	Actions  []ActionRow  // by service, then by name
	Types    []TypeRow    // by service, then by name
	Sets     [][]uint32   // of indexes into Head.Keys; set 0 is empty
	Links    [][]uint32   // of indexes into Actions; 0 is empty
	RefLists [][]uint32   // pairs: type index in the service<<1|required, set; list 0 is empty
	ARNs     []string
	parts    []packedPart
	keys     int // of the head
}

// A packedPart holds the actions and types of some services.
type packedPart struct {
	read            atomic.Bool
	mu              sync.Mutex
	packed          string
	size            int
	services, after int
}

// ServiceRow is one service of a Body.
type ServiceRow struct {
	Prefix, Name          string
	Actions, ActionsAfter uint32 // its part of Body.Actions
	Types, TypesAfter     uint32 // its part of Body.Types
	ARNs, ARNsAfter       uint32 // its part of Body.ARNs
	Keys                  uint32 // set
	part                  uint32
}

// ActionRow is one action of a Body.
type ActionRow struct {
	Name              string // "s3:GetObject"
	Service           uint32
	Flags             uint8 // level<<2 | permission only<<1 | advisory facts known
	Refs, Keys, Links uint32
}

// TypeRow is one resource type of a Body.
type TypeRow struct {
	Name            string
	Service         uint32
	Keys            uint32 // set
	ARNs, ARNsAfter uint32 // its part of Body.ARNs
}

var errImage = errors.New("the image is damaged")

// DecodeHead reads the plain part of an image.
func DecodeHead(image string) (*Head, error) {
	rest, ok := strings.CutPrefix(image, Magic)
	if !ok {
		return nil, errors.New("no image of service facts, or one of another version")
	}
	r := reader{s: rest}
	r = reader{s: r.text(r.number())}
	h := &Head{rest: rest}
	h.Date = r.text(r.number())
	n := r.count()
	lens := r.column(n)
	meta, presence := r.text(n), r.text(n)
	h.Keys = make([]Key, 0, n)
	for i, l := range lens {
		if r.bad {
			break
		}
		k := Key{r.text(int(l)), meta[i] >> 1, meta[i]&1 == 1, presence[i]}
		if int(k.Type) >= len(Types()) || int(k.Presence) >= len(Presences()) || i > 0 && ascii.Compare(h.Keys[i-1].Name, k.Name) >= 0 {
			r.bad = true
		}
		h.Keys = append(h.Keys, k)
	}
	h.RCP = make([]string, r.count())
	for i := range h.RCP {
		h.RCP[i] = r.text(r.number())
		if i > 0 && ascii.Compare(h.RCP[i-1], h.RCP[i]) >= 0 {
			r.bad = true
		}
	}
	if r.bad || r.s != "" {
		return nil, errImage
	}
	outer := reader{s: rest}
	outer.text(outer.number())
	h.rest = outer.s
	return h, nil
}

// Body inflates and reads the index. The parts wait for [Body.Load].
func (h *Head) Body() (*Body, error) {
	r := reader{s: h.rest}
	size := r.number()
	index, err := inflate(r.text(r.number()), size)
	if err != nil || r.bad {
		return nil, errImage
	}
	b := &Body{keys: len(h.Keys)}
	in := reader{s: index}
	b.readIndex(&in)
	b.readParts(&in, &r)
	if in.bad || in.s != "" || r.bad || r.s != "" {
		return nil, errImage
	}
	return b, nil
}

func (b *Body) readIndex(r *reader) {
	n := r.count()
	prefixes, names := r.texts(n), r.texts(n)
	actions, types, arns, sets := r.column(n), r.column(n), r.column(n), r.column(n)
	b.Sets, b.Links, b.RefLists = r.lists(true), r.lists(true), r.lists(false)
	if r.bad {
		return
	}
	b.Services = make([]ServiceRow, n)
	na, nt, nf := 0, 0, 0
	for i := range b.Services {
		s := ServiceRow{Prefix: prefixes[i], Name: names[i], Keys: sets[i], Actions: uint32(na), Types: uint32(nt), ARNs: uint32(nf)}
		na, nt, nf = na+int(actions[i]), nt+int(types[i]), nf+int(arns[i])
		if max(na, nt, nf) > maxBody {
			r.bad = true
			return
		}
		s.ActionsAfter, s.TypesAfter, s.ARNsAfter = uint32(na), uint32(nt), uint32(nf)
		b.Services[i] = s
	}
}

// readParts takes the parts of the image, which stand in packed, without inflating them.
func (b *Body) readParts(r, packed *reader) {
	n := r.count()
	counts, sizes, lens := r.column(n), r.column(n), r.column(n)
	if r.bad {
		return
	}
	b.parts = make([]packedPart, n)
	s, total := 0, 0
	for i := range b.parts {
		p := &b.parts[i]
		p.packed, p.size, p.services = packed.text(int(lens[i])), int(sizes[i]), s
		total += p.size
		s += int(counts[i])
		if s > len(b.Services) {
			r.bad = true
			return
		}
		p.after = s
		for j := p.services; j < s; j++ {
			b.Services[j].part = uint32(i)
		}
	}
	var last ServiceRow
	if s > 0 {
		last = b.Services[s-1]
	}
	na, nt, nf := int(last.ActionsAfter), int(last.TypesAfter), int(last.ARNsAfter)
	// Each action, type and format has at least a byte in a part.
	if s != len(b.Services) || na+nt+nf > total {
		r.bad = true
		return
	}
	b.Actions, b.Types, b.ARNs = make([]ActionRow, na), make([]TypeRow, nt), make([]string, nf)
}

// Load makes the actions and resource types of a service readable. It panics if the image
// is damaged, which [Body.Check] finds out.
func (b *Body) Load(service int) {
	if p := &b.parts[b.Services[service].part]; !p.read.Load() {
		if err := b.load(p); err != nil {
			panic("sar: " + err.Error())
		}
	}
}

// Action is an action by its index, with its service loaded.
func (b *Body) Action(i uint32) *ActionRow {
	s := sort.Search(len(b.Services), func(s int) bool { return b.Services[s].ActionsAfter > i })
	b.Load(s)
	return &b.Actions[i]
}

func (b *Body) load(p *packedPart) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read.Load() {
		return nil
	}
	raw, err := inflate(p.packed, p.size)
	if err != nil {
		return err
	}
	r := reader{s: raw}
	b.readActions(&r, p)
	b.readTypes(&r, p)
	if r.bad || r.s != "" {
		return errImage
	}
	p.read.Store(true)
	return nil
}

func (b *Body) readActions(r *reader, p *packedPart) {
	if p.services == p.after {
		r.bad = true
		return
	}
	services := b.Services[p.services:p.after]
	first, after := services[0].Actions, services[len(services)-1].ActionsAfter
	rows := b.Actions[first:after]
	lens, total := r.lengths(len(rows))
	names := r.text(total)
	if r.bad {
		return
	}
	for i := range services {
		total += (len(services[i].Prefix) + 1) * int(services[i].ActionsAfter-services[i].Actions)
	}
	if total > maxBody {
		r.bad = true
		return
	}
	// Whole names lie in one text, so that an Action costs nothing.
	var full strings.Builder
	full.Grow(total)
	for si := range services {
		s := &services[si]
		for i := s.Actions; i < s.ActionsAfter; i++ {
			l := lens[i-first]
			full.WriteString(s.Prefix)
			full.WriteByte(':')
			full.WriteString(names[:l])
			names = names[l:]
		}
	}
	text := full.String()
	for si := range services {
		s := &services[si]
		for i := s.Actions; i < s.ActionsAfter; i++ {
			l := len(s.Prefix) + 1 + int(lens[i-first])
			rows[i-first].Name, rows[i-first].Service = text[:l], uint32(p.services+si)
			text = text[l:]
		}
	}
	for i := range rows {
		rows[i].Flags = uint8(r.small())
	}
	for i := range rows {
		rows[i].Refs = r.small()
	}
	for i := range rows {
		rows[i].Keys = r.small()
	}
	for i := range rows {
		rows[i].Links = r.small()
	}
}

func (b *Body) readTypes(r *reader, p *packedPart) {
	if r.bad {
		return
	}
	services := b.Services[p.services:p.after]
	last := services[len(services)-1]
	first, arns := services[0].Types, services[0].ARNs
	rows := b.Types[first:last.TypesAfter]
	names := r.texts(len(rows))
	sets, counts := r.column(len(rows)), r.column(len(rows))
	if r.bad {
		return
	}
	for si := range services {
		s := &services[si]
		for i := s.Types; i < s.TypesAfter; i++ {
			n := counts[i-first]
			if n > s.ARNsAfter-arns {
				r.bad = true
				return
			}
			rows[i-first] = TypeRow{names[i-first], uint32(p.services + si), sets[i-first], arns, arns + n}
			arns += n
		}
		if arns != s.ARNsAfter {
			r.bad = true
			return
		}
	}
	copy(b.ARNs[services[0].ARNs:], r.texts(int(arns-services[0].ARNs)))
}

// Check loads everything and wants every index inside its table, and names in order.
func (b *Body) Check() error {
	for i := range b.parts {
		if err := b.load(&b.parts[i]); err != nil {
			return err
		}
	}
	r := new(reader)
	b.checkLists(r)
	if r.bad {
		return errImage
	}
	for i := range b.Services {
		b.checkService(r, i)
	}
	if r.bad {
		return errImage
	}
	return nil
}

func (b *Body) checkLists(r *reader) {
	for _, set := range b.Sets {
		for _, k := range set {
			r.below(k, b.keys)
		}
	}
	for _, list := range b.Links {
		for _, a := range list {
			r.below(a, len(b.Actions))
		}
	}
	for _, list := range b.RefLists {
		if len(list)%2 != 0 {
			r.bad = true
			return
		}
		for i := 1; i < len(list); i += 2 {
			r.below(list[i], len(b.Sets))
		}
	}
}

func (b *Body) checkService(r *reader, i int) {
	s := &b.Services[i]
	r.bad = r.bad || i > 0 && ascii.Compare(b.Services[i-1].Prefix, s.Prefix) >= 0
	r.below(s.Keys, len(b.Sets))
	types, actions := b.Types[s.Types:s.TypesAfter], b.Actions[s.Actions:s.ActionsAfter]
	for j := range types {
		r.below(types[j].Keys, len(b.Sets))
		r.bad = r.bad || j > 0 && ascii.Compare(types[j-1].Name, types[j].Name) >= 0
	}
	for j := range actions {
		a := &actions[j]
		r.bad = r.bad || j > 0 && ascii.Compare(actions[j-1].Name, a.Name) >= 0
		if level := int(a.Flags >> 2); level == 0 || level >= len(Levels()) {
			r.bad = true
		}
		r.below(a.Keys, len(b.Sets))
		r.below(a.Links, len(b.Links))
		if r.below(a.Refs, len(b.RefLists)); r.bad {
			return
		}
		for list := b.RefLists[a.Refs]; len(list) > 0; list = list[2:] {
			r.below(list[0]>>1, len(types))
		}
	}
}

// A reader takes an image apart. After the first thing that does not fit it is bad and
// gives zeros.
type reader struct {
	s   string
	bad bool
}

func (r *reader) number() int {
	var v uint64
	for i := 0; i < len(r.s) && i < 5; i++ {
		c := r.s[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.s = r.s[i+1:]
			if v > maxBody {
				break
			}
			return int(v)
		}
	}
	r.bad = true
	return 0
}

// count is a number of things of at least one byte each.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.s) {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) text(n int) string {
	if r.bad || n > len(r.s) {
		r.bad = true
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *reader) column(n int) []uint32 {
	if r.bad || n > len(r.s) {
		r.bad = true
		return nil
	}
	col := make([]uint32, n)
	s := r.s
	for i := range col {
		if len(s) > 0 && s[0] < 0x80 {
			col[i] = uint32(s[0])
			s = s[1:]
			continue
		}
		if len(s) > 1 && s[1] < 0x80 {
			col[i] = uint32(s[0]&0x7f) | uint32(s[1])<<7
			s = s[2:]
			continue
		}
		r.s = s
		col[i] = uint32(r.number())
		s = r.s
	}
	r.s = s
	return col
}

// small is a number, in most cases of one byte.
func (r *reader) small() uint32 {
	if len(r.s) > 0 && r.s[0] < 0x80 {
		v := uint32(r.s[0])
		r.s = r.s[1:]
		return v
	}
	return uint32(r.number())
}

// lengths is a column of lengths and their sum.
func (r *reader) lengths(n int) (lens []uint32, total int) {
	lens = r.column(n)
	for _, l := range lens {
		total += int(l)
	}
	return lens, total
}

// texts reads lengths and then the texts.
func (r *reader) texts(n int) []string {
	lens := r.column(n)
	out := make([]string, len(lens))
	for i, l := range lens {
		out[i] = r.text(int(l))
	}
	return out
}

// lists reads what interned.write wrote.
func (r *reader) lists(sorted bool) [][]uint32 {
	lens, total := r.lengths(r.count())
	items := r.column(total)
	if r.bad || len(lens) == 0 || lens[0] != 0 {
		r.bad = true
		return nil
	}
	out := make([][]uint32, len(lens))
	for i, l := range lens {
		out[i] = items[:l:l]
		items = items[l:]
		if sorted {
			for j := 1; j < len(out[i]); j++ {
				out[i][j] += out[i][j-1]
			}
		}
	}
	return out
}

func (r *reader) below(i uint32, n int) {
	if int(i) >= n {
		r.bad = true
	}
}

// Facts turns an image back into plain data, which [Encode] turns into the same bytes.
func (h *Head) Facts() (*Facts, error) {
	b, err := h.Body()
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	if err := b.Check(); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	f := &Facts{Date: h.Date, Keys: append([]Key(nil), h.Keys...)}
	names := func(set uint32) (out []string) {
		for _, k := range b.Sets[set] {
			out = append(out, h.Keys[k].Name)
		}
		return out
	}
	for _, row := range b.Services {
		s := Service{Prefix: row.Prefix, Name: row.Name, RCP: slices.Contains(h.RCP, row.Prefix), Keys: names(row.Keys)}
		for _, t := range b.Types[row.Types:row.TypesAfter] {
			s.Types = append(s.Types, Type{t.Name, append([]string(nil), b.ARNs[t.ARNs:t.ARNsAfter]...), names(t.Keys)})
		}
		for _, a := range b.Actions[row.Actions:row.ActionsAfter] {
			out := Action{
				Name: a.Name[len(s.Prefix)+1:], Level: a.Flags >> 2,
				PermissionOnly: a.Flags&2 != 0, Advisory: a.Flags&1 != 0, Keys: names(a.Keys),
			}
			for list := b.RefLists[a.Refs]; len(list) > 0; list = list[2:] {
				out.Refs = append(out.Refs, Ref{s.Types[list[0]>>1].Name, list[0]&1 == 1, names(list[1])})
			}
			for _, d := range b.Links[a.Links] {
				out.Dependents = append(out.Dependents, b.Actions[d].Name)
			}
			s.Actions = append(s.Actions, out)
		}
		f.Services = append(f.Services, s)
	}
	return f, nil
}
