package check

// An Option says how a question about many principals is asked.
type Option struct{ set func(*settings) }

type settings struct {
	progress func(done, all int)
}

func settingsOf(options []Option) settings {
	s := settings{progress: func(int, int) {}}
	for _, o := range options {
		o.set(&s)
	}
	return s
}

// WithProgress has show called before each principal that is asked about, with how many were and
// how many there are. It is called by the goroutine that asks.
func WithProgress(show func(done, all int)) Option {
	return Option{func(s *settings) { s.progress = show }}
}
