package lint

// variableRules are about policy variables.
var variableRules = []rule{}
