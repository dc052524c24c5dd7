package symbolic

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// infix are n lists of one pattern with stars inside, which entangle with each other.
func infix(n int) (elements [][]Pattern) {
	for i := range n {
		elements = append(elements, []Pattern{Glob(fmt.Sprintf("*%c%c*%c*", 'a'+i%26, 'a'+i*3%26, 'a'+i*11%26), false)})
	}
	return elements
}

// works are pieces of work that take many steps.
var works = map[string]func(m *Meter) error{
	"an automaton": func(m *Meter) error {
		_, err := Build(m, AnyText, infix(7))
		return err
	},
	"a product": func(m *Meter) error {
		var automata []*Automaton
		for _, e := range infix(7) {
			a, err := Build(NewMeter(nil), AnyText, [][]Pattern{e})
			if err != nil {
				return err
			}
			automata = append(automata, a)
		}
		_, err := Atomize(m, automata)
		return err
	},
	"the atoms of keys": func(m *Meter) error {
		p := NewProblem(smallReaders, m)
		for i := range 2 {
			key := p.Key(fmt.Sprint(i), Either, Untyped)
			for _, e := range infix(7) {
				key.Some(&Values{Patterns: e})
			}
		}
		return p.Settle()
	},
	"a search": func(m *Meter) error {
		p := NewProblem(nil, m)
		goal := pigeons(p, 6)
		if err := p.Settle(); err != nil {
			return err
		}
		_, _, err := p.Solve(goal)
		return err
	},
	"cells": func(m *Meter) error {
		p := NewProblem(nil, m)
		var sides [2]*Side
		for i := range sides {
			sides[i] = &Side{Grant: func(l []*Formula) *Formula { return l[0] }, Layers: make([][]Statement, 1)}
			for j := range 100 {
				text := fmt.Sprintf("arn:aws:sqs:eu-west-1:111122223333:orders%d", j)
				of, err := Build(NewMeter(nil), ResourceText, [][]Pattern{{Text(text)}})
				if err != nil {
					return err
				}
				sides[i].Layers[0] = append(sides[i].Layers[0], Statement{Resource: []Guarded{{Member: Member{Of: of}}}})
			}
		}
		if err := p.Settle(); err != nil {
			return err
		}
		return p.Each(sides[0], sides[1:], True(), func(*Cell) bool { return true })
	},
}

// TestStopsSoon: whenever stop has an error, what is done ends with it, after few steps.
func TestStopsSoon(t *testing.T) {
	enough := errors.New("enough")
	for name, work := range works {
		asked := 0
		all := NewMeter(func() error { asked++; return nil })
		if err := work(all); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if asked < 4 {
			t.Errorf("%s: only %d steps; too few to be stopped", name, all.passed)
		}
		for n := range min(asked, 8) {
			var m *Meter
			at, left := 0, n*asked/min(asked, 8)
			m = NewMeter(func() error {
				if left--; left >= 0 {
					return nil
				}
				if at == 0 {
					at = m.passed
				}
				return enough
			})
			if err := work(m); err != enough {
				t.Errorf("%s: stopped when asked the %dth time: got %v", name, n, err)
			}
			if after := m.passed - at; after > stride {
				t.Errorf("%s: %d steps after the end, of %d before", name, after, at)
			}
		}
	}
}

// TestMeterLimits: more than may be held or done is the error that says so, and what is used counts
// whether it was made for the question or not.
func TestMeterLimits(t *testing.T) {
	a, err := Build(NewMeter(nil), AnyText, infix(7))
	if err != nil {
		t.Fatal(err)
	}
	m := NewMeter(nil)
	n := 0
	for ; err == nil && n < 1<<20; n++ {
		err = m.Use(a)
	}
	if err != TooLarge || n != 1+min(MaxHeld/a.size, MaxSteps/a.steps) {
		t.Errorf("used %d times: %v, want %v", n, err, TooLarge)
	}
	m = NewMeter(nil)
	if err := m.Work(MaxSteps); err != nil {
		t.Error(err)
	}
	if err := m.Work(1); err != TooLarge {
		t.Errorf("got %v, want %v", err, TooLarge)
	}
}

// TestLimitsBoundMemory: what ends at a limit has not allocated much until then.
func TestLimitsBoundMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{12, 24} {
		var one, each [][]Pattern
		for range n {
			var text string
			for range 12 {
				text += "*" + string(rune('a'+r.IntN(26)))
			}
			each = append(each, []Pattern{Glob(text, false)})
		}
		one = [][]Pattern{nil}
		for _, e := range each {
			one[0] = append(one[0], e...)
		}
		for name, elements := range map[string][][]Pattern{"one list": one, "a list each": each} {
			var err error
			bytes := allocated(func() { _, err = Build(NewMeter(nil), AnyText, elements) })
			if err != Entangled {
				t.Errorf("%d globs, %s: %v", n, name, err)
			}
			if bytes > 8*MaxSize {
				t.Errorf("%d globs, %s: %d MiB were allocated", n, name, bytes>>20)
			}
		}
	}
	var automata []*Automaton
	for _, e := range infix(24) {
		a, err := Build(NewMeter(nil), AnyText, [][]Pattern{e})
		if err != nil {
			t.Fatal(err)
		}
		automata = append(automata, a)
	}
	var err error
	bytes := allocated(func() { _, err = Atomize(NewMeter(nil), automata) })
	if err != Entangled || bytes > 8*MaxSize {
		t.Errorf("a product: %v, %d MiB were allocated", err, bytes>>20)
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
