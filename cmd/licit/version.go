package main

import (
	"fmt"
	"io"
	"iter"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy/serviceref"
)

// A versionJSON is the output of version; it may grow members.
type versionJSON struct {
	Version     string `json:"version"`
	Revision    string `json:"revision,omitempty"`
	Time        string `json:"time,omitempty"`
	Modified    bool   `json:"modified,omitempty"`
	Go          string `json:"go"`
	Platform    string `json:"platform"`
	ServiceData string `json:"serviceData"` // date of the oldest source of service facts
	Services    int    `json:"services"`
	Actions     int    `json:"actions"`

	ManagedPolicyData string `json:"managedPolicyData"` // day on which the newest one changed
	ManagedPolicies   int    `json:"managedPolicies"`
}

func (a *app) versionCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of licit and the dates of its service data",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(cmd, output); err != nil {
				return err
			}
			info, _ := debug.ReadBuildInfo()
			v := versionOf(info)
			if output == "json" {
				return writeJSON(a.stdout, v)
			}
			_, err := io.WriteString(a.stdout, v.String())
			return err
		},
	}
	registerOutput(cmd, &output)
	return cmd
}

// versionOf reads what the linker recorded; info may be nil.
func versionOf(info *debug.BuildInfo) versionJSON {
	v := versionJSON{
		Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		ServiceData: serviceref.Embedded().Date(), ManagedPolicyData: serviceref.ManagedPoliciesDate(),
		Services: count(serviceref.Embedded().Services()), Actions: count(serviceref.Embedded().Actions("*")),
		ManagedPolicies: count(serviceref.ManagedPolicies()),
	}
	if info == nil {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func count[T any](seq iter.Seq[T]) (n int) {
	for range seq {
		n++
	}
	return n
}

// String is the version as lines for people.
func (v versionJSON) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "licit %s (%s, %s)\n", v.Version, v.Go, v.Platform)
	if v.Revision != "" {
		modified := ""
		if v.Modified {
			modified = ", modified"
		}
		fmt.Fprintf(&b, "revision %s of %s%s\n", v.Revision, v.Time, modified)
	}
	fmt.Fprintf(&b, "service data of %s: %d services, %d actions\n", v.ServiceData, v.Services, v.Actions)
	fmt.Fprintf(&b, "AWS's managed policies of %s: %d\n", v.ManagedPolicyData, v.ManagedPolicies)
	return b.String()
}
