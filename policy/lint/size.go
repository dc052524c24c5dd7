package lint

// sizeRules are about sizes and identifiers.
var sizeRules = []rule{}
