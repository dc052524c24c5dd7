package lint

// actionRules are about action names.
var actionRules = []rule{}
