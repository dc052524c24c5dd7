package lint

// organizationRules are about SCPs and RCPs.
var organizationRules = []rule{}
