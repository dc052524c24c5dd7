package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"text/tabwriter"
)

// A table is rows below a heading, as text, CSV or Markdown.
type table struct {
	heading []string
	rows    [][]string
}

func (t *table) add(row ...string) { t.rows = append(t.rows, row) }

// addPrintable is for rows of what others wrote, such as into logs, also where it goes into CSV.
func (t *table) addPrintable(row ...string) {
	for i, cell := range row {
		row[i] = printable(cell)
	}
	t.add(row...)
}

func (t *table) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, row := range append([][]string{t.heading}, t.rows...) {
		cells := make([]string, len(row))
		for j, cell := range row {
			if cells[j] = printable(cell); i == 0 {
				cells[j] = strings.ToUpper(cells[j])
			}
		}
		w.Write([]byte(strings.Join(cells, "\t") + "\n"))
	}
	w.Flush()
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// csv has cells that a spreadsheet takes for formulas behind an apostrophe.
func (t *table) csv() string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range append([][]string{t.heading}, t.rows...) {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = csvCell(cell)
		}
		w.Write(cells)
	}
	w.Flush()
	return b.String()
}

// csvCell keeps a spreadsheet from running what a caller wrote into a log.
func csvCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (t *table) markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			b.WriteString("| " + markdownText(cell) + " ")
		}
		b.WriteString("|\n")
	}
	line(t.heading)
	b.WriteString(strings.Repeat("| --- ", len(t.heading)) + "|\n")
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}
