package simulate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// What a gap in the model does to decisions (architecture §5 and §9): one that it could
// change is indeterminate and names it, any other stays certain. The expectations follow
// from the words of org.Gap: nothing is known of what is missing, so a missing policy may
// deny, and may allow where its layer does not allow already.

const (
	gapManagement = "999900001111"
	gapOU         = "ou-ab12-11111111"

	gilUser    = "arn:aws:iam::111122223333:user/gil"    // allowed by the group readers
	maxUser    = "arn:aws:iam::111122223333:user/max"    // allowed by the managed policy Read
	boUser     = "arn:aws:iam::111122223333:user/bo"     // limited by the boundary Limit
	nobody     = "arn:aws:iam::111122223333:user/nobody" // has no policy
	awayUser   = "arn:aws:iam::444455556666:user/zoe"
	bossUser   = "arn:aws:iam::999900001111:user/boss"
	readers    = "arn:aws:iam::111122223333:group/readers"
	readPolicy = "arn:aws:iam::111122223333:policy/Read"
	limit      = "arn:aws:iam::111122223333:policy/Limit"

	logsBucket = "arn:aws:s3:::logs"
	logsObject = "arn:aws:s3:::logs/a"
	bossObject = "arn:aws:s3:::accounts/a" // in the management account
)

var (
	gapARN       = policy.MustParseARN
	readsObjects = gapDocument(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}`)
	trustsAna    = gapDocument(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + anaUser + `"}, "Action": "sts:AssumeRole"}}`)
	// logsPolicy lets Zoe of the other account in; she has no policy of her own.
	logsPolicy = gapDocument(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}}`)
)

func gapDocument(src string) *policy.Document { return policy.Must(policy.Parse([]byte(src))) }

func gapInline(d *policy.Document) []org.InlinePolicy {
	return []org.InlinePolicy{{Name: "own", Document: d}}
}

// gapWorld is an organization without gaps. The account 111122223333 is in an OU, and each
// of its principals may read objects for one reason.
func gapWorld() org.Spec {
	return org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: gapManagement,
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess}, Accounts: []string{awayAccount, gapManagement},
			OUs: []org.OU{{ID: gapOU, Name: "shop", Attached: []string{org.FullAWSAccess}, Accounts: []string{homeAccount}}},
		},
		Accounts: []org.Account{
			{
				ID: homeAccount, Attached: []string{org.FullAWSAccess},
				Users: []org.User{
					{ARN: gapARN(anaUser), Inline: gapInline(readsObjects)},
					{ARN: gapARN(gilUser), Groups: []string{"readers"}},
					{ARN: gapARN(maxUser), Attached: []policy.ARN{gapARN(readPolicy)}},
					{ARN: gapARN(boUser), Inline: gapInline(readsObjects), Boundary: gapARN(limit)},
					{ARN: gapARN(nobody)},
				},
				Groups: []org.Group{{ARN: gapARN(readers), Inline: gapInline(readsObjects)}},
				Roles:  []org.Role{{ARN: gapARN(appRole), Trust: trustsAna, Inline: gapInline(readsObjects)}},
				Policies: []org.ManagedPolicy{
					{ARN: gapARN(readPolicy), Document: readsObjects},
					{ARN: gapARN(limit), Document: readsObjects},
				},
				Resources: []org.Resource{{ARN: gapARN(logsBucket), Policy: logsPolicy}},
				Endpoints: []org.Endpoint{{ID: "vpce-1", VPC: "vpc-1", Service: "s3"}, {ID: "vpce-2", VPC: "vpc-1", Service: "sqs"}},
			},
			{ID: awayAccount, Attached: []string{org.FullAWSAccess}, Users: []org.User{{ARN: gapARN(awayUser)}}},
			{
				ID: gapManagement, Attached: []string{org.FullAWSAccess},
				Users:     []org.User{{ARN: gapARN(bossUser), Inline: gapInline(readsObjects)}},
				Resources: []org.Resource{{ARN: gapARN("arn:aws:s3:::accounts")}},
			},
		},
	}
}

// A gapCase is one gap, one request, and what it may turn out to be, in any order. Where
// possible has one outcome, the decision is certain.
type gapCase struct {
	name     string
	gap      org.Gap
	change   func(*org.Spec) // what else the gap brings: a document that is not there
	who      string
	action   policy.Action
	resource string
	keys     simulate.Keys
	possible []simulate.Outcome
	// stage is the layer that the gap is in.
	stage simulate.Stage
}

func (c gapCase) request() simulate.Request {
	r := simulate.Request{Principal: parsePrincipal(c.who), Action: "s3:GetObject", Resource: gapARN(logsObject), Keys: c.keys}
	if c.action != "" {
		r.Action = c.action
	}
	if c.resource != "" {
		r.Resource = gapARN(c.resource)
	}
	return r
}

func (c gapCase) spec() org.Spec {
	s := gapWorld()
	if c.change != nil {
		c.change(&s)
	}
	s.Gaps = append(s.Gaps, c.gap)
	return s
}

func gapCompile(t *testing.T, s org.Spec) *simulate.Environment {
	t.Helper()
	o, err := org.New(s)
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

var (
	outcomeAllowed = []simulate.Outcome{simulate.Allowed}
	outcomeLacks   = []simulate.Outcome{simulate.ImplicitDeny}
	mayDeny        = []simulate.Outcome{simulate.Allowed, simulate.ExplicitDeny}
	mayLack        = []simulate.Outcome{simulate.Allowed, simulate.ImplicitDeny}
	anyOutcome     = []simulate.Outcome{simulate.Allowed, simulate.ImplicitDeny, simulate.ExplicitDeny}
	denyOrLack     = []simulate.Outcome{simulate.ImplicitDeny, simulate.ExplicitDeny}
)

// gapAttach attaches p-1 to the OU, beside FullAWSAccess.
func gapAttach(s *org.Spec) { s.Root.OUs[0].Attached = []string{org.FullAWSAccess, "p-1"} }

// gapAttachAlone attaches p-1 to the OU, and nothing else.
func gapAttachAlone(s *org.Spec) { s.Root.OUs[0].Attached = []string{"p-1"} }

func gapControlPolicy(k policy.Kind) func(*org.Spec) {
	return func(s *org.Spec) {
		gapAttach(s)
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: "p-1", Name: "one", Kind: k})
	}
}

func gapOnlyType(k policy.Kind, then func(*org.Spec)) func(*org.Spec) {
	return func(s *org.Spec) {
		then(s)
		s.Root.PolicyTypes = []policy.Kind{k}
	}
}

// gapPolicyWithoutDocument lists a managed policy and not what it says.
func gapPolicyWithoutDocument(i int) func(*org.Spec) {
	return func(s *org.Spec) { s.Accounts[0].Policies[i].Document = nil }
}

func gapPolicyNotListed(i int) func(*org.Spec) {
	return func(s *org.Spec) { s.Accounts[0].Policies = slices.Delete(s.Accounts[0].Policies, i, i+1) }
}

const homeKey = "arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// gapKey lists a key, in an account in which an RCP denies everything.
func gapKey(s *org.Spec) {
	gapDeniedKeys(s)
	s.Accounts[0].Resources = append(s.Accounts[0].Resources, org.Resource{ARN: gapARN(homeKey)})
}

func gapDeniedKeys(s *org.Spec) {
	s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: "p-deny", Name: "deny", Kind: policy.ResourceControl, Document: everyoneDeny})
	s.Accounts[0].Attached = append(s.Accounts[0].Attached, "p-deny")
}

var throughEndpoint = simulate.Keys{}.With("aws:SourceVpce", "vpce-1")

var gapCases = []gapCase{
	// Identity policies. What is known allows, so the rest can only deny.
	{name: "user", gap: org.Gap{Subject: anaUser, What: org.GapIdentityPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "user, nothing known allows", gap: org.Gap{Subject: anaUser, What: org.GapIdentityPolicies}, who: anaUser, action: "s3:PutObject", possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "user without policies", gap: org.Gap{Subject: nobody, What: org.GapIdentityPolicies}, who: nobody, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "users by a pattern", gap: org.Gap{Subject: "arn:aws:iam::111122223333:user/*", What: org.GapIdentityPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "another user", gap: org.Gap{Subject: nobody, What: org.GapIdentityPolicies}, who: anaUser, possible: outcomeAllowed},
	{name: "users by a pattern, a role asks", gap: org.Gap{Subject: "arn:aws:iam::111122223333:user/*", What: org.GapIdentityPolicies}, who: appRole, possible: outcomeAllowed},
	{name: "role", gap: org.Gap{Subject: appRole, What: org.GapIdentityPolicies}, who: appRole, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "role session", gap: org.Gap{Subject: appRole, What: org.GapIdentityPolicies}, who: appSession, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "role session, nothing known allows", gap: org.Gap{Subject: appRole, What: org.GapIdentityPolicies}, who: appSession, action: "s3:PutObject", possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "group", gap: org.Gap{Subject: readers, What: org.GapIdentityPolicies}, who: gilUser, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "group, nothing known allows", gap: org.Gap{Subject: readers, What: org.GapIdentityPolicies}, who: gilUser, action: "s3:PutObject", possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "group, not a member", gap: org.Gap{Subject: readers, What: org.GapIdentityPolicies}, who: anaUser, possible: outcomeAllowed},
	{name: "account, a user", gap: org.Gap{Subject: homeAccount, What: org.GapIdentityPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "account, a role session", gap: org.Gap{Subject: homeAccount, What: org.GapIdentityPolicies}, who: appSession, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "account, the root user has none", gap: org.Gap{Subject: homeAccount, What: org.GapIdentityPolicies}, who: homeRoot, possible: outcomeAllowed},
	{name: "account, another asks", gap: org.Gap{Subject: homeAccount, What: org.GapIdentityPolicies}, who: awayUser, possible: outcomeLacks},
	{name: "another kind of gap", gap: org.Gap{Subject: anaUser, What: org.GapTags}, who: anaUser, possible: outcomeAllowed},

	// Documents of managed policies.
	{name: "attached", gap: org.Gap{Subject: readPolicy, What: org.GapDocument}, change: gapPolicyWithoutDocument(0), who: maxUser, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "attached, not listed", gap: org.Gap{Subject: readPolicy, What: org.GapDocument}, change: gapPolicyNotListed(0), who: maxUser, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "attached to somebody else", gap: org.Gap{Subject: readPolicy, What: org.GapDocument}, change: gapPolicyWithoutDocument(0), who: anaUser, possible: outcomeAllowed},
	{name: "boundary's document", gap: org.Gap{Subject: limit, What: org.GapDocument}, change: gapPolicyWithoutDocument(1), who: boUser, possible: anyOutcome, stage: simulate.StageBoundary},
	{name: "boundary not listed", gap: org.Gap{Subject: limit, What: org.GapDocument}, change: gapPolicyNotListed(1), who: boUser, possible: anyOutcome, stage: simulate.StageBoundary},
	{name: "boundary's document, nothing is allowed", gap: org.Gap{Subject: limit, What: org.GapDocument}, change: gapPolicyWithoutDocument(1), who: boUser, action: "s3:PutObject", possible: denyOrLack, stage: simulate.StageBoundary},

	// The boundary itself: there may be none.
	{name: "boundary of a user", gap: org.Gap{Subject: anaUser, What: org.GapBoundary}, who: anaUser, possible: anyOutcome, stage: simulate.StageBoundary},
	{name: "boundary of a user, nothing is allowed", gap: org.Gap{Subject: nobody, What: org.GapBoundary}, who: nobody, possible: denyOrLack, stage: simulate.StageBoundary},
	{name: "boundary of a role", gap: org.Gap{Subject: appRole, What: org.GapBoundary}, who: appSession, possible: anyOutcome, stage: simulate.StageBoundary},
	{name: "boundaries of an account", gap: org.Gap{Subject: homeAccount, What: org.GapBoundary}, who: anaUser, possible: anyOutcome, stage: simulate.StageBoundary},
	{name: "boundary, the root user has none", gap: org.Gap{Subject: homeAccount, What: org.GapBoundary}, who: homeRoot, possible: outcomeAllowed},

	// Control policies. Beside FullAWSAccess they can only deny.
	{name: "SCP's document", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ServiceControl), who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "SCP not listed", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapOnlyType(policy.ServiceControl, gapAttach), who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "the only SCP not listed", gap: org.Gap{Subject: "p-1", What: org.GapEverything}, change: gapOnlyType(policy.ServiceControl, gapAttachAlone), who: anaUser, possible: anyOutcome, stage: simulate.StageServiceControl},
	{name: "SCP, nothing is allowed", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ServiceControl), who: nobody, possible: denyOrLack, stage: simulate.StageServiceControl},
	{name: "SCP, the root user", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ServiceControl), who: homeRoot, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "SCP of another OU", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ServiceControl), who: awayUser, possible: outcomeLacks},
	{name: "SCP, a service asks", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ServiceControl), who: logService, possible: outcomeLacks},
	{name: "RCP's document", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ResourceControl), who: anaUser, possible: mayDeny, stage: simulate.StageResourceControl},
	{name: "RCP not listed", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapOnlyType(policy.ResourceControl, func(s *org.Spec) {
		s.Root.Attached, s.Root.OUs[0].Attached = nil, []string{"p-1"}
		for i := range s.Accounts {
			s.Accounts[i].Attached = nil
		}
	}), who: anaUser, possible: mayDeny, stage: simulate.StageResourceControl},
	{name: "RCP, a service asks", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ResourceControl), who: logService, possible: denyOrLack, stage: simulate.StageResourceControl},
	{name: "RCP, a service that it does not reach", gap: org.Gap{Subject: "p-1", What: org.GapDocument}, change: gapControlPolicy(policy.ResourceControl), who: homeRoot, action: "iam:GetUser", resource: anaUser, possible: outcomeAllowed},
	{name: "SCP or RCP, nobody knows", gap: org.Gap{Subject: "p-1", What: org.GapEverything}, change: gapAttach, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "attached to the OU", gap: org.Gap{Subject: gapOU, What: org.GapControlPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "attached to the OU, nothing known is", gap: org.Gap{Subject: gapOU, What: org.GapControlPolicies}, change: func(s *org.Spec) { s.Root.OUs[0].Attached = nil }, who: anaUser, possible: anyOutcome, stage: simulate.StageServiceControl},
	{name: "attached to the root", gap: org.Gap{Subject: "r-ab12", What: org.GapControlPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "attached to the account", gap: org.Gap{Subject: homeAccount, What: org.GapControlPolicies}, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "attached to the OU of the resource", gap: org.Gap{Subject: gapOU, What: org.GapControlPolicies}, who: bossUser, possible: denyOrLack, stage: simulate.StageResourceControl},
	{name: "attached to the root, the management account is exempt", gap: org.Gap{Subject: "r-ab12", What: org.GapControlPolicies}, who: bossUser, resource: bossObject, possible: outcomeAllowed},

	// Resource policies.
	{name: "bucket", gap: org.Gap{Subject: logsBucket, What: org.GapResourcePolicy}, who: anaUser, possible: mayDeny, stage: simulate.StageResourcePolicy},
	{name: "bucket, the caller has nothing", gap: org.Gap{Subject: logsBucket, What: org.GapResourcePolicy}, who: nobody, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "bucket, the caller elsewhere has nothing", gap: org.Gap{Subject: logsBucket, What: org.GapResourcePolicy}, who: awayUser, possible: denyOrLack, stage: simulate.StageResourcePolicy},
	{name: "bucket, a service asks", gap: org.Gap{Subject: logsBucket, What: org.GapResourcePolicy}, who: logService, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "bucket, another is asked for", gap: org.Gap{Subject: logsBucket, What: org.GapResourcePolicy}, who: bossUser, resource: bossObject, possible: outcomeAllowed},
	{name: "bucket of the account", gap: org.Gap{Subject: homeAccount, What: org.GapResourcePolicy}, who: anaUser, possible: mayDeny, stage: simulate.StageResourcePolicy},
	{name: "queue that the account does not list", gap: org.Gap{Subject: homeAccount, What: org.GapResourcePolicy}, who: nobody, action: "sqs:SendMessage", resource: homeQueue, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "queue that may be there although nothing lists it", gap: org.Gap{Subject: "arn:aws:sqs:*:111122223333:*", What: org.GapUnlisted}, who: nobody, action: "sqs:SendMessage", resource: homeQueue, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "bucket that is listed, others may be there", gap: org.Gap{Subject: "arn:aws:s3:::*", What: org.GapUnlisted}, who: anaUser, possible: outcomeAllowed},
	{name: "user that is listed, others may be there", gap: org.Gap{Subject: "arn:aws:iam::111122223333:*", What: org.GapUnlisted}, who: gilUser, possible: outcomeAllowed},
	{name: "trust policy of a role that is listed, others may be there", gap: org.Gap{Subject: "arn:aws:iam::111122223333:*", What: org.GapUnlisted}, who: nobody, action: "sts:AssumeRole", resource: appRole, possible: outcomeLacks},
	{name: "queues by a pattern", gap: org.Gap{Subject: "arn:aws:sqs:*:111122223333:*", What: org.GapResourcePolicy}, who: nobody, action: "sqs:SendMessage", resource: homeQueue, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "trust policy", gap: org.Gap{Subject: appRole, What: org.GapResourcePolicy}, who: anaUser, action: "sts:AssumeRole", resource: appRole, possible: mayDeny, stage: simulate.StageResourcePolicy},
	{name: "trust policy, nothing known allows", gap: org.Gap{Subject: appRole, What: org.GapResourcePolicy}, who: nobody, action: "sts:AssumeRole", resource: appRole, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "trust policies of the account", gap: org.Gap{Subject: homeAccount, What: org.GapResourcePolicy}, who: nobody, action: "sts:AssumeRole", resource: appRole, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "trust policy does not speak about the role itself", gap: org.Gap{Subject: appRole, What: org.GapResourcePolicy}, who: homeRoot, action: "iam:GetRole", resource: appRole, possible: outcomeAllowed},

	// Endpoint policies.
	{name: "endpoint", gap: org.Gap{Subject: "vpce-1", What: org.GapResourcePolicy}, who: anaUser, keys: throughEndpoint, possible: anyOutcome, stage: simulate.StageEndpointPolicy},
	{name: "endpoint, nobody says which", gap: org.Gap{Subject: "vpce-1", What: org.GapResourcePolicy}, who: anaUser, possible: anyOutcome, stage: simulate.StageEndpointPolicy},
	{name: "endpoint, over the internet", gap: org.Gap{Subject: "vpce-1", What: org.GapResourcePolicy}, who: anaUser, keys: simulate.Keys{}.With("aws:SourceVpce"), possible: outcomeAllowed},
	{name: "endpoint of another service", gap: org.Gap{Subject: "vpce-2", What: org.GapResourcePolicy}, who: anaUser, possible: outcomeAllowed},

	// Everything, in the word of this package or in another.
	{name: "everything of a user", gap: org.Gap{Subject: anaUser, What: org.GapEverything}, who: anaUser, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "everything of a group", gap: org.Gap{Subject: readers, What: org.GapEverything}, who: gilUser, possible: mayDeny, stage: simulate.StageIdentityPolicy},
	{name: "everything of an account", gap: org.Gap{Subject: homeAccount, What: org.GapEverything}, who: anaUser, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "everything of an account, its SCPs too", gap: org.Gap{Subject: homeAccount, What: org.GapEverything}, who: homeRoot, action: "iam:GetUser", resource: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "everything of an OU", gap: org.Gap{Subject: gapOU, What: org.GapEverything}, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "everything of a bucket", gap: org.Gap{Subject: logsBucket, What: org.GapEverything}, who: nobody, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "everything of a role, its trust policy", gap: org.Gap{Subject: appRole, What: org.GapEverything}, who: nobody, action: "sts:AssumeRole", resource: appRole, possible: anyOutcome, stage: simulate.StageResourcePolicy},
	{name: "everything of an endpoint", gap: org.Gap{Subject: "vpce-1", What: org.GapEverything}, who: anaUser, keys: throughEndpoint, possible: anyOutcome, stage: simulate.StageEndpointPolicy},
	{name: "unheard-of What of a user", gap: org.Gap{Subject: anaUser, What: "known after apply"}, who: anaUser, possible: anyOutcome, stage: simulate.StageIdentityPolicy},
	{name: "unheard-of What of a bucket", gap: org.Gap{Subject: logsBucket, What: "known after apply"}, who: anaUser, possible: mayDeny, stage: simulate.StageResourcePolicy},
	{name: "no What, of an OU", gap: org.Gap{Subject: gapOU}, who: anaUser, possible: mayDeny, stage: simulate.StageServiceControl},
	{name: "unheard-of What of a control policy", gap: org.Gap{Subject: "p-1", What: "known after apply"}, change: gapOnlyType(policy.ServiceControl, gapAttachAlone), who: anaUser, possible: anyOutcome, stage: simulate.StageServiceControl},
}

// gapKeyCases are about keys that AWS may manage, which RCPs do not reach: not even a Deny of
// an RCP is certain.
var gapKeyCases = []gapCase{
	{name: "key that AWS may manage", gap: org.Gap{Subject: homeKey, What: org.GapKeyManager}, change: gapKey, who: anaUser, action: "kms:Decrypt", resource: homeKey, possible: denyOrLack, stage: simulate.StageResourceControl},
	{name: "key that AWS may manage, by a pattern", gap: org.Gap{Subject: "arn:aws:kms:*", What: org.GapKeyManager}, change: gapKey, who: awayUser, action: "kms:Decrypt", resource: homeKey, possible: denyOrLack, stage: simulate.StageResourceControl},
	{name: "key that AWS may manage, and no RCP denies", gap: org.Gap{Subject: homeKey, What: org.GapKeyManager}, change: func(s *org.Spec) {
		s.Accounts[0].Resources = append(s.Accounts[0].Resources, org.Resource{ARN: gapARN(homeKey)})
	}, who: anaUser, action: "kms:Decrypt", resource: homeKey, possible: outcomeLacks},
	{name: "another key that AWS may manage", gap: org.Gap{Subject: homeKey + "x", What: org.GapKeyManager}, change: gapKey, who: anaUser, action: "kms:Decrypt", resource: homeKey, possible: []simulate.Outcome{simulate.ExplicitDeny}},
	{name: "key that nothing lists", gap: org.Gap{Subject: "arn:aws:kms:*:111122223333:*", What: org.GapUnlisted}, change: gapDeniedKeys, who: anaUser, action: "kms:Decrypt", resource: homeKey, possible: anyOutcome, stage: simulate.StageResourceControl},
}

// TestGaps has every decision that a gap could change name the gap, and no other.
func TestGaps(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(gapCases, gapKeyCases) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env, r := gapCompile(t, c.spec()), c.request()
			got, x := env.Can(r), env.Explain(r)
			require.Equal(t, got, x.Decision, "Explain decides otherwise")
			require.ElementsMatch(t, c.possible, x.Possible, "%s", got)
			for _, o := range anyOutcome {
				require.Equal(t, slices.Contains(c.possible, o), got.CanBe(o), "CanBe(%s): %s", o, got)
			}
			if len(c.possible) == 1 {
				require.Equal(t, c.possible[0], got.Outcome, "%s", got)
				require.Empty(t, x.Depends)
				return
			}
			require.Equal(t, simulate.Indeterminate, got.Outcome)
			name := c.gap.Subject
			require.Contains(t, x.Depends, simulate.Dependency{Kind: simulate.DependsOnGap, Name: name})
			require.True(t, slices.ContainsFunc(x.Steps, func(s simulate.Step) bool {
				return s.Stage == c.stage && s.Gap == name && s.Outcome == simulate.Indeterminate
			}), "no step says that the gap is in the layer %s", c.stage)
		})
	}
}

// gapDenies puts a certain Deny of everything in one layer of the home account.
var gapDenies = []struct {
	name  string
	stage simulate.Stage
	put   func(*org.Spec)
}{
	{"SCP", simulate.StageServiceControl, func(s *org.Spec) {
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: "p-deny", Name: "deny", Kind: policy.ServiceControl, Document: deniesAll})
		s.Accounts[0].Attached = append(s.Accounts[0].Attached, "p-deny")
	}},
	{"RCP", simulate.StageResourceControl, func(s *org.Spec) {
		s.ControlPolicies = append(s.ControlPolicies, org.ControlPolicy{ID: "p-deny", Name: "deny", Kind: policy.ResourceControl, Document: everyoneDeny})
		s.Accounts[0].Attached = append(s.Accounts[0].Attached, "p-deny")
	}},
	{"identity policy", simulate.StageIdentityPolicy, func(s *org.Spec) {
		a := &s.Accounts[0]
		for i := range a.Users {
			a.Users[i].Inline = append(a.Users[i].Inline, org.InlinePolicy{Name: "deny", Document: deniesAll})
		}
		a.Roles[0].Inline = append(a.Roles[0].Inline, org.InlinePolicy{Name: "deny", Document: deniesAll})
	}},
	{"bucket policy", simulate.StageResourcePolicy, func(s *org.Spec) { s.Accounts[0].Resources[0].Policy = everyoneDeny }},
}

// TestGapsHideNoDeny has a Deny that is certain stay certain beside every gap, in the same
// layer and in any other.
func TestGapsHideNoDeny(t *testing.T) {
	t.Parallel()
	asked := map[simulate.Stage]int{}
	for _, c := range gapCases {
		r := c.request()
		user := r.Principal.AccountID() == homeAccount && r.Principal.Kind() != policy.Root
		for _, deny := range gapDenies {
			s := c.spec()
			reached := false
			switch deny.stage {
			case simulate.StageServiceControl:
				reached = r.Principal.AccountID() == homeAccount
			case simulate.StageResourceControl:
				reached = c.resource != bossObject && r.Action != "iam:GetUser" && r.Action != "iam:GetRole"
			case simulate.StageIdentityPolicy:
				reached = user
			case simulate.StageResourcePolicy:
				reached = r.Resource == gapARN(logsObject)
			}
			if !reached || !slices.Contains(s.Root.PolicyTypes, policy.ServiceControl) && deny.stage == simulate.StageServiceControl ||
				!slices.Contains(s.Root.PolicyTypes, policy.ResourceControl) && deny.stage == simulate.StageResourceControl {
				continue
			}
			asked[deny.stage]++
			t.Run(c.name+"/"+deny.name, func(t *testing.T) {
				t.Parallel()
				deny.put(&s)
				env := gapCompile(t, s)
				x := env.Explain(r)
				require.Equal(t, env.Can(r), x.Decision)
				require.Equal(t, simulate.ExplicitDeny, x.Decision.Outcome, "%s", x.Decision)
				require.Equal(t, deny.stage, x.Decision.Stage)
				require.False(t, x.Statement.IsZero(), "the Deny is not named")
				require.Equal(t, []simulate.Outcome{simulate.ExplicitDeny}, x.Possible)
				require.Empty(t, x.Depends)
			})
		}
	}
	for _, deny := range gapDenies {
		require.Greater(t, asked[deny.stage], 20, "%s", deny.name)
	}
}

// TestGapCases has the same requests be certain without the gap, so that it is the gap
// that makes them indeterminate.
func TestGapCases(t *testing.T) {
	t.Parallel()
	env := gapCompile(t, gapWorld())
	for _, c := range gapCases {
		got := env.Can(c.request())
		require.NotEqual(t, simulate.Indeterminate, got.Outcome, "%s: %s", c.name, got)
		require.Contains(t, c.possible, got.Outcome, "%s: what is missing may change nothing", c.name)
	}
}

// TestGapOfGroupNotListed is about a group of which only the name is known.
func TestGapOfGroupNotListed(t *testing.T) {
	t.Parallel()
	s := gapWorld()
	s.Accounts[0].Groups = nil
	s.Gaps = []org.Gap{{Subject: readers, What: org.GapIdentityPolicies}}
	env := gapCompile(t, s)
	r := gapCase{who: gilUser}.request()
	require.Equal(t, simulate.Indeterminate, env.Can(r).Outcome)
	require.ElementsMatch(t, anyOutcome, env.Explain(r).Possible)
}

// TestMarkUnknownAndKnown has the gap come and go with changes of the organization.
func TestMarkUnknownAndKnown(t *testing.T) {
	t.Parallel()
	gap := org.Gap{Subject: logsBucket, What: org.GapResourcePolicy, Reason: "known after apply"}
	r := gapCase{who: anaUser}.request()
	env := gapCompile(t, gapWorld())
	require.Equal(t, simulate.Allowed, env.Can(r).Outcome)
	planned, err := env.Apply(org.MarkUnknown(gap))
	require.NoError(t, err)
	require.Equal(t, simulate.Indeterminate, planned.Can(r).Outcome)
	require.Equal(t, simulate.Allowed, env.Can(r).Outcome, "the environment before stays as it is")
	applied, err := planned.Apply(org.MarkKnown(gap))
	require.NoError(t, err)
	require.Equal(t, simulate.Allowed, applied.Can(r).Outcome)
}

// R-RCP-3: the service facts of a day may not tell whether RCPs reached a service.
func TestUnknownReachIsExplained(t *testing.T) {
	all := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}))
	deny := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("dynamodb:*", "wafv2:*"), Resource: policy.List("*"),
	}))
	l := simulate.Layers{
		Identity:        []*policy.Document{all},
		ResourceControl: [][]*policy.Document{{deny}},
	}
	for _, tt := range []struct {
		day    string
		action policy.Action
		want   simulate.Outcome
	}{
		{"2024-11-12", "dynamodb:GetItem", simulate.Allowed},
		{"2026-01-31", "dynamodb:GetItem", simulate.Indeterminate},
		{"2026-06-01", "dynamodb:GetItem", simulate.ExplicitDeny},
		{"2026-06-01", "wafv2:GetWebACL", simulate.Indeterminate},
		{"2026-06-01", "wafv2:ListWebACLs", simulate.Indeterminate},
		{"2026-06-01", "ec2:RunInstances", simulate.Allowed},
		{"2026-09-26", "wafv2:GetWebACL", simulate.ExplicitDeny},
	} {
		at, err := time.Parse(time.DateOnly, tt.day)
		require.NoError(t, err)
		env, err := simulate.CompileLayers(l, simulate.WithReference(serviceref.Embedded().AsOf(at)))
		require.NoError(t, err)
		r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: tt.action}
		x := env.Explain(r)
		require.Equal(t, tt.want, env.Can(r).Outcome, "%s on %s", tt.action, tt.day)
		if tt.want == simulate.Indeterminate {
			name := "whether RCPs reached " + tt.action.Service() + " on " + tt.day
			require.Equal(t, []simulate.Dependency{{Kind: simulate.DependsOnGap, Name: name}}, x.Depends)
			require.Equal(t, []simulate.Outcome{simulate.Allowed, simulate.ExplicitDeny}, x.Possible)
		}
	}
}

// TestBucketTagsNotKnown has tags of a bucket count where it is not known whether ABAC is on.
func TestBucketTagsNotKnown(t *testing.T) {
	t.Parallel()
	s := gapWorld()
	s.Accounts[0].Users[0].Inline = gapInline(gapDocument(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
		{"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/stage": "prod"}}}]}`))
	r := simulate.Request{Principal: parsePrincipal(anaUser), Action: "s3:ListBucket", Resource: gapARN(logsBucket)}
	require.Equal(t, simulate.Allowed, gapCompile(t, s).Can(r).Outcome, "without ABAC tags are not in the context")
	s.Gaps = []org.Gap{{Subject: logsBucket, What: org.GapTags}}
	require.Equal(t, simulate.Indeterminate, gapCompile(t, s).Can(r).Outcome)
}

// TestUnlistedMakesNoRows has permissions be those of what is known: resources that nothing
// lists may be of any service.
func TestUnlistedMakesNoRows(t *testing.T) {
	t.Parallel()
	q := simulate.PermissionQuery{Principal: parsePrincipal(anaUser), Actions: []string{"dynamodb:*", "s3:*"}}
	want, err := gapCompile(t, gapWorld()).EffectivePermissions(t.Context(), q)
	require.NoError(t, err)
	s := gapWorld()
	s.Gaps = []org.Gap{{Subject: "arn:aws:dynamodb:*", What: org.GapUnlisted}}
	env := gapCompile(t, s)
	got, err := env.EffectivePermissions(t.Context(), q)
	require.NoError(t, err)
	require.NotEmpty(t, got)
	require.Len(t, got, len(want))
	r := simulate.Request{Principal: q.Principal, Action: "dynamodb:GetItem", Resource: gapARN("arn:aws:dynamodb:eu-west-1:111122223333:table/orders")}
	require.Equal(t, simulate.Indeterminate, env.Can(r).Outcome, "asked about one of them, its policy may allow it")
}
