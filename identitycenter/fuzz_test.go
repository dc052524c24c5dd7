package identitycenter_test

import (
	"testing"

	"github.com/licit-dev/licit/identitycenter"
)

// Whatever Parse takes is written as bytes that Parse takes for the same instance.
func FuzzParse(f *testing.F) {
	i, err := identitycenter.New(sample())
	if err != nil {
		f.Fatal(err)
	}
	text, err := i.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"arn": "arn:aws:sso:::instance/i", "attributes": [{"key": "a", "source": ["${path:userName}"]}], "gaps": [{"subject": "x"}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		i, err := identitycenter.Parse(src)
		if err != nil {
			return
		}
		text, err := i.JSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := identitycenter.Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !back.Equal(i) {
			t.Fatalf("reads as something else: %s", text)
		}
	})
}
