package tfplan_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/tfplan"
)

// BenchmarkApply is a plan of n roles in one account, each with an inline and an attached
// policy.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 40_000} {
		b.Run(fmt.Sprint(3*n), func(b *testing.B) {
			p, err := tfplan.Read(strings.NewReader(large(n)))
			require.NoError(b, err)
			o := organization(b, nil)
			for b.Loop() {
				_, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
				require.NoError(b, err)
			}
		})
	}
}

func large(n int) string {
	var b bytes.Buffer
	b.WriteString(`{"format_version":"1.2","planned_values":{},"resource_changes":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		one := func(typ, after string) {
			fmt.Fprintf(&b, `{"address":"%s.x[%d]","mode":"managed","type":"%s","name":"x","index":%d,"change":{"actions":["create"],"before":null,"after":%s}}`, typ, i, typ, i, after)
		}
		one("aws_iam_role", fmt.Sprintf(`{"name":"r%d","assume_role_policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Action\":\"sts:AssumeRole\"}]}"}`, i))
		b.WriteString(",")
		one("aws_iam_role_policy", fmt.Sprintf(`{"role":"r%d","name":"p","policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}`, i))
		b.WriteString(",")
		one("aws_iam_role_policy_attachment", fmt.Sprintf(`{"role":"r%d","policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`, i))
	}
	b.WriteString(`]}`)
	return b.String()
}
