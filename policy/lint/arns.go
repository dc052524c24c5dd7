package lint

// arnRules are about resource ARNs.
var arnRules = []rule{}
