package simulate

import (
	"encoding/binary"

	"github.com/licit-dev/licit/internal/engine"
)

// An attachment is a document where it is attached. Its program is nil when the document
// is not known.
type attachment struct {
	program *engine.Program
	base    uint32 // number of its first statement
	ref     PolicyRef
}

// A layer is a set of documents that work together.
type layer struct {
	list []*attachment
	gap  string          // subject of a gap in it, or ""
	all  *engine.Program // the documents of list in one, or nil
	each []numbered      // those of list side by side, if there are several
}

// roomForMerged bounds what an environment spends on merged programs: some megabytes.
// Principals beyond it are decided document by document.
const roomForMerged = 1 << 15

// A numbered is a program, the number of its first statement, and its own number.
type numbered struct {
	program *engine.Program
	base    uint32
	id      uint32
}

// merge makes one program of the documents of a layer, so that a request is looked up once.
func (e *Environment) merge(l *layer) {
	list := make([]*engine.Program, 0, len(l.list))
	l.each = make([]numbered, 0, len(l.list))
	var key []byte
	for _, a := range l.list {
		if a.program != nil {
			list = append(list, a.program)
			l.each = append(l.each, numbered{a.program, a.base, e.number[a.program]})
			key = binary.AppendUvarint(key, uint64(e.number[a.program]))
		}
	}
	if len(list) < 2 {
		return
	}
	p, ok := e.merged[string(key)]
	if !ok {
		if e.room < 0 {
			return
		}
		p = engine.Merge(list)
		e.merged[string(key)] = p
		e.room -= p.Size() + len(list)
	}
	l.all = p
}

// number is the number of a statement of the merged program, 0 for none.
func (l *layer) number(at uint32) uint32 {
	if at == 0 {
		return 0
	}
	i, statement := l.all.Part(at - 1)
	return l.each[i].base + statement + 1
}

func (l *layer) missing(subject string) {
	if l.gap == "" {
		l.gap = subject
	}
}
