package main

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/simulate"
)

func TestMain(m *testing.M) {
	flag.Parse()
	beam.Init()
	os.Exit(m.Run())
}

func sampleWorlds(t *testing.T) (before, after *simulate.Environment) {
	t.Helper()
	before, after, err := worlds("../orgs/fintech", "../trail/everywhere.json")
	if err != nil {
		t.Fatal(err)
	}
	return before, after
}

// sampleLogs is a directory with the sample logs.
func sampleLogs(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "logs")
	if err := writeSample(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// spoil adds files with events that came before, differ from what came before, have no ID, or
// cannot be read.
func spoil(t *testing.T, dir string) {
	t.Helper()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	event := func(id, region string) string {
		return `{` + id + `"eventTime":"2026-10-05T10:00:00Z","eventType":"AwsApiCall","eventCategory":"Data","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"` + region + `","recipientAccountId":"111122223333","requestParameters":{"bucketName":"logs","key":"a"},"userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}}`
	}
	const id = `"eventID":"11111111-2222-4333-8444-555555555555",`
	write("0-first.json", []byte(`{"Records":[`+event(id, "eu-west-3")+`,`+event("", "eu-west-3")+`,`+event("", "eu-west-3")+`,`+event(id, "us-west-2")+`]}`))
	write("z-later.json", []byte(`{"Records":[`+event(id, "us-east-1")+`,{"eventID":7},{"eventTime":"now"}]}`))
	write("z-text.json", []byte("no log"))
	for kind, take := range map[string]func(text []byte){
		"/CloudTrail/": func(text []byte) {
			write("z-copy.json.gz", text)
			write("z-cut.json.gz", text[:len(text)/2])
		},
		"/CloudTrail-Digest/": func(text []byte) { write("z-digest.json.gz", text) },
	} {
		found, err := fs.Glob(examples.Trail(), "AWSLogs/*/111122223333"+kind+"eu-west-3/2026/10/05/*")
		if err != nil || len(found) == 0 {
			t.Fatalf("no files of %s in the sample: %v", kind, err)
		}
		text, err := fs.ReadFile(examples.Trail(), found[0])
		if err != nil {
			t.Fatal(err)
		}
		take(text)
	}
}

func compare(t *testing.T, want, got *replay.Report) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); diff != "" {
		t.Errorf("local and Beam differ:\n%s", diff)
	}
}

// TestReport has Beam reduce all that a dry run keeps of the sample logs, and of logs that
// cannot all be read: the report is that of DryRun.
func TestReport(t *testing.T) {
	before, after := sampleWorlds(t)
	dir := sampleLogs(t)
	spoil(t, dir)
	j := job{logs: []string{filepath.Join(dir, "0-first.json"), dir}, work: t.TempDir()}
	ctx := context.Background()
	r := new(cloudtrail.Reader)
	want, err := replay.DryRun(ctx, before, after, events(r, j.logs))
	if err != nil {
		t.Fatal(err)
	}
	if want.Events < 7000 || len(want.Broken) == 0 || want.Duplicates < 5 || want.Unread < 4 || len(want.Sources) != 1 {
		t.Fatalf("%d events, %d duplicates, %d unread: the logs have not all that they should", want.Events, want.Duplicates, want.Unread)
	}
	reduced, err := j.withBeam(ctx, replay.SelectOrganization(before.Organization(), after.Organization()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := replay.DryRunSummary(ctx, before, after, reduced.summary)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, want, got)
	if diff := cmp.Diff(r.Stats().Skipped, reduced.skipped); diff != "" {
		t.Errorf("passed over without and with Beam differ:\n%s", diff)
	}
}

// TestRun runs the program on the sample: the totals are the same, and the file that it writes
// gives the report that the logs give.
func TestRun(t *testing.T) {
	before, after := sampleWorlds(t)
	j := job{snapshot: "../orgs/fintech", change: "../trail/everywhere.json", output: filepath.Join(t.TempDir(), "tuples.csv"), local: true}
	var out bytes.Buffer
	ctx := context.Background()
	if err := j.run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "7643   7643  events") {
		t.Errorf("got\n%s", &out)
	}
	csv, err := os.Open(j.output)
	if err != nil {
		t.Fatal(err)
	}
	defer csv.Close()
	s := replay.SelectChange(before.Organization(), after.Organization())
	read, err := replay.ReadCSV(s, csv)
	if err != nil {
		t.Fatal(err)
	}
	local := job{logs: []string{sampleLogs(t)}}
	reduced, err := local.withoutBeam(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	var reports [2]*replay.Report
	for i, m := range []*replay.Summary{reduced.summary, read} {
		if reports[i], err = replay.DryRunSummary(ctx, before, after, m); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, reports[0], reports[1])
}

// Totals that differ are an error, and so are other tuples behind the same totals.
func TestTableDiffers(t *testing.T) {
	one := column{name: "Beam", rows: []row{{"events", 2}}, csv: []byte("a")}
	for _, tt := range []struct {
		name  string
		other column
		fails bool
	}{
		{"same", column{rows: []row{{"events", 2}}, csv: []byte("a")}, false},
		{"total", column{rows: []row{{"events", 3}}, csv: []byte("a")}, true},
		{"tuples", column{rows: []row{{"events", 2}}, csv: []byte("b")}, true},
		{"rows", column{csv: []byte("a")}, true},
	} {
		var out bytes.Buffer
		table := table{columns: []column{one, tt.other}}
		if err := table.write(&out); err != nil != tt.fails {
			t.Errorf("%s: %v\n%s", tt.name, err, &out)
		}
	}
}

func TestListErrors(t *testing.T) {
	for _, paths := range [][]string{nil, {t.TempDir()}, {filepath.Join(t.TempDir(), "none")}} {
		if files, err := list(paths); err == nil {
			t.Errorf("%q: got %v, want an error", paths, files)
		}
	}
}
