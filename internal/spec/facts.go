package spec

import (
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// What is data and not a rule is asked of serviceref in this file only.

// isMultivaluedByType implements R-CTX-2.
//
// R-CTX-2 Choice: keys that policies of AWS test without a set operator, such as events:detail-type, are
// of what number a request has, in spite of their type.
func isMultivaluedByType(key string) bool {
	k, ok := serviceref.Embedded().Key(key)
	return ok && k.Multivalued && !k.Plain
}

// supportsRCP implements the list of R-RCP-3; facts are nil for the embedded ones.
func supportsRCP(facts *serviceref.Reference, service string) (supports, known bool) {
	if facts == nil {
		facts = serviceref.Embedded()
	}
	return facts.SupportsRCP(service)
}

// collectionARN implements the table of R-RSC-5, with the placeholders ${Partition},
// ${Region} and ${Account}.
func collectionARN(a policy.Action) (string, bool) { return serviceref.Embedded().Collection(a) }

// globalRegion is the region that calls to a global service carry, "" for other services.
func globalRegion(a policy.Action) string {
	region, _ := serviceref.Embedded().GlobalRegion(a.Service())
	return region
}

// awsManagedPolicy is a managed policy of AWS that no account lists.
func awsManagedPolicy(arn policy.ARN) (*policy.Document, bool) {
	p, ok := serviceref.ManagedPolicy(arn)
	if !ok {
		return nil, false
	}
	return p.Document(), true
}
