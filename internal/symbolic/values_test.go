package symbolic

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// smallReaders read values in a plain way.
var smallReaders = &Readers{
	Number: func(s string) (*big.Rat, bool) {
		if strings.Trim(s, "-.0123456789") != "" || s == "" {
			return nil, false
		}
		return new(big.Rat).SetString(s)
	},
	Date: func(s string) (*big.Rat, bool) {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return nil, false
		}
		r := big.NewRat(t.Unix(), 1)
		return r.Add(r, big.NewRat(int64(t.Nanosecond()), 1e9)), true
	},
	Address: func(s string) (netip.Addr, bool) {
		a, err := netip.ParseAddr(s)
		return a.Unmap(), err == nil
	},
	Content: func(s string) string {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			return string(b)
		}
		return s
	},
}

// plainly reports whether a set has a value, by the meaning of its fields.
func (v *Values) plainly(s string) bool {
	in := false
	switch v.Family {
	case Texts:
		in = matchElement(v.Patterns, s)
		if v.Complement && v.Form != nil && !matchElement(v.Form, s) {
			return false
		}
	case Numbers, Dates:
		read := smallReaders.Number
		if v.Family == Dates {
			read = smallReaders.Date
		}
		n, ok := read(s)
		if !ok {
			return false
		}
		in = slices.ContainsFunc(v.Ranges, func(r Range) bool {
			return (r.From == nil || n.Cmp(r.From) > 0 || n.Cmp(r.From) == 0 && !r.AboveFrom) &&
				(r.To == nil || n.Cmp(r.To) < 0 || n.Cmp(r.To) == 0 && !r.Below)
		})
	case Addresses:
		a, ok := smallReaders.Address(s)
		if !ok {
			return false
		}
		in = slices.ContainsFunc(v.Networks, func(n netip.Prefix) bool { return n.Contains(a) })
	case Binary:
		in = slices.ContainsFunc(v.Contents, func(c string) bool { return smallReaders.Content(c) == smallReaders.Content(s) })
	}
	return in != v.Complement
}

// valuesOf are what each family's tests and requests are drawn from.
var valuesOf = [families][]string{
	Texts:     {"", "a", "b", "ab", "A", "arn:a:b:c:d:e", "arn:a:b", "1", "YQ==", "10.0.0.1"},
	Numbers:   {"1", "2", "1.5", "02", "-3", "0", "1000000", "2.25", "x", "-2"},
	Dates:     {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2027-06-01T12:00:00Z", "1969-12-31T23:59:59Z", "2026-01-01T01:00:00+01:00", "x"},
	Addresses: {"10.0.0.1", "10.0.0.0", "10.255.255.255", "11.0.0.0", "9.255.255.255", "::ffff:10.0.0.1", "2001:db8::1", "::", "255.255.255.255", "ffff::", "x"},
	Binary:    {"YQ==", "a", "YWI=", "ab", "", "b"},
}

func drawValues(t *rapid.T, f Family) *Values {
	v := &Values{Family: f, Complement: rapid.Bool().Draw(t, "complement")}
	number := func(name string, read func(string) (*big.Rat, bool)) *big.Rat {
		n, ok := read(rapid.SampledFrom(valuesOf[f]).Draw(t, name))
		if !ok {
			return nil
		}
		return n
	}
	for range rapid.IntRange(0, 3).Draw(t, "size") {
		switch f {
		case Texts:
			v.Patterns = append(v.Patterns, drawPattern(t, "ab:1"))
			if rapid.IntRange(0, 3).Draw(t, "written") == 0 {
				v.Patterns = append(v.Patterns, Text(rapid.SampledFrom(valuesOf[Texts]).Draw(t, "text")))
			}
			if rapid.IntRange(0, 3).Draw(t, "form") == 0 {
				v.Form = []Pattern{append(Glob("*:*:", true), Glob("*", false)...)}
			}
		case Numbers, Dates:
			read := smallReaders.Number
			if f == Dates {
				read = smallReaders.Date
			}
			r := Range{From: number("from", read), AboveFrom: rapid.Bool().Draw(t, "above"), Below: rapid.Bool().Draw(t, "below")}
			switch rapid.IntRange(0, 2).Draw(t, "to") {
			case 0:
				r.To = number("to", read)
			case 1:
				r.To, r.AboveFrom, r.Below = r.From, false, false
			}
			v.Ranges = append(v.Ranges, r)
		case Addresses:
			text := rapid.SampledFrom([]string{"10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "11.0.0.0/31", "255.255.255.255/32", "0.0.0.0/32", "ffff::/16"}).Draw(t, "network")
			v.Networks = append(v.Networks, netip.MustParsePrefix(text))
		case Binary:
			v.Contents = append(v.Contents, rapid.SampledFrom(valuesOf[Binary]).Draw(t, "content"))
		}
	}
	return v
}

// TestValueAtomsAreExact: for every value there is an atom that is in just the sets that have
// the value; and a witness that is no guess is in just the sets of its atom. So it is with one
// family of tests on a key, and with several.
func TestValueAtomsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := []Family{rapid.SampledFrom([]Family{Texts, Numbers, Dates, Addresses, Binary}).Draw(t, "family")}
		if rapid.Bool().Draw(t, "mixed") {
			list = append(list, rapid.SampledFrom([]Family{Texts, Numbers, Dates, Addresses, Binary}).Draw(t, "second"))
		}
		p := NewProblem(smallReaders, NewMeter(nil))
		key := p.Key("k", Single, Untyped)
		var sets []*Values
		var requests []string
		for _, f := range list {
			for range rapid.IntRange(1, 3).Draw(t, "sets") {
				v := drawValues(t, f)
				sets = append(sets, v)
				key.Some(v)
			}
			requests = append(requests, valuesOf[f]...)
		}
		if err := p.Settle(); err != nil {
			t.Fatal(err)
		}
		k := p.keys[0]
		signature := func(in func(*Values) bool) string {
			var out []byte
			for _, v := range sets {
				out = append(out, "01"[b2i(in(v))])
			}
			return string(out)
		}
		known := map[string]bool{}
		for i, a := range k.atoms {
			s := signature(func(v *Values) bool { return k.bits[v].has(i) })
			known[s] = true
			if plain := signature(func(v *Values) bool { return v.plainly(a.witness) }); !a.guess && plain != s {
				t.Fatalf("the witness %q is in the sets %s, want %s", a.witness, plain, s)
			}
			if a.guess && list[0] == list[len(list)-1] {
				t.Fatalf("the witness %q of one family is a guess", a.witness)
			}
		}
		for _, s := range requests {
			if plain := signature(func(v *Values) bool { return v.plainly(s) }); !known[plain] {
				t.Fatalf("%q is in the sets %s, and no atom is", s, plain)
			}
		}
	})
}

// TestTypedKeys: a documented type takes away only what cannot be written in it.
func TestTypedKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  Type
		set  *Values
		want []bool // whether there is a value inside, and one outside
	}{
		{"boolean", Boolean, &Values{Patterns: []Pattern{TextASCII("true"), TextASCII("false")}}, []bool{true, false}},
		{"boolean, exactly", Boolean, &Values{Patterns: []Pattern{Text("true"), Text("false")}}, []bool{true, true}},
		{"boolean, read as a number", Boolean, &Values{Family: Numbers, Ranges: []Range{{}}}, []bool{true, true}},
		{"number", Number, &Values{Family: Numbers, Ranges: []Range{{}}}, []bool{true, false}},
		{"untyped number", Untyped, &Values{Family: Numbers, Ranges: []Range{{}}}, []bool{true, true}},
		{"number as text", Number, &Values{Patterns: []Pattern{Text("1")}}, []bool{true, true}},
		{"date", Date, &Values{Family: Dates, Ranges: []Range{{}}}, []bool{true, false}},
		{"address", Address, &Values{Family: Addresses, Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}, []bool{true, false}},
		{"an IPv4 address", Address, &Values{Family: Addresses, Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}, []bool{true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewProblem(smallReaders, NewMeter(nil))
			key := p.Key("k", Single, c.typ)
			inside := key.Some(c.set)
			outside := And(key.Present(), Not(inside))
			if err := p.Settle(); err != nil {
				t.Fatal(err)
			}
			for i, f := range []*Formula{inside, outside} {
				if _, got, err := p.Solve(f); got != c.want[i] || err != nil {
					t.Errorf("%s: got %v, want %v: %v", []string{"inside", "outside"}[i], got, c.want[i], err)
				}
			}
		})
	}
}

// TestManyAtomsAreALimit: a key with too many classes of values ends at the limit, whatever its
// type takes away of them.
func TestManyAtomsAreALimit(t *testing.T) {
	for _, typ := range []Type{Untyped, Number} {
		p := NewProblem(smallReaders, NewMeter(nil))
		key := p.Key("k", Single, typ)
		numbers, dates := &Values{Family: Numbers}, &Values{Family: Dates}
		for i := range int64(150) {
			bound := big.NewRat(2*i, 1)
			numbers.Ranges = append(numbers.Ranges, Range{From: bound, To: bound})
			dates.Ranges = append(dates.Ranges, Range{From: bound, To: bound})
		}
		last := &Values{Family: Numbers, Ranges: numbers.Ranges[149:]}
		found := And(key.Some(numbers), key.Some(dates), key.Some(last))
		if err := p.Settle(); err == Entangled {
			continue
		}
		if _, ok, err := p.Solve(found); !ok || err != nil {
			t.Errorf("type %d: %d atoms: got %v, %v for a formula that has a model", typ, len(p.keys[0].atoms), ok, err)
		}
	}
}
