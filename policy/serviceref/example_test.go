package serviceref_test

import (
	"fmt"
	"strings"
	"testing/fstest"
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
	fmt.Println(facts.SupportsRCP("s3"))
	fmt.Println(facts.SupportsRCP("ec2"))
	// Output:
	// true true
	// false true
}

func ExampleReference_Day() {
	facts := serviceref.Embedded()
	fmt.Println(facts.Day() == facts.Date(), facts.AsOf(time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)).Day())
	// Output: true 2026-06-01
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
	fmt.Println(before.SCPLimit(), before.SCPFullLanguage(), before.Day())
	fmt.Println(before.SupportsRCP("s3"))
	fmt.Println(before.SupportsRCP("dynamodb")) // known since February 2026
	// Output:
	// 5120 false 2025-06-01
	// true true
	// false false
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

func ExampleReadFS() {
	// A folder with files of https://servicereference.us-east-1.amazonaws.com.
	r, err := serviceref.ReadFS(fstest.MapFS{"demo.json": {Data: []byte(`{"Name": "demo",
		"Actions": [{"Name": "Run", "Annotations": {"Properties": {"IsWrite": true}}}]}`)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, ok := r.Action("demo:run")
	fmt.Println(run.Action(), run.Level(), ok)
	// Output: demo:Run Write true
}

func ExampleActionInfo_Fits() {
	info, _ := serviceref.Embedded().Action("s3:GetObject")
	fmt.Println(info.Fits(policy.MustParseARN("arn:aws:s3:::logs/a")))
	fmt.Println(info.Fits(policy.MustParseARN("arn:aws:s3:::logs"))) // a bucket
	// Output:
	// true
	// false
}

func ExampleActionInfo_Missing() {
	info, _ := serviceref.Embedded().Action("ec2:AttachVolume")
	for _, t := range info.Missing(policy.MustParseARN("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1")) {
		fmt.Println(t.Service(), t.Name())
	}
	// Output: ec2 instance
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

func ExampleReference_Services() {
	for s := range serviceref.Embedded().Services() {
		if s.Prefix == "s3" || s.Prefix == "sqs" {
			fmt.Println(s.Prefix, s.Name)
		}
	}
	// Output:
	// s3 Amazon S3
	// sqs Amazon SQS
}

func ExampleReference_Service() {
	s, ok := serviceref.Embedded().Service("SQS")
	fmt.Println(s.Prefix, s.Name, s.RCP, ok)
	// Output: sqs Amazon SQS true true
}

func ExampleReference_ServiceKeys() {
	for key := range serviceref.Embedded().ServiceKeys("sqs") {
		fmt.Println(key.Name)
	}
	// Output:
	// aws:RequestTag/${TagKey}
	// aws:ResourceTag/${TagKey}
	// aws:TagKeys
}

func ExampleReference_ResourceType() {
	bucket, ok := serviceref.Embedded().ResourceType("s3", "Bucket")
	fmt.Println(bucket.Service(), bucket.Name(), ok)
	for format := range bucket.ARNFormats() {
		fmt.Println(format)
	}
	// Output:
	// s3 bucket true
	// arn:${Partition}:s3:::${BucketName}
}

func ExampleReference_ResourceTypes() {
	for t := range serviceref.Embedded().ResourceTypes("sqs") {
		fmt.Println(t.Name())
	}
	// Output: queue
}

// The source of an event is not always named after the prefix of the actions.
func ExampleReference_EventServices() {
	for prefix := range serviceref.Embedded().EventServices("monitoring.amazonaws.com") {
		fmt.Println(prefix)
	}
	// Output: cloudwatch
}

func ExampleReference_RCPSince() {
	fmt.Println(serviceref.Embedded().RCPSince("sqs"))
	_, ok := serviceref.Embedded().RCPSince("ec2")
	fmt.Println(ok)
	// Output:
	// 2024-11-13 true
	// false
}

func ExampleReference_SCPLimit() {
	facts := serviceref.Embedded()
	april := facts.AsOf(time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC))
	june := facts.AsOf(time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(april.SCPLimit(), june.SCPLimit())
	// Output: 5120 10240
}

func ExampleReference_SCPFullLanguage() {
	facts := serviceref.Embedded()
	before := facts.AsOf(time.Date(2025, time.September, 18, 0, 0, 0, 0, time.UTC))
	fmt.Println(before.SCPFullLanguage(), facts.SCPFullLanguage())
	// Output: false true
}

func ExampleReference_SimilarService() {
	fmt.Println(serviceref.Embedded().SimilarService("dynamdb"))
	// Output: dynamodb true
}

func ExampleReference_SimilarKey() {
	fmt.Println(serviceref.Embedded().SimilarKey("s3:prefx"))
	// Output: s3:prefix true
}

func ExampleManagedPolicies() {
	for p := range serviceref.ManagedPolicies() {
		if strings.HasPrefix(p.ARN.String(), "arn:aws:iam::aws:policy/AmazonSQS") {
			fmt.Println(p.ARN)
		}
	}
	// Output:
	// arn:aws:iam::aws:policy/AmazonSQSFullAccess
	// arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
}

// No known policy is newer.
func ExampleManagedPoliciesDate() {
	admin, _ := serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess"))
	fmt.Println(admin.Date <= serviceref.ManagedPoliciesDate())
	// Output: true
}

func ExampleParseLevel() {
	fmt.Println(serviceref.ParseLevel("write"))
	_, err := serviceref.ParseLevel("Wrte")
	fmt.Println(err)
	// Output:
	// Write <nil>
	// "Wrte" is no access level; want List, Read, Write, Tagging, PermissionsManagement
}

func ExampleReference_Shrink() {
	facts := serviceref.Embedded()
	fmt.Println(facts.Shrink([]string{"sts:AssumeRole", "s3:GetBucketTagging", "s3:*"}))
	var acls []string
	for a := range facts.Actions("s3:*Acl") {
		acls = append(acls, string(a))
	}
	fmt.Println(len(acls), facts.Shrink(acls))
	// Output:
	// [s3:* sts:AssumeRole]
	// 6 [s3:*Acl]
}

func ExampleResourceInfo_Takes() {
	bucket, _ := serviceref.Embedded().ResourceType("s3", "bucket")
	fmt.Println(bucket.Takes("arn:aws:s3:::logs"), bucket.Takes("arn:aws:s3:::logs/app.log"))
	// Output:
	// true false
}
