package lint

// deadRules are about statements that do nothing.
var deadRules = []rule{}
