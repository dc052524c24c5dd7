package symbolic

// A Limit is the error of a search that would need more than is allowed. It never means that
// there is nothing to find.
type Limit string

// The limits.
const (
	Entangled Limit = "patterns too entangled"                    // [MaxStates], [MaxSize]
	Unsettled Limit = "conditions too entangled"                  // [MaxNodes]
	ManyCells Limit = "too many classes of actions and resources" // [MaxCells]
	TooLarge  Limit = "too much to compare at once"               // [MaxHeld], [MaxSteps]
)

// Error names the limit.
func (l Limit) Error() string { return string(l) }

// The limits of one automaton or one product of automata: its states, the bytes that it takes
// while it is made, and the steps that making it takes.
const (
	MaxStates   = 200_000
	MaxSize     = 16 << 20
	maxBuilding = 50_000_000
)

// The limits of one question: the bytes that all its automata, atoms and classes take
// together, and its steps, those that making its automata took among them.
const (
	MaxHeld  = 28 << 20
	MaxSteps = 400_000_000
)

// stride is how many steps are made between two looks at whether to stop.
const stride = 1 << 14

// A Meter bounds what one question works and holds. It is for one goroutine. The limits count
// what is used, whether it is made for this question or was there before, so that they are
// the same each time.
type Meter struct {
	stop  func() error
	steps int
	held  int
	ended error

	passed int // steps of all kinds
	asked  int // passed when stop was asked last
}

// NewMeter makes a meter. stop is asked at once and then now and then, at most some ten thousand
// small steps apart, and its error ends all work; nil: there is no such error.
func NewMeter(stop func() error) *Meter { return &Meter{stop: stop, passed: stride} }

// pass counts steps of what has limits of its own.
func (m *Meter) pass(n int) error {
	if m.passed += n; m.passed-m.asked < stride {
		return m.ended
	}
	m.asked = m.passed
	if m.ended == nil && m.stop != nil {
		m.ended = m.stop()
	}
	return m.ended
}

// Work counts steps of the question.
func (m *Meter) Work(n int) error {
	if m.steps += n; m.steps > MaxSteps {
		return TooLarge
	}
	return m.pass(n)
}

// Hold counts bytes that stay as long as the question.
func (m *Meter) Hold(bytes int) error {
	if m.held += bytes; m.held > MaxHeld {
		return TooLarge
	}
	return nil
}

// Use counts an automaton that the question holds: once each.
func (m *Meter) Use(a *Automaton) error {
	if err := m.Hold(a.size); err != nil {
		return err
	}
	if m.steps += a.steps; m.steps > MaxSteps {
		return TooLarge
	}
	return m.ended
}
