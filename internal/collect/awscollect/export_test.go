package awscollect

import "time"

// Hasten makes a load of a test not wait: rates are a thousand times those of AWS, and
// pauses between attempts are short.
func (o Options) Hasten() Options {
	o.speed, o.backoff = 1000, time.Millisecond
	return o
}
