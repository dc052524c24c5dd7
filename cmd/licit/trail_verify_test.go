package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/licit-dev/licit/internal/digesttest"
)

var deliveryDay = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

var deliveryKeys = sync.OnceValues(func() ([]*digesttest.Key, error) {
	var keys []*digesttest.Key
	for seed := range uint64(2) {
		k, err := digesttest.NewKey(seed+1, deliveryDay.AddDate(0, 0, -10), deliveryDay.AddDate(0, 0, 20))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
})

// deliver writes a bucket with log files and digests of four hours in two Regions, and the
// public keys of both: deliver bucket prefix.
func deliver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: deliver directory prefix")
	}
	dir := ts.MkAbs(args[0])
	write := func(name string, data []byte, err error) {
		ts.Check(err)
		ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
		ts.Check(os.WriteFile(name, data, 0o666))
	}
	keys, err := deliveryKeys()
	ts.Check(err)
	for i, region := range []string{"eu-west-1", "us-east-1"} {
		list, err := digesttest.List(keys[i])
		write(dir+"."+region+".json", list, err)
		trail := &digesttest.Trail{Bucket: "logs", Prefix: args[1], Account: "111122223333", Region: region, Name: "orders", HomeRegion: "eu-west-1", Key: keys[i]}
		trail.Begin(deliveryDay)
		for h := range 4 {
			end := deliveryDay.Add(time.Duration(h+1) * time.Hour)
			l, err := trail.Log(end.Add(-40*time.Minute), fmt.Sprintf("%016d", h), fmt.Appendf(nil, `{"Records":[{"eventID":"%d"}]}`, h))
			write(filepath.Join(dir, l.Key), l.Data, err)
			d, err := trail.Digest(end)
			write(filepath.Join(dir, d.Key), d.Data, err)
			if h == 3 {
				head, err := d.HeadObject()
				write(filepath.Join(dir, d.Key+".meta.json"), head, err)
			}
		}
	}
	list, err := digesttest.List(keys...)
	write(dir+".json", list, err)
}
