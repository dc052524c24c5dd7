package policy

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
)

// An ARN is an Amazon Resource Name: arn:partition:service:region:account:resource.
//
// It is a small comparable value: two ARNs are == when their texts are the same,
// byte for byte. The zero ARN is not valid; in a request it means that the action
// takes no resource. See “Identify AWS resources with Amazon Resource Names” in the
// IAM User Guide.
type ARN struct {
	text string
	// ends are the ends of partition, service, region and account, 16 bits each, the first
	// lowest; "arn" ends at 3. One number makes an ARN a value that fits into registers.
	ends uint64
}

// ParseARN splits s at its first five colons. Region and account may be empty, and the
// resource is everything after the fifth colon. The error says which part is missing.
func ParseARN(s string) (ARN, error) {
	if !strings.HasPrefix(s, "arn:") {
		return ARN{}, fmt.Errorf("ARN %q: does not start with \"arn:\"; want arn:partition:service:region:account:resource", clip(s))
	}
	a := ARN{text: s}
	at := 3
	for i := range 4 {
		n := strings.IndexByte(s[at+1:], ':')
		if n < 0 {
			return ARN{}, fmt.Errorf("ARN %q: %d parts; want 6: arn:partition:service:region:account:resource", clip(s), i+2)
		}
		at += 1 + n
		if at > math.MaxUint16 {
			return ARN{}, fmt.Errorf("ARN %q: longer than any ARN", clip(s))
		}
		a.ends |= uint64(at) << (16 * i)
	}
	if a.Partition() == "" {
		return ARN{}, fmt.Errorf("ARN %q: empty partition; want aws, aws-cn or aws-us-gov", clip(s))
	}
	if a.Service() == "" {
		return ARN{}, fmt.Errorf("ARN %q: empty service", clip(s))
	}
	return a, nil
}

// MustParseARN is [ParseARN] for constants in source and tests. It panics on an error.
func MustParseARN(s string) ARN {
	a, err := ParseARN(s)
	if err != nil {
		panic("policy: " + err.Error())
	}
	return a
}

// clip shortens a text for an error message.
func clip(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// IsValid reports whether a came from a parser, that is, is not the zero ARN.
func (a ARN) IsValid() bool { return a.text != "" }

// Partition is "aws", "aws-cn", "aws-us-gov", …; "" for the zero ARN.
func (a ARN) Partition() string { return a.part(3, a.ends) }

// Service is the service part, such as "s3".
func (a ARN) Service() string { return a.part(a.ends, a.ends>>16) }

// Region is the region part; empty for global services and for S3.
func (a ARN) Region() string { return a.part(a.ends>>16, a.ends>>32) }

// AccountID is the account part; empty where the service leaves it out, as S3 does.
func (a ARN) AccountID() string { return a.part(a.ends>>32, a.ends>>48) }

// Resource is everything after the fifth colon, colons and slashes included.
func (a ARN) Resource() string {
	if a.text == "" {
		return ""
	}
	return a.text[a.ends>>48+1:]
}

// part is what stands between two ends, each in the lowest bits.
func (a ARN) part(before, end uint64) string {
	if a.text == "" {
		return ""
	}
	return a.text[uint16(before)+1 : uint16(end)]
}

// String is the whole text; "" for the zero ARN.
func (a ARN) String() string { return a.text }

// Compare orders ARNs by their text, byte by byte: -1, 0 or +1.
func (a ARN) Compare(b ARN) int { return cmp.Compare(a.text, b.text) }

// AppendText appends the text; it implements [encoding.TextAppender] and never fails.
func (a ARN) AppendText(b []byte) ([]byte, error) { return append(b, a.text...), nil }

// MarshalText implements [encoding.TextMarshaler]. The zero ARN is the empty text.
func (a ARN) MarshalText() ([]byte, error) { return []byte(a.text), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. The empty text is the zero ARN.
func (a *ARN) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*a = ARN{}
		return nil
	}
	v, err := ParseARN(string(b))
	if err == nil {
		*a = v
	}
	return err
}

// IsAccountID reports whether s has the form of an AWS account ID: twelve digits.
func IsAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

var errNoPrincipal = errors.New(`no such principal form; want the ARN of a user, role, role session, federated-user session, root user or identity provider, a service principal such as "ec2.amazonaws.com", or "*" for an anonymous caller`)
