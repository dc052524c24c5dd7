package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/org"
)

// progressInterval is how often people are told how a load goes.
const progressInterval = 5 * time.Second

// A progressReport tells how a load goes, for people or for scripts.
type progressReport struct {
	to     io.Writer
	format string
	next   time.Time
	failed int
}

func progressOf(format string, to io.Writer) (*progressReport, error) {
	switch format {
	case "text", "json", "none":
		return &progressReport{to: to, format: format, next: time.Now().Add(progressInterval)}, nil
	}
	return nil, fmt.Errorf("--progress %q: want text, json or none", format)
}

// A progressJSON is a line of --progress json.
type progressJSON struct {
	Account string `json:"account"`
	Region  string `json:"region,omitempty"`
	Section string `json:"section"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Reused  bool   `json:"reused,omitempty"`
	Done    int    `json:"done"`
}

// event is called after each unit. What cannot be written is no reason to stop loading.
func (p *progressReport) event(e collect.Event) {
	if e.Outcome.State == org.Partial {
		p.failed++
	}
	switch {
	case p.format == "json":
		line, err := json.Marshal(progressJSON{e.Unit.Account, e.Unit.Region, e.Unit.Section, e.Outcome.State.String(), e.Outcome.Reason, e.Reused, e.Done})
		if err == nil {
			fmt.Fprintf(p.to, "%s\n", line)
		}
	case p.format == "text" && time.Now().After(p.next):
		p.next = time.Now().Add(progressInterval)
		fmt.Fprintf(p.to, "licit: %d units read, %d with gaps; now %s\n", e.Done, p.failed, e.Unit)
	}
}
