package serviceref_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy"
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

func ExampleReference_Action() {
	get, ok := serviceref.Embedded().Action("s3:getobjecttagging")
	fmt.Println(get.Action(), get.Level(), get.WildcardOnly(), ok)
	fmt.Println(get.HasKey("s3:ExistingObjectTag/team"), get.HasKey("s3:prefix"))
	// Output:
	// s3:GetObjectTagging Read false true
	// true false
}

func ExampleReference_Actions() {
	for action := range serviceref.Embedded().Actions("sqs:Get*") {
		fmt.Println(action)
	}
	// Output:
	// sqs:GetQueueAttributes
	// sqs:GetQueueUrl
}

func ExampleReference_ResourceTypesOf() {
	for t := range serviceref.Embedded().ResourceTypesOf("arn:aws:dynamodb:*:111122223333:table/orders/index/*") {
		fmt.Println(t.Service(), t.Name())
	}
	// Output: dynamodb index
}

func ExampleReference_ARNFormats() {
	for format := range serviceref.Embedded().ARNFormats("sqs:SendMessage") {
		fmt.Println(format)
	}
	// Output: arn:${Partition}:sqs:${Region}:${Account}:${QueueName}
}

func ExampleReference_Event() {
	info := serviceref.Embedded().Event(serviceref.Event{Source: "apigateway.amazonaws.com", Name: "CreateApi"})
	fmt.Println(info.Actions[0].Action, info.Actions[0].Certainty)
	info = serviceref.Embedded().Event(serviceref.Event{Source: "sts.amazonaws.com", Name: "GetCallerIdentity"})
	fmt.Println(info.NoAction)
	// Output:
	// apigateway:POST certain
	// no permission required
}

func ExampleReference_AsOf() {
	before := serviceref.Embedded().AsOf(time.Date(2025, time.June, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(before.SCPLimit(), before.SCPFullLanguage(), before.SupportsRCP("s3"))
	// Output: 5120 false true
}

func ExampleReference_GlobalRegion() {
	fmt.Println(serviceref.Embedded().GlobalRegion("iam"))
	// Output: us-east-1 true
}

func ExampleRead() {
	r, err := serviceref.Read([]byte(`{"schema": "sar-facts/1", "asOf": "2027-01-02",
		"services": {"demo": {"name": "Demo", "actions": {"Run": {"level": "Write"}}}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	run, ok := r.Action("demo:run")
	fmt.Println(run.Action(), run.Level(), ok)
	// Output: demo:Run Write true
}

func ExampleManagedPolicy() {
	p, ok := serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess"))
	fmt.Println(p.Version, p.Date, ok)
	fmt.Println(p.Document())
	// Output:
	// v1 2015-02-06 true
	// {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}
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

func ExampleReference_SimilarAction() {
	fmt.Println(serviceref.Embedded().SimilarAction("s3:GetObjekt"))
	// Output: s3:GetObject true
}
