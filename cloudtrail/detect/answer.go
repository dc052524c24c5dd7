package detect

// An Answer is yes, no, or that nobody can tell: AWS does not document it, or something
// needed for it was not given. The zero Answer is [Unknown].
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// String is "yes", "no" or "unknown".
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

func (a Answer) not() Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	}
	return Unknown
}

// both is yes if a and b are, and no if one of them is no.
func both(a, b Answer) Answer {
	switch {
	case a == No || b == No:
		return No
	case a == Yes && b == Yes:
		return Yes
	}
	return Unknown
}

// either is yes if a or b is, and no if both are no.
func either(a, b Answer) Answer { return both(a.not(), b.not()).not() }

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}
