// Trail writes a month of CloudTrail logs of the sample organization as its trail delivers
// them to S3: log files, hourly or daily digest files signed with a key of its own, the
// metadata of the newest digests, and the list of public keys.
//
//	go run ./examples/trail -o trail
//
// The same seed gives the same events. With -scale 40 there are some 300,000 of them.
//
// The people sign in through IAM Identity Center, as they are assigned; those who still have IAM
// users use them until they move; runners of GitHub and GitLab, vendors, applications, services,
// break-glass and a root user do the rest. Nothing of it happened.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
)

func main() {
	dir := flag.String("o", "trail", "directory to write to")
	var s settings
	flag.Uint64Var(&s.seed, "seed", 1, "of the random choices")
	flag.IntVar(&s.days, "days", 30, "how many days, from 2026-10-01 on")
	flag.IntVar(&s.scale, "scale", 1, "how many times as much is done each day")
	flag.DurationVar(&s.every, "digest", 24*time.Hour, "how often a digest is delivered; CloudTrail's are hourly")
	flag.Parse()
	if flag.NArg() > 0 || s.days < 1 || s.scale < 1 || s.every < time.Hour || 24*time.Hour%s.every != 0 {
		fmt.Fprintln(os.Stderr, "trail: want no arguments, -days and -scale of at least 1, and a -digest of hours that divide a day")
		os.Exit(2)
	}
	n := 0
	err := s.write(func(name string, data []byte) error {
		n++
		path := filepath.Join(*dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o666)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "trail:", err)
		os.Exit(1)
	}
	fmt.Printf("%d files in %s\n", n, *dir)
}

// sample reads the sample organization.
func sample() (*org.Organization, *identitycenter.Instance, error) {
	o, err := org.ReadFS(examples.Fintech())
	if err != nil {
		return nil, nil, err
	}
	i, err := identitycenter.ReadFS(examples.Fintech())
	return o, i, err
}
