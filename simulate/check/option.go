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

// WithProgress has show called with how far a question is, by the goroutine that asks: before
// each principal that is asked about, with how many were and how many there are, and by
// [CertifyPermissions] for each row and each part of the resources that it is proved for.
func WithProgress(show func(done, all int)) Option {
	return Option{func(s *settings) { s.progress = show }}
}
