package serviceref

import (
	_ "embed"
	"sync"

	"github.com/licit-dev/licit/internal/sar"
)

//go:generate go run ../../internal/gensar

//go:embed data/services.bin
var servicesImage string

var embedded = newReference(sync.OnceValue(func() *head {
	h, err := sar.DecodeHead(servicesImage)
	if err != nil {
		panic("serviceref: " + err.Error())
	}
	return newHead(h)
}))

// A head is what the evaluator needs: it is read without inflating the image.
type head struct {
	*sar.Head
	keys      []KeyInfo // sorted by name in ASCII lower case
	variables []variable
}

// A variable is a key whose name has a variable part, such as aws:PrincipalTag/${TagKey}.
type variable struct {
	before, after string
	key           int
}

// A body is everything else.
type body struct {
	*sar.Body
	head    *head
	formats func() []format
}

func newReference(load func() *head) *Reference {
	return &Reference{
		head: load,
		body: sync.OnceValue(func() *body {
			h := load()
			b, err := h.Body()
			if err != nil {
				panic("serviceref: " + err.Error()) // Read has tried it
			}
			out := &body{Body: b, head: h}
			out.formats = sync.OnceValue(out.readFormats)
			return out
		}),
	}
}

type collection struct{ action, arn string }

// collectionTable is sorted by action in lower case.
var collectionTable = []collection{
	{"dynamodb:ListTables", "arn:${Partition}:dynamodb:${Region}:${Account}:table/*"},
	{"iam:ListGroups", "arn:${Partition}:iam::${Account}:group/"},
	{"iam:ListInstanceProfiles", "arn:${Partition}:iam::${Account}:instance-profile/"},
	{"iam:ListPolicies", "arn:${Partition}:iam::${Account}:policy/"},
	{"iam:ListRoles", "arn:${Partition}:iam::${Account}:role/"},
	{"iam:ListUsers", "arn:${Partition}:iam::${Account}:user/"},
	{"logs:DescribeLogGroups", "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:"},
	{"s3:ListAllMyBuckets", "arn:${Partition}:s3:::*"},
	{"sns:ListTopics", "arn:${Partition}:sns:${Region}:${Account}:*"},
	{"sqs:ListQueues", "arn:${Partition}:sqs:${Region}:${Account}:"},
}
