package main

import "github.com/spf13/cobra"

func (a *app) tfCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tf",
		Short: "Say what a Terraform plan changes, and write Terraform",
		Args:  noSubcommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.tfDiffCommand(), a.tfExportCommand())
	return cmd
}
