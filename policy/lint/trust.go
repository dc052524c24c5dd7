package lint

// trustRules are about trust policies of roles.
var trustRules = []rule{}
