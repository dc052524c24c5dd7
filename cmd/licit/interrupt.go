package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// exitInterrupted is what shells report for a process that Ctrl-C ended.
const exitInterrupted = 130

// interruptible asks what may take long, and says so if Ctrl-C ends it before anything is
// written.
func (a *app) interruptible(cmd *cobra.Command, ask func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
	defer stop()
	err := ask(ctx)
	if errors.Is(err, context.Canceled) {
		a.note("interrupted; nothing was written")
		return status(exitInterrupted)
	}
	return err
}
