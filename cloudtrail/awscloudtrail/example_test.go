package awscloudtrail_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/awscloudtrail"
)

// The trails of all accounts go into a snapshot.
func ExampleLoadTrails() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	trails, err := awscloudtrail.LoadTrails(ctx, cfg,
		awscloudtrail.WithRole("LicitReader"), awscloudtrail.WithExternalID("orders"),
		awscloudtrail.WithAccounts("111122223333"), awscloudtrail.WithRegions("eu-west-3"),
		awscloudtrail.WithDirectory("records", time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	if err := cloudtrail.WriteTrails("snapshot", trails); err != nil {
		log.Fatal(err)
	}
}

// The log files of a day.
func ExampleObjects() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	logs := awscloudtrail.Logs{Bucket: "trail-logs", Account: "111122223333", Region: "eu-west-3", From: day, To: day}
	for o, err := range awscloudtrail.Objects(ctx, cfg, logs) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.Key, len(o.Body))
	}
}

// The events of the last hour.
func ExampleLookup() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	for record, err := range awscloudtrail.Lookup(ctx, cfg, now.Add(-time.Hour), now) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record)
	}
}
