package lint

// securityRules are about access that is rarely meant.
var securityRules = []rule{}
