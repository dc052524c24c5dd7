package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail/replay"
)

func (a *app) trailSQLCommand() *cobra.Command {
	var (
		world   worldFlags
		changes []string
		in      logInput
		query   replay.Query
	)
	cmd := &cobra.Command{
		Use:   "sql --snapshot DIR --change FILE",
		Short: "Write the Athena query that reduces a log for trail replay",
		Long: `Sql writes a query for Amazon Athena that groups the events of a log by what a change asks
for, and by nothing else: who called what on which resource, and the condition keys that the
change mentions. Addresses are grouped by the ranges of the policies, objects of S3 by their
buckets unless the change tells objects apart. The table is one as the Athena User Guide
describes for CloudTrail logs.

Run it, and give the result (a CSV file) to licit trail replay --result with the same snapshot
and change.`,
		Example: `  licit trail sql --snapshot ./snapshot --change regions.json --table logs.cloudtrail \
      --partition timestamp --since 2024-05-01 --until 2024-06-01 > query.sql`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(changes) == 0:
				return usageError{cmd, errors.New("nothing to ask for; want --change with a JSON file of changes")}
			case !tableName.MatchString(query.Table):
				return usageError{cmd, fmt.Errorf("--table %q: want the name of a table, with its database or not, such as logs.cloudtrail", query.Table)}
			}
			if err := in.check(cmd); err != nil {
				return err
			}
			before, after, err := changed(a, cmd, &world, changes)
			if err != nil {
				return err
			}
			query.Since, query.Until = in.from, in.to
			_, err = fmt.Fprint(a.stdout, replay.SQL(replay.SelectChange(before.Organization(), after.Organization()), query))
			return err
		},
	}
	fl := cmd.Flags()
	world.registerSnapshot(cmd)
	fl.StringArrayVar(&changes, "change", nil, "JSON `FILE` of changes (repeatable, made in order)")
	fl.StringVar(&query.Table, "table", "cloudtrail_logs", "`NAME` of the table, with its database or not")
	fl.StringVar(&query.Partition, "partition", "", "`COLUMN` that the table is partitioned by, with days as 2024/05/31")
	in.registerPeriod(cmd)
	fl.SortFlags = false
	must(cmd.MarkFlagFilename("change", "json"))
	return cmd
}

var tableName = regexp.MustCompile(`^[^.]+(\.[^.]+){0,2}$`)
