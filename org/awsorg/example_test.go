package awsorg_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/licit-dev/licit/org/awsorg"
)

// The organization of the credentials in the environment becomes a snapshot.
func ExampleLoad() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	o, err := awsorg.Load(ctx, cfg, awsorg.WithRole("LicitReader"), awsorg.WithRegions("eu-west-1", "eu-west-3"))
	if err != nil {
		log.Fatal(err)
	}
	for g := range o.Gaps() {
		fmt.Println("not known:", g.What, "of", g.Subject, "because of", g.Reason)
	}
	if err := o.WriteDir("snapshot"); err != nil {
		log.Fatal(err)
	}
}
