package lint

// riskRules are about risky permissions.
var riskRules = []rule{}
