// Package engine compiles one policy document and matches it against one request.
//
// [Compile] turns a document into a [Program]: statements indexed by action, patterns
// tokenised, operators and keys resolved, values parsed. [Program.Eval] answers for each
// effect whether a statement matches: [No], [Maybe] or [Yes]. It is three-valued because
// a condition key may be unknown, and it does not allocate. A [Tester] says of one
// statement where it stopped matching. [Merge] makes one program of the documents of a
// layer.
//
// How layers combine is the business of package simulate.
package engine

// A Tri is a truth value. Unknown facts make it Maybe; AND is min, OR is max.
type Tri uint8

// The truth values, in order.
const (
	No Tri = iota
	Maybe
	Yes
)

func tri(b bool) Tri {
	if b {
		return Yes
	}
	return No
}

func not(t Tri) Tri { return Yes - t }
