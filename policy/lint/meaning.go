package lint

// meaningRules are about conditions that do not mean what they seem to.
var meaningRules = []rule{}
