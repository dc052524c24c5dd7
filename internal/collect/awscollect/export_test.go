package awscollect

import "time"

// Hasten makes a load of a test not wait: rates are a thousand times those of AWS, and
// pauses between attempts are short.
func (o Options) Hasten() Options {
	o.speed, o.backoff = 1000, time.Millisecond
	return o
}

// Impatient lets an answer take a third of a second.
func (o Options) Impatient() Options {
	o.patience = time.Second / 3
	return o
}
