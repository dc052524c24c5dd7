package simulate

import (
	"encoding/binary"
	"slices"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// An attachment is a document where it is attached. Its program is nil when the document
// is not known.
type attachment struct {
	program *engine.Program
	id      uint32 // number of the program; 0: none
	base    uint32 // number of its first statement

	document *policy.Document
	name     string
	of       string     // ID, or holder of an inline policy
	node     *[2]string // of a control policy: its ID and name
	kind     policy.Kind
	inline   bool
	gateway  bool // the policy of a gateway endpoint
}

// ref names the document where it is attached. It is made when somebody asks: there are as
// many attachments as principals, and more.
func (a *attachment) ref() PolicyRef {
	r := PolicyRef{Kind: a.kind, Name: a.name, Document: a.document}
	if a.inline {
		r.Holder = a.of
	} else {
		r.ID = a.of
	}
	if a.node != nil {
		r.Node, r.NodeName = a.node[0], a.node[1]
	}
	return r
}

// A layer is a set of documents that work together.
type layer struct {
	list []*attachment
	gap  string          // subject of a gap in it, or ""
	all  *engine.Program // the documents of list in one, or nil
}

// roomForMerged bounds what an environment spends on merged programs: a megabyte or two.
// Principals beyond it are decided document by document.
const roomForMerged = 1 << 13

// merge makes one program of the documents of a layer, so that a request is looked up once.
func (e *Environment) merge(l *layer) {
	list := make([]*engine.Program, 0, len(l.list))
	l.list = slices.Clone(l.list) // it may have grown beyond what it holds
	var key []byte
	for _, a := range l.list {
		if a.program != nil {
			list = append(list, a.program)
			key = binary.AppendUvarint(key, uint64(a.id))
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
		p = e.compiler.Merge(list)
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
	for _, a := range l.list {
		if a.program == nil {
			continue
		}
		if i == 0 {
			return a.base + statement + 1
		}
		i--
	}
	panic("simulate: a merged program that is not of its layer")
}

func (l *layer) missing(subject string) {
	if l.gap == "" {
		l.gap = subject
	}
}
