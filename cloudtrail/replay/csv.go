package replay

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// errOtherSelection is the error of a result that was made for another change, or by another
// version.
var errOtherSelection = errors.New("the result is of a query for another change; write the query anew and run it")

// countColumns are the columns of a result besides those of a tuple.
var countColumns = []string{"selection", "events", "first_seen", "last_seen", "samples", "days", "data"}

// ReadCSV reads the result of [SQL] as Athena writes it: the summary that the events would
// have made here. Rows that are not readable are counted as failures. The error says what is
// wrong with the whole: that it is no such result, or one for another selection.
func ReadCSV(s *Selection, r io.Reader) (*Summary, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	m := NewSummary(s)
	var row rowReader
	if err := row.header(header); err != nil {
		return nil, err
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) && errors.Is(bad.Err, csv.ErrFieldCount) {
				m.Fail(err)
				continue
			}
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if err := row.read(m, record); errors.Is(err, errOtherSelection) {
			return nil, err
		} else if err != nil {
			m.Fail(fmt.Errorf("line %d: %w", line, err))
		}
	}
}

type rowReader struct{ names []string }

func (x *rowReader) header(names []string) error {
	x.names = append([]string(nil), names...)
	known := (&Tuple{}).fields()
	known["long_term"], known["assumed_root"] = nil, nil
	for _, n := range countColumns {
		known[n] = nil
	}
	has := map[string]bool{}
	for _, n := range names {
		if _, ok := known[n]; !ok {
			return fmt.Errorf("column %q: a result of licit trail sql has none of that name", n)
		}
		has[n] = true
	}
	for _, n := range append([]string{"account", "region", "source", "name", "type", "principal"}, countColumns...) {
		if !has[n] {
			return fmt.Errorf("no column %q: not a result of licit trail sql", n)
		}
	}
	return nil
}

func (x *rowReader) read(m *Summary, record []string) (err error) {
	var t Tuple
	fields := t.fields()
	rest := map[string]string{}
	for i, n := range x.names {
		value := strings.Clone(record[i])
		if to := fields[n]; to != nil {
			*to = value
			continue
		}
		rest[n] = value
	}
	if rest["selection"] != m.s.fingerprint() {
		return errOtherSelection
	}
	t.LongTerm, t.AssumedRoot = rest["long_term"] == "true", rest["assumed_root"] == "true"
	if t.Type == "" {
		t.Parameters = m.reduce.filter(t.Source, t.Name, jsontext.Value(t.Parameters))
	} else {
		t = Tuple{Account: t.Account, Region: t.Region, Source: t.Source, Name: t.Name, Type: t.Type}
	}
	c, err := readCounts(rest)
	if err != nil {
		return err
	}
	m.AddCounts(t, c)
	in := Coverage{Account: t.Account, Region: t.Region}
	if rest["data"] == "true" {
		in.Source = t.Source
	}
	days := strings.Fields(rest["days"])
	if len(days) == 0 {
		days = []string{""} // events without a time
	}
	for _, in.Day = range days {
		n := 0
		if len(days) == 1 {
			n = c.Events
		}
		m.AddCoverage(in, n)
	}
	return nil
}

func readCounts(rest map[string]string) (c Counts, err error) {
	if c.Events, err = strconv.Atoi(rest["events"]); err != nil || c.Events <= 0 {
		return c, fmt.Errorf("events %q: want a number above 0", rest["events"])
	}
	for _, p := range []struct {
		name string
		to   *time.Time
	}{{"first_seen", &c.First}, {"last_seen", &c.Last}} {
		if rest[p.name] == "" {
			continue
		}
		if *p.to, err = time.Parse(time.RFC3339, rest[p.name]); err != nil {
			return c, fmt.Errorf("%s %q: want a time such as 2024-05-01T10:00:00Z", p.name, rest[p.name])
		}
	}
	for line := range strings.SplitSeq(rest["samples"], "\n") {
		at, id, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		when, err := time.Parse(time.RFC3339, at)
		if err != nil && at != "" {
			return c, fmt.Errorf("samples %q: want a time and an ID on each line", rest["samples"])
		}
		if len(c.Samples) < samples {
			c.Samples = append(c.Samples, Sample{when, id})
		}
	}
	return c, nil
}

// WriteCSV writes a summary as Athena writes the result of [SQL], rows sorted, so that
// [ReadCSV] reads the same: a log that was reduced once need not be read again. It has a column
// more, provider, for which Athena's table has no source. Duplicates and failures are not in it.
func (m *Summary) WriteCSV(w io.Writer) error {
	out := bufferedQuotes{w: w}
	columns := append(selectColumns(m.s, ""), column{name: "provider"})
	for _, c := range columns {
		out.cell(c.name)
	}
	for _, name := range countColumns {
		out.cell(name)
	}
	out.end()
	days, data := map[[2]string][]string{}, map[string]bool{}
	for d := range m.Covered() {
		data[d.Source] = d.Source != ""
		at := [2]string{d.Account, d.Region}
		if d.Day != "" && (len(days[at]) == 0 || days[at][len(days[at])-1] != d.Day) {
			days[at] = append(days[at], d.Day)
		}
	}
	for t, c := range m.All() {
		fields := t.fields()
		for _, column := range columns {
			switch column.name {
			case "long_term":
				out.cell(truth(t.LongTerm))
			case "assumed_root":
				out.cell(truth(t.AssumedRoot))
			default:
				out.cell(*fields[column.name])
			}
		}
		out.cell(m.s.fingerprint())
		out.cell(strconv.Itoa(c.Events))
		out.cell(stamp(c.First))
		out.cell(stamp(c.Last))
		lines := make([]string, 0, len(c.Samples))
		for _, s := range c.Samples {
			lines = append(lines, stamp(s.Time)+" "+s.ID)
		}
		out.cell(strings.Join(lines, "\n"))
		out.cell(strings.Join(days[[2]string{t.Account, t.Region}], " "))
		out.cell(truth(data[t.Source]))
		out.end()
	}
	return out.err
}

// bufferedQuotes writes every cell in quotes, as Athena does.
type bufferedQuotes struct {
	w    io.Writer
	line []byte
	err  error
}

func (b *bufferedQuotes) cell(s string) {
	if len(b.line) > 0 {
		b.line = append(b.line, ',')
	}
	b.line = append(b.line, '"')
	b.line = append(b.line, strings.ReplaceAll(s, `"`, `""`)...)
	b.line = append(b.line, '"')
}

func (b *bufferedQuotes) end() {
	if b.err == nil {
		_, b.err = b.w.Write(append(b.line, '\n'))
	}
	b.line = b.line[:0]
}
