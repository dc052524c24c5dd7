// Peerbench measures the workloads of this module beside other engines that answer the same
// question, in one process, and prints a table in Markdown:
//
//	go run -C internal/peerbench .
//
// Cedar (cedar-go) and OPA, both under the Apache License 2.0, decide W1: their policies are
// translated from the documents of the workload. encoding/json reads the documents of W6,
// without making policies of them. Before anything is measured, every engine must give
// the expected answer. The engines of a question take turns, so that noise hits all alike;
// on a machine that does other things as well, -cpu measures processor time.
//
// It is a module of its own, so that nobody who uses licit inherits what it needs.
package main

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

func main() {
	testing.Init()
	count := flag.Int("count", 10, "measure everything so many `times`")
	benchtime := flag.String("benchtime", "100ms", "measure each time for so `long`, or, as 100x, so often")
	cpu := flag.Bool("cpu", false, "measure processor time, that of the garbage collector included, instead of elapsed time: for a machine that does other things as well")
	root := flag.String("root", "../..", "the `folder` of the module licit")
	flag.Parse()
	if err := flag.Set("test.benchtime", *benchtime); err != nil || *count < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "peerbench: wants -count 1 or more, -benchtime as in 100ms or 100x, and no arguments")
		os.Exit(2)
	}
	table, err := run([]group{w1, w1s3, w2, w3, w4, w5, w6}, *root, options{*count, *cpu})
	if err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
	fmt.Print(table)
}
