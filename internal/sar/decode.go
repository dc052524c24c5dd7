package sar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxBody is the largest body that is inflated.
const maxBody = 64 << 20

// A Head is the plain part of an image: what can be read without inflating.
type Head struct {
	Date string
	Keys []Key    // sorted by name, ASCII letters in lower case; names are parts of the image
	RCP  []string // prefixes of the services that support RCPs, sorted
	rest string
}

// A Body is the inflated part, for reading by index.
type Body struct {
	Services []ServiceRow // sorted by prefix
	Actions  []ActionRow  // by service, then by name
	Types    []TypeRow    // by service, then by name
	Sets     [][]uint32   // of indexes into Head.Keys; set 0 is empty
	Links    [][]uint32   // of indexes into Actions; 0 is empty
	RefLists [][]uint32   // pairs: type index in the service<<1|required, set; list 0 is empty
	ARNs     []string
}

// ServiceRow is one service of a Body.
type ServiceRow struct {
	Prefix, Name          string
	Actions, ActionsAfter uint32 // its part of Body.Actions
	Types, TypesAfter     uint32 // its part of Body.Types
	Keys                  uint32 // set
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
		if int(k.Type) >= len(Types()) || int(k.Presence) >= len(Presences()) || i > 0 && CompareFold(h.Keys[i-1].Name, k.Name) >= 0 {
			r.bad = true
		}
		h.Keys = append(h.Keys, k)
	}
	h.RCP = make([]string, r.count())
	for i := range h.RCP {
		h.RCP[i] = r.text(r.number())
		if i > 0 && CompareFold(h.RCP[i-1], h.RCP[i]) >= 0 {
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

// Body inflates and reads the rest of the image.
func (h *Head) Body() (*Body, error) {
	r := reader{s: h.rest}
	size := r.number()
	raw, err := inflate(r.s, size)
	if err != nil || r.bad {
		return nil, errImage
	}
	b := new(Body)
	r = reader{s: raw}
	b.read(&r, len(h.Keys))
	if r.bad || r.s != "" {
		return nil, errImage
	}
	return b, nil
}

func (b *Body) read(r *reader, keys int) {
	ns := r.count()
	b.readServices(r, ns)
	b.Sets = r.lists(true)
	b.Links = r.lists(true)
	b.RefLists = r.lists(false)
	if r.bad {
		return
	}
	na, nt := 0, 0
	for i := range b.Services {
		s := &b.Services[i]
		s.Actions, na = uint32(na), na+int(s.ActionsAfter)
		s.Types, nt = uint32(nt), nt+int(s.TypesAfter)
		s.ActionsAfter, s.TypesAfter = uint32(na), uint32(nt)
		r.below(s.Keys, len(b.Sets))
		if i > 0 && CompareFold(b.Services[i-1].Prefix, s.Prefix) >= 0 {
			r.bad = true
		}
	}
	b.readActions(r, na)
	b.readTypes(r, nt)
	if !r.bad {
		b.check(r, keys)
	}
}

func (b *Body) readServices(r *reader, n int) {
	prefixes := r.texts(n)
	names := r.texts(n)
	counts, sets := r.column(2*n), r.column(n)
	if r.bad {
		return
	}
	b.Services = make([]ServiceRow, n)
	for i := range b.Services {
		if counts[2*i] > maxBody || counts[2*i+1] > maxBody {
			r.bad = true
			return
		}
		b.Services[i] = ServiceRow{
			Prefix: prefixes[i], Name: names[i],
			ActionsAfter: counts[2*i], TypesAfter: counts[2*i+1], Keys: sets[i],
		}
	}
}

func (b *Body) readActions(r *reader, n int) {
	lens := r.column(n)
	total := 0
	for _, l := range lens {
		total += int(l)
	}
	names := r.text(total)
	flags, refs, sets, links := r.column(n), r.column(n), r.column(n), r.column(n)
	if r.bad {
		return
	}
	size := total
	for _, s := range b.Services {
		size += (len(s.Prefix) + 1) * int(s.ActionsAfter-s.Actions)
	}
	if size > maxBody {
		r.bad = true
		return
	}
	// Whole names lie in one text, so that an Action costs nothing.
	var full strings.Builder
	full.Grow(size)
	for _, s := range b.Services {
		for i := s.Actions; i < s.ActionsAfter; i++ {
			full.WriteString(s.Prefix)
			full.WriteByte(':')
			full.WriteString(names[:lens[i]])
			names = names[lens[i]:]
		}
	}
	text := full.String()
	b.Actions = make([]ActionRow, n)
	for si, s := range b.Services {
		for i := s.Actions; i < s.ActionsAfter; i++ {
			l := len(s.Prefix) + 1 + int(lens[i])
			b.Actions[i] = ActionRow{text[:l], uint32(si), uint8(flags[i]), refs[i], sets[i], links[i]}
			text = text[l:]
			if flags[i]>>2 == 0 || int(flags[i]>>2) >= len(Levels()) || i > s.Actions && CompareFold(b.Actions[i-1].Name, b.Actions[i].Name) >= 0 {
				r.bad = true
			}
		}
	}
}

func (b *Body) readTypes(r *reader, n int) {
	names := r.texts(n)
	sets, counts := r.column(n), r.column(n)
	if r.bad {
		return
	}
	b.Types = make([]TypeRow, n)
	arns := 0
	for si, s := range b.Services {
		for i := s.Types; i < s.TypesAfter; i++ {
			b.Types[i] = TypeRow{names[i], uint32(si), sets[i], uint32(arns), uint32(arns) + counts[i]}
			arns += int(counts[i])
			if counts[i] > maxBody || arns > maxBody || i > s.Types && CompareFold(names[i-1], names[i]) >= 0 {
				r.bad = true
				return
			}
		}
	}
	b.ARNs = r.texts(arns)
}

// check wants every index inside its table.
func (b *Body) check(r *reader, keys int) {
	for _, set := range b.Sets {
		for _, k := range set {
			r.below(k, keys)
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
	for i := range b.Types {
		r.below(b.Types[i].Keys, len(b.Sets))
	}
	for i := range b.Actions {
		a := &b.Actions[i]
		r.below(a.Refs, len(b.RefLists))
		r.below(a.Keys, len(b.Sets))
		r.below(a.Links, len(b.Links))
		if r.bad {
			return
		}
		s := &b.Services[a.Service]
		for j := 0; j < len(b.RefLists[a.Refs]); j += 2 {
			r.below(b.RefLists[a.Refs][j]>>1, int(s.TypesAfter-s.Types))
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
	lens := r.column(r.count())
	total := 0
	for _, l := range lens {
		total += int(l)
	}
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
