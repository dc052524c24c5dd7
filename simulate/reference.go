package simulate

import "github.com/licit-dev/licit/policy/serviceref"

// WithReference decides with these service facts instead of the embedded ones: which
// services RCPs reach (R-RCP-3), and what [Environment.Explain] notes of an action. The
// types of condition keys stay the embedded ones. Where the facts of a day do not tell
// whether RCPs reached a service, a Deny of an RCP makes the decision [Indeterminate].
func WithReference(r *serviceref.Reference) Option {
	return option(func(e *Environment) { e.facts = r })
}
