package main

import (
	"fmt"
	"time"
)

// countedProgress shows how many of many are done, of work that takes over a second, where
// somebody may be waiting: on a terminal. clear is called at its end.
func (a *app) countedProgress(what string) (show func(done, all int), clear func()) {
	if !isTerminal(a.stderr) {
		return func(int, int) {}, func() {}
	}
	p := &progress{w: a.stderr, next: time.Now().Add(time.Second)}
	return func(done, all int) { p.text(fmt.Sprintf("%d of %d %s …", done, all, what)) }, p.clear
}
