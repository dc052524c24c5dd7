package serviceref

import "github.com/licit-dev/licit/internal/shrink"

// Shrink lists patterns that name exactly the known actions that the given ones do, as few
// as it finds: of *, whole services, single actions, the patterns given, and those with one
// star or with one at each end that cut no words, such as s3:Get*, s3:*Acl and iam:*Role*. A
// list of a few dozen is the shortest of these that there is; where the search would take too
// long, a longer one may not be. Of patterns that do the same it takes those with few stars,
// then short ones. What names no known action is kept, unless another pattern covers it. The
// result is sorted without regard to case. A pattern also names actions that AWS will add
// later.
func (r *Reference) Shrink(actions []string) []string {
	return shrink.Find(r, actions, shrink.AtWords).Patterns
}
