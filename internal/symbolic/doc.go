// Package symbolic decides whether there is any request at all that one set of policies
// allows and another does not.
//
// It knows nothing of AWS beyond what its input says: statements that test an action, a
// resource and condition keys, joined by layers. Each variable is cut into atoms, classes of
// values that no test tells apart ([Automaton], [Atomize]), so that every test becomes a set
// of atoms; what remains is propositional and is searched completely ([Problem.Solve]).
//
// An empty search is a proof over all requests, known to AWS today or not. Limits are
// counts, never times, so a verdict is the same on every machine; a limit that is reached
// is an error, and never an empty search.
package symbolic
