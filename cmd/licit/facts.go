package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy/serviceref"
)

// factsVariable names the file of facts when the flag does not.
const factsVariable = "LICIT_FACTS"

// maxFacts bounds a file of facts; all services of AWS take 3 MB.
const maxFacts = 64 << 20

// takesFacts adds --facts to a command, and loads what it names before the command runs.
func (a *app) takesFacts(cmd *cobra.Command) {
	var path string
	cmd.Flags().StringVar(&path, "facts", "", "newer service data: `FILE` or DIR of JSON files of AWS's service reference (default: $"+factsVariable+", else built in)")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if !cmd.Flags().Changed("facts") {
			if path = os.Getenv(factsVariable); path == "" {
				return nil
			}
			a.note("using the service data of %s, which %s names", printable(path), factsVariable)
		}
		r, err := readFacts(path)
		if err != nil {
			return err
		}
		a.ref, a.facts, a.linter = r, reference{r}, rulesOfLint{r}
		return nil
	}
}

func readFacts(path string) (*serviceref.Reference, error) {
	if path == "" {
		return nil, errors.New("--facts: empty; want a JSON file of AWS's service reference, or a folder of such files")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--facts %q: %w; want a JSON file of AWS's service reference, or a folder of such files", path, plainPathError(err))
	}
	if info.IsDir() {
		r, err := serviceref.ReadFS(os.DirFS(path))
		if err != nil {
			return nil, prefixed(slashed(path)+"/", slashed(path)+": ", err)
		}
		return r, nil
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--facts %q: %w", path, plainPathError(err))
	}
	defer in.Close()
	src, err := io.ReadAll(io.LimitReader(in, maxFacts+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--facts %q: %w", path, plainPathError(err))
	case len(src) > maxFacts:
		return nil, fmt.Errorf("%s: more than %d bytes", slashed(path), maxFacts)
	}
	r, err := serviceref.Read(src)
	if err != nil {
		return nil, prefixed(slashed(path)+":", slashed(path)+":", err)
	}
	return r, nil
}

// prefixed puts the name of the file in front of each error of a list, or of the only one.
func prefixed(ofList, ofOne string, err error) error {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s%w", ofOne, err)
	}
	var out []error
	for _, e := range list.Unwrap() {
		out = append(out, fmt.Errorf("%s%w", ofList, e))
	}
	return errors.Join(out...)
}
