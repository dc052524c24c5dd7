package awsidentitycenter_test

import (
	"context"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/licit-dev/licit/identitycenter/awsidentitycenter"
)

// The instance of the credentials in the environment goes into a snapshot.
func ExampleLoad() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	i, err := awsidentitycenter.Load(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := i.WriteDir("snapshot"); err != nil {
		log.Fatal(err)
	}
}
