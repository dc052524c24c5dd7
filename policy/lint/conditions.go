package lint

// conditionRules are about condition operators, keys and values.
var conditionRules = []rule{}
