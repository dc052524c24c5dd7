package detect_test

import (
	"fmt"
	"net/netip"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/detect"
)

// Events with all rules at work, but for metric filters and alarms, which only look at uses
// of root and break-glass principals.
func BenchmarkRun(b *testing.B) {
	var records []string
	for i := range 1000 {
		who := centerAna
		switch i % 10 {
		case 0, 1:
			who = key(userAna, "AKIAANA")
		case 2, 3, 4:
			who = role(fmt.Sprintf("app%d", i%20), "i-0123456789abcdef0", "ASIA1")
		case 5:
			who = service
		}
		records = append(records, record(fmt.Sprintf("%dT%02d:%02d", 1+i%28, i%24, i%60), "s3", "GetObject", who, from(fmt.Sprintf("203.0.113.%d", i%50), "aws-cli/2.15 md/linux")))
	}
	list := collect(events(records...))
	c := detect.Config{
		BreakGlass: []string{"arn:aws:iam::*:role/BreakGlass"}, Tickets: &detect.Tickets{Pattern: regexp.MustCompile("INC")}, LearnUntil: day("10T00:00"),
		Networks:  []detect.Network{{Who: []string{"AKIAANA", "arn:aws:iam::*:role/app1"}, CIDRs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}},
		Pipelines: []string{"arn:aws:iam::*:role/deploy"}, Leavers: []detect.Leaver{{Who: []string{"bob@example.com"}, At: day("10T00:00")}},
	}
	const events = 200_000
	b.ReportAllocs()
	for b.Loop() {
		r, err := detect.Run(func(yield func(*cloudtrail.Event, error) bool) {
			for i := range events {
				if !yield(list[i%len(list)], nil) {
					return
				}
			}
		}, c)
		require.NoError(b, err)
		require.Equal(b, events, r.Events)
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
