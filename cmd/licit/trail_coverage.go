package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

var trailFormats = []string{"text", "json", "csv", "markdown"}

// A trailCoverage is one run of trail coverage.
type trailCoverage struct {
	snapshot, failOn, output string
	regions                  []string
}

var coverageFails = []string{"missing", "unknown", "never"}

func (a *app) trailCoverageCommand() *cobra.Command {
	var c trailCoverage
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Say what the trails of an organization record, and what no trail does",
		Long: `Coverage reads the trails of a snapshot (trails.json, which licit load and licit snapshot
import write) and says for each account and Region whether all management events are recorded:
those of trails of the organization, of all Regions and of one, as their status and event
selectors tell. Events of services without Regions (IAM, CloudFront, the global endpoint of STS)
count on their own, as Region "global". Beside each trail stand log file validation, encryption,
data events, and who owns the bucket and for how long its object lock keeps the files.

What is recorded today says nothing about the past: licit trail replay lists the days of which
there are events.

The Regions are those that --region names; by default those that the snapshot was loaded from,
or else those that every account has.

Exit codes: 0 all management events are recorded, 1 some are not, 2 usage or input error, 3 it is
not known. --fail-on unknown makes 1 of 3; --fail-on never lets both be 0.`,
		Example: `  licit trail coverage --snapshot ./snapshot
  licit trail coverage --snapshot ./snapshot --region eu-west-3,us-east-1 -o csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutputs(cmd, c.output, trailFormats...); err != nil {
				return err
			}
			if !slices.Contains(coverageFails, c.failOn) {
				return usageError{cmd, fmt.Errorf("--fail-on %q: want %s", c.failOn, oneOf(coverageFails))}
			}
			return c.run(a, cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&c.snapshot, "snapshot", "", "snapshot `DIR` of an organization (default: the embedded sample organization)")
	fl.StringSliceVar(&c.regions, "region", nil, "`REGION`s to ask about (repeatable)")
	fl.StringVar(&c.failOn, "fail-on", "missing", "exit 1 if there is such a `GAP`: "+oneOf(coverageFails))
	registerOutputs(cmd, &c.output, trailFormats...)
	fl.SortFlags = false
	must(cmd.MarkFlagDirname("snapshot"))
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(coverageFails, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("region", cobra.FixedCompletions(collect.Regions(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *trailCoverage) run(a *app, cmd *cobra.Command) error {
	dir, fsys := sampleName, examples.Fintech()
	var o *org.Organization
	var err error
	if cmd.Flags().Changed("snapshot") {
		dir, fsys = filepath.ToSlash(c.snapshot), os.DirFS(c.snapshot)
		o, err = readSnapshot(c.snapshot)
	} else {
		a.note("using the embedded sample organization %q; name your own with --snapshot DIR", sampleName)
		o, err = readSample()
	}
	if err != nil {
		return err
	}
	trails, err := cloudtrail.ReadTrailsFS(fsys)
	unit := trailUnits(o)
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(unit.unread) == 0 && !unit.read:
		return fmt.Errorf("snapshot %q has no trails.json, and does not say that there are no trails; licit load and licit snapshot import write it", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("snapshot %q: %w", dir, err)
	}
	owners(o, trails)
	regions := c.regions
	if len(regions) == 0 {
		if regions = unit.regions; len(regions) == 0 {
			regions = collect.Regions()
		}
	}
	q := cloudtrail.CoverageQuery{Regions: regions, Unread: unit.unread}
	names := make(map[string]string)
	for account := range o.Accounts() {
		q.Accounts = append(q.Accounts, account.ID)
		names[account.ID] = account.Name
	}
	slices.Sort(q.Accounts)
	j := recordingJSONOf(cloudtrail.Cover(trails, q), trails, names)
	switch c.output {
	case "json":
		err = writeJSON(a.stdout, j)
	case "csv":
		t := j.table()
		_, err = io.WriteString(a.stdout, t.csv())
	case "markdown":
		_, err = io.WriteString(a.stdout, j.markdown())
	default:
		_, err = io.WriteString(a.stdout, j.text())
	}
	switch {
	case err != nil:
		return err
	case c.failOn == "never":
		return nil
	case j.Missing > 0, c.failOn == "unknown" && j.Unknown > 0:
		return status(exitNo)
	case j.Unknown > 0:
		return status(exitIndeterminate)
	}
	return nil
}

// A trailUnit is how well the trails of a snapshot are known.
type trailUnit struct {
	read    bool     // the snapshot says that it was asked for trails
	regions []string // those that were asked
	unread  []string // accounts that were not asked everywhere; "*" is all
}

// trailUnits tells it by the coverage of the snapshot; one without any was written by hand, and
// has all there is.
func trailUnits(o *org.Organization) (u trailUnit) {
	coverage := o.Spec().Coverage
	asked := make(map[string]bool)
	for _, c := range coverage {
		if c.Section != "trails" {
			continue
		}
		asked[c.Account], u.read = true, true
		if c.Region != "" && c.State != org.Skipped {
			u.regions = append(u.regions, c.Region)
		}
		// A trail has its home in a Region, and may record others: one in a Region that was left
		// out counts, unless the account has not turned that Region on.
		if isMissing(c) || c.State == org.Skipped && collect.IsAlwaysOn(c.Region) {
			u.unread = append(u.unread, c.Account)
		}
	}
	if len(coverage) > 0 {
		for account := range o.Accounts() {
			if !asked[account.ID] {
				u.unread = append(u.unread, account.ID)
			}
		}
	}
	slices.Sort(u.regions)
	u.regions = slices.Compact(u.regions)
	return u
}

// owners fills in who owns the buckets of the trails, where the organization lists them.
func owners(o *org.Organization, trails []cloudtrail.Trail) {
	for i := range trails {
		t := &trails[i]
		if t.Storage != nil && t.Storage.Owner != "" {
			continue
		}
		bucket, err := policy.ParseARN("arn:" + t.ARN.Partition() + ":s3:::" + t.Bucket)
		if err != nil {
			continue
		}
		if account, ok := o.ResourceAccount(bucket); ok {
			if t.Storage == nil {
				t.Storage = new(cloudtrail.Storage)
			}
			t.Storage.Owner = account
		}
	}
}

// A recordingJSON is the answer of trail coverage.
type recordingJSON struct {
	Trails   []trailJSON        `json:"trails"`
	Cells    []coverageCellJSON `json:"cells"`
	Recorded int                `json:"recorded"` // cells
	Missing  int                `json:"missing"`
	Unknown  int                `json:"unknown"`
}

type trailJSON struct {
	ARN                 string          `json:"arn"`
	Bucket              string          `json:"bucket"`
	Logging             *bool           `json:"logging"` // null: not known, as below
	DeliveryError       string          `json:"deliveryError,omitempty"`
	Delivered           string          `json:"delivered,omitempty"` // the last log file; absent: not known, or never
	Organization        bool            `json:"organization"`
	MultiRegion         bool            `json:"multiRegion"`
	GlobalServiceEvents bool            `json:"globalServiceEvents"`
	LogFileValidation   bool            `json:"logFileValidation"`
	KMSKey              string          `json:"kmsKey,omitempty"`
	LogGroup            string          `json:"logGroup,omitempty"`
	DataEvents          []string        `json:"dataEvents"` // types of resources
	BucketOwner         string          `json:"bucketOwner,omitempty"`
	ObjectLock          *objectLockJSON `json:"objectLock"`
}

type objectLockJSON struct {
	Enabled bool   `json:"enabled"`
	Mode    string `json:"mode,omitempty"`
	Days    int    `json:"days,omitempty"`
	Years   int    `json:"years,omitempty"`
}

type coverageCellJSON struct {
	Account string   `json:"account"`
	Name    string   `json:"name,omitempty"`
	Region  string   `json:"region"`
	Reads   string   `json:"reads"`
	Writes  string   `json:"writes"`
	Trails  []string `json:"trails"`
	Why     []string `json:"why,omitempty"`
}

func recordingJSONOf(c *cloudtrail.Coverage, trails []cloudtrail.Trail, names map[string]string) *recordingJSON {
	j := &recordingJSON{Trails: []trailJSON{}, Cells: []coverageCellJSON{}}
	for i := range trails {
		j.Trails = append(j.Trails, trailJSONOf(&trails[i]))
	}
	for _, cell := range c.Cells {
		out := coverageCellJSON{Account: cell.Account, Name: names[cell.Account], Region: cell.Region, Reads: cell.Reads.String(), Writes: cell.Writes.String(), Trails: []string{}}
		for _, t := range cell.Trails {
			out.Trails = append(out.Trails, t.String())
		}
		switch {
		case cell.Covered():
			j.Recorded++
		case cell.Reads == cloudtrail.RecordingUnknown || cell.Writes == cloudtrail.RecordingUnknown:
			j.Unknown++
			out.Why = cell.Why
		default:
			j.Missing++
			out.Why = cell.Why
		}
		j.Cells = append(j.Cells, out)
	}
	return j
}

func trailJSONOf(t *cloudtrail.Trail) trailJSON {
	j := trailJSON{
		ARN: t.ARN.String(), Bucket: t.Bucket, Organization: t.Organization, MultiRegion: t.MultiRegion, GlobalServiceEvents: t.GlobalServiceEvents,
		LogFileValidation: t.LogFileValidation, KMSKey: t.KMSKey, LogGroup: t.LogGroup,
	}
	if t.Status != nil {
		j.Logging, j.DeliveryError = &t.Status.Logging, t.Status.DeliveryError
		if at := t.Status.Delivered; !at.IsZero() {
			j.Delivered = moment(at)
		}
	}
	if types, known := t.DataEvents(); known {
		j.DataEvents = append([]string{}, types...)
	}
	if s := t.Storage; s != nil {
		j.BucketOwner = s.Owner
		if l := s.Lock; l != nil {
			j.ObjectLock = &objectLockJSON{l.Enabled, l.Mode, l.Days, l.Years}
		}
	}
	return j
}

func (j *recordingJSON) table() *table {
	t := &table{heading: []string{"account", "name", "region", "reads", "writes", "trails", "why"}}
	for _, c := range j.Cells {
		t.add(c.Account, c.Name, c.Region, c.Reads, c.Writes, strings.Join(c.Trails, " "), strings.Join(c.Why, "; "))
	}
	return t
}

// summary is the answer in a sentence.
func (j *recordingJSON) summary() string {
	text := fmt.Sprintf("all management events are recorded in %d of %s of account and Region", j.Recorded, plural(len(j.Cells), "pair"))
	if j.Missing > 0 {
		text += fmt.Sprintf(", not all in %d", j.Missing)
	}
	if j.Unknown > 0 {
		text += fmt.Sprintf(", not known in %d", j.Unknown)
	}
	return text
}

// gaps groups the accounts and Regions of which not all is recorded.
func (j *recordingJSON) gaps() *table {
	t := &table{heading: []string{"account", "reads", "writes", "regions", "why"}}
	type group struct{ account, reads, writes, why string }
	regions := make(map[group][]string)
	var order []group
	for _, c := range j.Cells {
		if yes := cloudtrail.Recorded.String(); c.Reads == yes && c.Writes == yes {
			continue
		}
		g := group{strings.TrimSpace(c.Account + " " + c.Name), c.Reads, c.Writes, strings.Join(c.Why, "; ")}
		if regions[g] == nil {
			order = append(order, g)
		}
		regions[g] = append(regions[g], c.Region)
	}
	each := len(j.Cells)
	if n := len(j.accounts()); n > 0 {
		each /= n
	}
	for _, g := range order {
		list := strings.Join(regions[g], " ")
		if len(regions[g]) == each {
			list = "all"
		}
		t.add(g.account, g.reads, g.writes, list, g.why)
	}
	return t
}

func (j *recordingJSON) accounts() map[string]bool {
	out := make(map[string]bool)
	for _, c := range j.Cells {
		out[c.Account] = true
	}
	return out
}

func (j *recordingJSON) text() string {
	var b strings.Builder
	for _, t := range j.Trails {
		fmt.Fprintf(&b, "%s\n", plain(t.ARN))
		for _, line := range t.facts() {
			fmt.Fprintf(&b, "  %s\n", printable(line))
		}
	}
	if len(j.Trails) == 0 {
		b.WriteString("no trails\n")
	}
	fmt.Fprintf(&b, "\n%s\n", j.summary())
	if gaps := j.gaps(); len(gaps.rows) > 0 {
		b.WriteString("\n" + gaps.text())
	}
	return b.String()
}

func (j *recordingJSON) markdown() string {
	var b strings.Builder
	b.WriteString("### Trails\n")
	for _, t := range j.Trails {
		fmt.Fprintf(&b, "\n- %s\n", markdownCode(t.ARN))
		for _, line := range t.facts() {
			fmt.Fprintf(&b, "  - %s\n", markdownText(line))
		}
	}
	if len(j.Trails) == 0 {
		b.WriteString("\nNo trails.\n")
	}
	fmt.Fprintf(&b, "\n**%s**\n", markdownText(j.summary()))
	if gaps := j.gaps(); len(gaps.rows) > 0 {
		b.WriteString("\n" + gaps.markdown())
	}
	return b.String()
}

// facts are what is set, a line each.
func (t *trailJSON) facts() []string {
	say := func(on bool, is, not string) string {
		if on {
			return is
		}
		return not
	}
	logging := "whether it logs is not known"
	if t.Logging != nil {
		logging = say(*t.Logging, "logs", "does NOT log")
	}
	out := []string{strings.Join([]string{
		logging, say(t.Organization, "all accounts of the organization", "one account"), say(t.MultiRegion, "all Regions", "one Region"),
		say(t.GlobalServiceEvents, "with global services", "without global services"),
	}, ", ")}
	if t.DeliveryError != "" {
		out = append(out, "last delivery FAILED: "+t.DeliveryError)
	}
	if t.Delivered != "" {
		out = append(out, "last log file delivered "+t.Delivered)
	}
	data := "not known"
	if t.DataEvents != nil {
		data = say(len(t.DataEvents) > 0, strings.Join(t.DataEvents, ", "), "none")
	}
	key := say(t.KMSKey != "", "encrypted with "+t.KMSKey, "without a KMS key")
	logs := say(t.LogGroup != "", "CloudWatch Logs "+t.LogGroup, "not in CloudWatch Logs")
	out = append(out, strings.Join([]string{say(t.LogFileValidation, "log file validation", "NO log file validation"), key, logs}, ", "), "data events: "+data)
	owner := "an unknown account"
	if t.BucketOwner != "" {
		owner = "account " + t.BucketOwner
	}
	return append(out, fmt.Sprintf("bucket %s of %s, %s", t.Bucket, owner, t.ObjectLock.text()))
}

// text says for how long the lock keeps objects.
func (l *objectLockJSON) text() string {
	switch {
	case l == nil:
		return "object lock not known"
	case !l.Enabled:
		return "no object lock"
	case l.Mode == "":
		return "object lock without default retention"
	case l.Years > 0:
		return fmt.Sprintf("object lock %s, %s", l.Mode, plural(l.Years, "year"))
	}
	return fmt.Sprintf("object lock %s, %s", l.Mode, plural(l.Days, "day"))
}
