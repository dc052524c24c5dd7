package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
)

// What follows is for logs that are reduced on many machines: the selection goes there as a text,
// [Reducer.Reduce] and [Count] say what is kept of an event, [Counts.Merge] adds it up for each
// tuple, and what comes of it is put into one [Summary] with AddCounts, AddCoverage,
// AddDuplicates and Fail.

// A selectionText is a selection as JSON.
type selectionText struct {
	All      bool           `json:"all"`
	Keys     []string       `json:"keys"`
	Ranges   []netip.Prefix `json:"ranges"`
	Exact    bool           `json:"exact"`
	Sessions bool           `json:"sessions"`
	Objects  bool           `json:"objects"`
	Buckets  []string       `json:"buckets"`
	Services *[]string      `json:"services"` // null: all
}

// MarshalText returns the selection as a text for [ParseSelection] of the same version: equal
// selections give equal texts. The error is always nil.
func (s *Selection) MarshalText() ([]byte, error) {
	t := selectionText{
		All: s.all, Keys: s.Keys(), Ranges: s.ranges, Exact: s.exact, Sessions: s.sessions, Objects: s.objects,
		Buckets: slices.Sorted(maps.Keys(s.buckets)),
	}
	if s.services != nil {
		list := slices.AppendSeq([]string{}, maps.Keys(s.services))
		slices.Sort(list)
		t.Services = &list
	}
	return json.Marshal(t)
}

// ParseSelection returns the selection that a text of [Selection.MarshalText] is of.
func ParseSelection(text []byte) (*Selection, error) {
	var t selectionText
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return nil, fmt.Errorf("not a selection: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a selection: there is more after it")
	}
	s := &Selection{
		all: t.All, keys: map[string]bool{}, names: map[string]bool{}, ranges: t.Ranges, exact: t.Exact,
		sessions: t.Sessions, objects: t.Objects, buckets: set(t.Buckets),
	}
	for _, k := range t.Keys {
		s.mention(k)
	}
	for _, p := range t.Ranges {
		if !p.IsValid() || p != p.Masked() {
			return nil, fmt.Errorf("not a selection: range %s: want an address range such as 203.0.113.0/24", p)
		}
	}
	if t.Services != nil {
		s.services = set(*t.Services)
	}
	s.finish()
	return s, nil
}

func set(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, k := range list {
		out[k] = true
	}
	return out
}

// Count returns what a [Summary] has of one event besides its tuple: its count, and where in
// the log it is.
func Count(e *cloudtrail.Event) (Counts, Coverage) {
	day := ""
	if !e.Time.IsZero() {
		day = e.Time.Format(time.DateOnly)
	}
	var c Counts
	c.see(e.Time, e.ID)
	return c, coverage(e.Account, e.Region, e.Category, e.Source, day).clone()
}

// coverage is where in a log an event is.
func coverage(account, region, category, source, day string) Coverage {
	c := Coverage{Account: account, Region: region, Category: category, Day: day}
	if category == "Data" {
		c.Source = source
	}
	return c
}

// clone is a copy whose texts share no memory with an event.
func (c Coverage) clone() Coverage {
	for _, p := range [...]*string{&c.Account, &c.Region, &c.Category, &c.Day, &c.Source} {
		*p = strings.Clone(*p)
	}
	return c
}

// AddCounts adds events of one tuple that were counted elsewhere, with the same selection.
func (m *Summary) AddCounts(t Tuple, c Counts) {
	m.events += c.Events
	if x, ok := m.tuples[t]; ok {
		x.Counts = x.Merge(c)
		return
	}
	m.tuples[t] = &seen{Counts: c}
}

// AddCoverage says that a part of the log has so many events more; AddCounts counts them.
func (m *Summary) AddCoverage(c Coverage, events int) { *m.covered(c) += events }

// AddDuplicates counts events that came again and were left out.
func (m *Summary) AddDuplicates(n int) { m.twice += n }
