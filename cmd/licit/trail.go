package main

import "github.com/spf13/cobra"

func (a *app) trailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trail",
		Short: "Ask CloudTrail logs what really happened",
		Args:  noSubcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.trailCoverageCommand(),
		a.trailVerifyCommand(),
		a.trailDetectCommand(),
		a.trailReplayCommand(),
		a.trailSQLCommand(),
		a.trailUsageCommand(),
	)
	return cmd
}
