package simulate

import (
	"slices"
	"strconv"
)

// control is what SCPs and RCPs leave to the principal at hand. They say the same to all
// principals of an account for whom their conditions come out alike.
func (b *matrixBuilder) control(w *world, k int) *controlState {
	linked := w.serviceLinked()
	scps, rcps := w.scps, w.rcps
	if w.isManagement(w.view.Caller.Account) || linked {
		scps = nil
	}
	if w.isManagement(w.owner) || linked {
		rcps = nil
	}
	if k == 1 && b.sameControls(scps) && b.sameControls(rcps) {
		b.key = append(b.key[:0], '0')
	} else {
		b.key = append(b.key[:0], byte('0'+k))
	}
	b.key = strconv.AppendBool(append(b.key, w.account.id...), linked)
	b.conditions(scps, k)
	b.conditions(rcps, k)
	c, ok := b.controls[string(b.key)]
	if ok {
		return c
	}
	b.look(0, b.table.words)
	b.start()
	for i := range scps {
		full, denies := b.layer(&scps[i].layer, k)
		if denies {
			b.denies(StageServiceControl, b.layerDeny, b.all)
		}
		if !full {
			b.needs(StageServiceControl, b.layerAllow)
		}
	}
	for i := range rcps {
		if _, denies := b.layer(&rcps[i].layer, k); denies {
			b.denies(StageResourceControl, b.layerDeny, b.rcp)
			clear(b.layerDeny.yes)
			b.denies(StageResourceControl, b.layerDeny, b.mayRCP)
		}
	}
	c = b.leave()
	b.controls[string(b.key)] = c
	return c
}

// leave keeps the decision as it is.
func (b *matrixBuilder) leave() *controlState {
	c, room := &controlState{}, make(bitset, 0, 8*b.table.words)
	keep := func(s bitset) bitset {
		from := len(room)
		room = append(room, s...)
		return room[from:len(room):len(room)]
	}
	c.deny, c.allow = triset{keep(b.deny.yes), keep(b.deny.may)}, triset{keep(b.allow.yes), keep(b.allow.may)}
	for i := range b.stage {
		c.stage[i] = keep(b.stage[i])
	}
	return c
}

// sameControls reports whether statements without conditions say the same of a request
// that names no resource, and of any resource.
func (b *matrixBuilder) sameControls(levels []level) bool {
	return !slices.ContainsFunc(levels, func(l level) bool {
		return slices.ContainsFunc(l.list, func(a *attachment) bool { return a.program != nil && !b.sets(a).same })
	})
}

// start is the decision before any policy.
func (b *matrixBuilder) start() {
	b.deny.clear()
	b.allow.set(b.full)
	for i := range b.stage {
		clear(b.stage[i])
	}
}

// conditions adds to the key how the statements with conditions come out.
func (b *matrixBuilder) conditions(levels []level, k int) {
	for i := range levels {
		for _, a := range levels[i].list {
			if a.program == nil {
				continue
			}
			s := b.sets(a)
			for j := range s.open {
				for c := range b.table.classes {
					if b.concerns(&s.open[j], c) {
						b.key = append(b.key, byte('0'+b.value(s, &s.open[j], c, k)))
					}
				}
			}
		}
	}
}
