package lint

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// sizeRules are about sizes and identifiers (IAM User Guide, “IAM and AWS STS quotas”;
// Organizations User Guide, “Quotas”; “IAM JSON policy elements: Sid”).
var sizeRules = []rule{
	{code: "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", typ: Warning, kinds: identityKinds, parsed: true, title: "The policy is larger than IAM stores.", check: identitySize},
	{code: "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", typ: Warning, kinds: kindSet(policy.ResourceBased, policy.VPCEndpoint), parsed: true, title: "The policy is larger than the resource's service stores.", check: resourceSize},
	{code: "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", typ: Warning, kinds: kindSet(policy.RoleTrust), parsed: true, title: "The trust policy is larger than IAM stores without a raised quota.", check: trustSize},
	{code: "POLICY_SIZE_EXCEEDS_SCP_QUOTA", typ: Error, kinds: scpKind, parsed: true, title: "The SCP is larger than AWS Organizations stores.", check: scpSize},
	{code: "PERMSET_INLINE_SIZE", typ: Error, kinds: kindSet(policy.IdentityBased), title: "The inline policy is larger than a permission set stores.", check: permissionSetSize},
	{code: "SIZE_MINIFY_AVAILABLE", typ: Suggestion, kinds: kindSet(policy.ServiceControl, policy.ResourceControl), parsed: true, title: "White space takes room that the policy needs.", check: minify},
	{code: "POLICY_CHARSET", typ: Error, kinds: iamKinds, title: "The text has characters that IAM does not store.", check: charset},
	{code: "UNIQUE_SIDS_REQUIRED", typ: Error, kinds: iamKinds, title: "Two statements have one Sid.", check: duplicateSIDs("IAM refuses that; want another one")},
	{code: "UNIQUE_SIDS_RECOMMENDED", typ: Warning, kinds: anyKind &^ iamKinds, title: "Two statements have one Sid.", check: duplicateSIDs("findings and tools cannot tell them apart; want another one")},
	{code: "UNSUPPORTED_SID", typ: Error, kinds: iamKinds, title: "The Sid has characters that IAM does not allow.", check: perStatement(unsupportedSID)},
	{code: "EMPTY_SID_VALUE", typ: Suggestion, kinds: anyKind, title: "The Sid is empty.", check: perStatement(emptySID)},
}

// iamKinds are the policies that IAM and STS read themselves.
var iamKinds = identityKinds | kindSet(policy.RoleTrust)

// Quotas in characters. The first three count without white space.
const (
	managedPolicyLimit  = 6144
	trustPolicyLimit    = 2048
	trustPolicyMost     = 4096 // with a raised quota
	sessionPolicyLimit  = 2048
	resourcePolicyLimit = 20480 // of services whose limit is not in resourcePolicyLimits
)

// A permission set's inline policy has at most so many bytes (IAM Identity Center User
// Guide, “IAM Identity Center quotas”).
const (
	permissionSet         = "AWS::SSO::PermissionSet"
	permissionSetLimit    = 32768
	permissionSetNonSpace = 10240
)

// inlineLimits are the sizes of all inline policies of an identity together, without white
// space.
var inlineLimits = map[string]struct {
	what  string
	limit int
}{
	"AWS::IAM::User":  {"a user", 2048},
	"AWS::IAM::Group": {"a group", 5120},
	"AWS::IAM::Role":  {"a role", 10240},
}

// resourcePolicyLimits by CloudFormation type, as of 2026-11-26. model: the largest length in
// the service's API model (AWS's SDK for Go v1.55.8); quota: the service's quota page; guide: its
// developer guide.
var resourcePolicyLimits = map[string]int{
	"AWS::ACMPCA::CertificateAuthority":    20480,  // model
	"AWS::ApiGateway::RestApi":             8192,   // quota, adjustable
	"AWS::Backup::BackupVault":             20480,  // not confirmed
	"AWS::CloudTrail::Channel":             8192,   // model
	"AWS::CloudTrail::EventDataStore":      8192,   // model
	"AWS::CodeArtifact::Domain":            7168,   // model
	"AWS::CodeArtifact::Repository":        7168,   // model
	"AWS::DynamoDB::Table":                 20480,  // guide
	"AWS::ECR::PublicRepository":           10240,  // model
	"AWS::ECR::RegistryPolicy":             10240,  // model
	"AWS::ECR::Repository":                 10240,  // model
	"AWS::EFS::FileSystem":                 20000,  // model
	"AWS::Elasticsearch::Domain":           102400, // model
	"AWS::Events::EventBus":                10240,  // quota, adjustable
	"AWS::ImageBuilder::Component":         30000,  // model
	"AWS::ImageBuilder::ContainerRecipe":   30000,  // model
	"AWS::ImageBuilder::Image":             30000,  // model
	"AWS::ImageBuilder::ImageRecipe":       30000,  // model
	"AWS::KMS::Key":                        32768,  // quota
	"AWS::Kinesis::Stream":                 20480,  // not confirmed
	"AWS::Lambda::Function":                20480,  // quota
	"AWS::Logs::ResourcePolicy":            5120,   // model
	"AWS::MediaPackageV2::Channel":         6144,   // model
	"AWS::MediaPackageV2::OriginEndpoint":  6144,   // model
	"AWS::NetworkFirewall::FirewallPolicy": 395000, // model
	"AWS::NetworkFirewall::RuleGroup":      395000, // model
	"AWS::OpenSearchService::Domain":       102400, // model
	"AWS::Rekognition::Project":            2000,   // model
	"AWS::S3::Bucket":                      20480,  // guide
	"AWS::SNS::Topic":                      30720,  // guide
	"AWS::SQS::Queue":                      8192,   // guide
	"AWS::SageMaker::ModelPackageGroup":    20480,  // model
	"AWS::SecretsManager::Secret":          20480,  // model
	"AWS::VpcLattice::Service":             10000,  // model
	"AWS::VpcLattice::ServiceNetwork":      10000,  // model
}

func identitySize(c *checker) {
	n := c.doc.Size(c.kind)
	inline, isInline := inlineLimits[c.resource]
	switch {
	case c.kind == policy.IdentityBased && c.resource == permissionSet: // PERMSET_INLINE_SIZE
	case c.kind == policy.IdentityBased && isInline:
		if n > inline.limit {
			c.reportSize("the policy has %d characters without white space, and the inline policies of %s have at most %d together", n, inline.what, inline.limit)
		}
	case c.kind == policy.SessionPolicy && n > sessionPolicyLimit:
		c.reportSize("the session policy has %d characters; STS takes at most %d", n, sessionPolicyLimit)
	case c.kind != policy.SessionPolicy && n > managedPolicyLimit:
		c.reportSize("the policy has %d characters without white space, and a managed policy at most %d; inline policies have together at most 2048 for a user, 5120 for a group, 10240 for a role", n, managedPolicyLimit)
	}
}

func resourceSize(c *checker) {
	limit := resourcePolicyLimit
	if l, ok := resourcePolicyLimits[c.resource]; ok {
		limit = l
	}
	if n := c.doc.Size(c.kind); n > limit {
		c.reportSize("the policy has %d characters; want at most %d", n, limit)
	}
}

func trustSize(c *checker) {
	if n := c.doc.Size(c.kind); n > trustPolicyLimit {
		c.reportSize("the trust policy has %d characters without white space; want at most %d, or a raised quota of up to %d", n, trustPolicyLimit, trustPolicyMost)
	}
}

func scpSize(c *checker) {
	if n := c.doc.Size(c.kind); n > c.ref.SCPLimit() {
		c.reportSize("the SCP has %d characters; want at most %d, white space included unless the console saves it", n, c.ref.SCPLimit())
	}
}

func permissionSetSize(c *checker) {
	if c.resource != permissionSet {
		return
	}
	if n := len(c.src); n > permissionSetLimit {
		c.reportSize("the policy has %d bytes, and the inline policy of a permission set at most %d; remove white space, or use customer managed policies", n, permissionSetLimit)
	}
	n := 0
	for _, b := range c.src {
		if b != ' ' && b != '\t' && b != '\n' && b != '\r' {
			n++
		}
	}
	if n > permissionSetNonSpace {
		c.reportSize("the policy has %d bytes that are no white space, and the inline policy of a permission set at most %d; use customer managed policies", n, permissionSetNonSpace)
	}
}

// minify reports white space that a control policy has no room for: AWS counts it unless
// the console saves the policy (Organizations User Guide, “Quotas”). Up to three quarters
// of the quota, or for less than a tenth of it, it does not matter.
func minify(c *checker) {
	limit := maxRCP
	if c.kind == policy.ServiceControl {
		limit = c.ref.SCPLimit()
	}
	value := jsontext.Value(bytes.Clone(c.src))
	if value.Compact(jsontext.PreserveRawStrings(true), jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false)) != nil {
		return
	}
	is, may := c.doc.Size(c.kind), utf8.RuneCount(value)
	if is <= limit*3/4 || is-may < limit/10 {
		return
	}
	f := c.reportSpan(c.root.Start, c.root.Start+1, "", "of the %d characters, %d are white space, and %d is the most that AWS stores; remove it", is, is-may, limit)
	if is > limit {
		f.Fix = &Fix{Start: 0, End: len(c.src), Text: string(value)}
	}
}

// reportSize puts the finding at the document's first character.
func (c *checker) reportSize(format string, args ...any) {
	c.reportSpan(c.root.Start, c.root.Start+1, "", format, args...)
}

// charset holds the text to what the API takes as a policy document: tabulator, line feed,
// carriage return, U+0020 to U+00FF (IAM API Reference, “CreatePolicy”). What is escaped
// as \uXXXX passes. One finding is enough for each run of such characters.
func charset(c *checker) {
	for i := 0; i < len(c.src); {
		start := i
		for i < len(c.src) {
			r, size := utf8.DecodeRune(c.src[i:])
			if r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0xFF {
				break
			}
			i += size
		}
		if i > start {
			c.reportSpan(start, i, pathAt(c.root, start), "%q cannot stand in a policy that IAM stores; want characters up to U+00FF only, such as plain ASCII", clip(string(c.src[start:i])))
			continue
		}
		_, size := utf8.DecodeRune(c.src[i:])
		i += size
	}
}

// pathAt is the JSON pointer of the innermost value that a byte of the source belongs to.
func pathAt(n *jsontree.Node, offset int) string {
	for i := range n.Members {
		if m := &n.Members[i]; m.NameStart <= offset && offset < m.Value.End {
			return "/" + jsontree.Escape(m.Name) + pathAt(&m.Value, offset)
		}
	}
	for i := range n.Elements {
		if e := &n.Elements[i]; e.Start <= offset && offset < e.End {
			return elementPath("", i) + pathAt(e, offset)
		}
	}
	return ""
}

func duplicateSIDs(advice string) func(c *checker) {
	return func(c *checker) {
		first := make(map[string]*statement, len(c.stmts))
		for _, s := range c.statements() {
			n, ok := s.member("Sid")
			if !ok || n.Kind != jsontree.String || n.Text == "" {
				continue
			}
			if other, again := first[n.Text]; again {
				c.report(n, s.path+"/Sid", "%s has the Sid %q, too; %s", other.path, clip(n.Text), advice)
				continue
			}
			first[n.Text] = s
		}
	}
}

func unsupportedSID(c *checker, s *statement) {
	n, ok := s.member("Sid")
	if !ok || n.Kind != jsontree.String {
		return
	}
	for _, r := range n.Text {
		if !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z') {
			c.report(n, s.path+"/Sid", "the Sid %q has %q in it; want ASCII letters and digits only", clip(n.Text), r)
			return
		}
	}
}

func emptySID(c *checker, s *statement) {
	for i := range s.node.Members {
		if m := &s.node.Members[i]; m.Name == "Sid" && m.Value.Kind == jsontree.String && m.Value.Text == "" {
			c.report(&m.Value, s.path+"/Sid", "the Sid is empty; remove it, or give the statement a name").Fix = removeMember(s.node, i)
		}
	}
}
