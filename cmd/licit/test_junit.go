package main

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/internal/wording"
)

// A junitReport has the elements and attributes of the JUnit XML format that continuous
// integration systems read, as in Jenkins' junit-10.xsd. There are no times, so that the
// same input gives the same report.
type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

// A junitSuite is one file.
type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitProblem `xml:"failure"` // not as expected
	Error   *junitProblem `xml:"error"`   // refused
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"` // printable
}

func (t *testRun) writeJUnit() error {
	report := junitReport{Name: "licit test"}
	for _, f := range t.files {
		s := junitSuite{Name: f.name, File: f.name, Tests: f.cases, Failures: f.failed, Errors: f.refused}
		for i := range f.results {
			s.Cases = append(s.Cases, junitCaseOf(&f.results[i]))
		}
		if f.err != nil {
			s.Tests, s.Errors = 1, 1
			s.Cases = []junitCase{{Name: "file", Class: f.name, Error: &junitProblem{f.name + " cannot be read", "file", wording.Lines(f.err.Error())}}}
		}
		report.Tests += s.Tests
		report.Failures += s.Failures
		report.Errors += s.Errors
		report.Suites = append(report.Suites, s)
	}
	b, err := xml.MarshalIndent(report, "", "  ")
	must(err)
	_, err = io.WriteString(t.a.stdout, xml.Header+string(b)+"\n")
	return err
}

func junitCaseOf(r *suite.Result) junitCase {
	c := junitCase{Name: fmt.Sprintf("line %d: %s", r.Case.Line, r.Case.Text), Class: r.Case.File}
	switch outcome := r.Decision.Outcome.String(); {
	case r.Pass:
	case r.Err != nil:
		c.Error = &junitProblem{firstLine(r.Err.Error()), "refused", r.Failure(outcome)}
	default:
		headline, _ := r.Headline(outcome)
		c.Failure = &junitProblem{headline, outcome, r.Failure(outcome)}
	}
	return c
}
