package lint

// structureRules are about elements, effects and versions of a document.
var structureRules = []rule{}
