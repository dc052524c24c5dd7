package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
)

// A result is a log, reduced.
type result struct {
	summary *replay.Summary
	skipped map[cloudtrail.Skipped]int
}

// readResult puts together what the pipeline wrote.
func readResult(ctx context.Context, s *replay.Selection, name string) (*result, error) {
	files, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	in, err := files.OpenRead(ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out := &result{replay.NewSummary(s), map[cloudtrail.Skipped]int{}}
	var faults []fault
	for d := json.NewDecoder(in); ; {
		var l line
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch {
		case l.Tuple != nil && l.Counts != nil:
			out.summary.AddCounts(*l.Tuple, *l.Counts)
		case l.Part != nil:
			out.summary.AddCoverage(*l.Part, l.Events)
		case l.Other == again:
			out.summary.AddDuplicates(l.Events)
		case l.Other != "":
			out.skipped[cloudtrail.Skipped(l.Other)] += l.Events
		case l.Fault != nil:
			faults = append(faults, *l.Fault)
		default:
			return nil, fmt.Errorf("%s: byte %d: a line that says nothing", name, d.InputOffset())
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Number, b.Number)) })
	for _, f := range faults {
		out.summary.Fail(errors.New(f.Text))
	}
	return out, nil
}
