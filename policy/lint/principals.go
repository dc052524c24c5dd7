package lint

// principalRules are about Principal and NotPrincipal elements.
var principalRules = []rule{}
