package serviceref_test

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy/serviceref"
)

func ExampleEmbedded() {
	facts := serviceref.Embedded()
	fmt.Println(len(facts.Date()) == len("2006-01-02"))
	// Output: true
}

func ExampleReference_SupportsRCP() {
	facts := serviceref.Embedded()
	fmt.Println(facts.SupportsRCP("s3"), facts.SupportsRCP("ec2"))
	// Output: true false
}

func ExampleReference_Collection() {
	arn, ok := serviceref.Embedded().Collection("s3:ListAllMyBuckets")
	fmt.Println(arn, ok)
	arn, ok = serviceref.Embedded().Collection("iam:ListUsers")
	fmt.Println(strings.NewReplacer("${Partition}", "aws", "${Account}", "111122223333").Replace(arn), ok)
	// Output:
	// arn:${Partition}:s3:::* true
	// arn:aws:iam::111122223333:user/ true
}

func ExampleReference_Key() {
	key, ok := serviceref.Embedded().Key("aws:principaltag/team")
	fmt.Println(key.Name, key.Type, key.Multivalued, key.Presence, ok)
	key, ok = serviceref.Embedded().Key("aws:TagKeys")
	fmt.Println(key.Name, key.Type, key.Multivalued, key.Presence, ok)
	// Output:
	// aws:PrincipalTag/${TagKey} String false conditional true
	// aws:TagKeys String true conditional true
}

func ExampleReference_Keys() {
	for key := range serviceref.Embedded().Keys() {
		if strings.HasPrefix(key.Name, "aws:") && key.Presence == serviceref.ServicePrincipal && key.Multivalued {
			fmt.Println(key.Name)
		}
	}
	// Output:
	// aws:PrincipalServiceNamesList
	// aws:SourceOrgPaths
}
