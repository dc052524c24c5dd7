package lint

// suggestionRules are about what could be simpler or clearer.
var suggestionRules = []rule{}
