package serviceref

import "github.com/licit-dev/licit/internal/shrink"

// Shrink lists the fewest patterns that name exactly the known actions that the given
// patterns name: whole services, beginnings such as s3:GetObject*, the patterns given, and
// single actions. What names no known action is kept as it is. The result is sorted
// without regard to case. A pattern also names actions that AWS will add later.
func (r *Reference) Shrink(actions []string) []string { return shrink.Patterns(r, actions) }
