package check

import "github.com/licit-dev/licit/policy"

// A budget limits the proofs that one call tries, each of which counts the more the larger its
// documents are.
type budget int

const maxWork budget = 20_000

// workBatch is how many statements and values count as one more proof.
const workBatch = 50

// spend takes a proof about statements and values; false: nothing is left.
func (b *budget) spend(n int) bool {
	if *b <= 0 {
		return false
	}
	*b -= budget(1 + n/workBatch)
	return true
}

// weight counts a statement and its values.
func weight(s *policy.Statement) int {
	return 1 + s.Action.Len() + s.NotAction.Len() + s.Resource.Len() + s.NotResource.Len() + s.Condition.Len()
}

// weightOf is that of documents.
func weightOf(documents ...*policy.Document) (n int) {
	for _, d := range documents {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			n += weight(&s)
		}
	}
	return n
}
