package lint_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A file of cases is testdata/<CODE>.txtar. Each section is a document; its name says what
// is expected: "fires KIND [RESOURCE-TYPE] [LINE:COLUMN] [COMMENT…]" or "clean KIND …".
// More documents make more sections; names are made unique with a comment. The word
// "asof=2025-06-01" asks for the facts of a day, and for what has ended then.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	fired, clean := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		code := strings.TrimSuffix(filepath.Base(file), ".txtar")
		archive, err := txtar.ParseFile(file)
		require.NoError(t, err)
		for _, section := range archive.Files {
			t.Run(code+"/"+section.Name, func(t *testing.T) {
				words := strings.Fields(section.Name)
				require.GreaterOrEqual(t, len(words), 2, "want: fires KIND or clean KIND")
				kind, err := policy.ParseKind(words[1])
				require.NoError(t, err)
				var opts []lint.Option
				position := ""
				for _, w := range words[2:] {
					switch {
					case strings.HasPrefix(w, "AWS::"):
						opts = append(opts, lint.WithResourceType(w))
					case strings.HasPrefix(w, "asof="):
						day, err := time.Parse("asof=2006-01-02", w)
						require.NoError(t, err)
						opts = append(opts, lint.WithReference(serviceref.Embedded().AsOf(day)), lint.WithDate(day))
					case strings.Count(w, ":") == 1 && position == "":
						position = w
					}
				}
				src := bytes.TrimRight(section.Data, "\n")
				var got []lint.Finding
				for _, f := range lint.Source("", src, kind, opts...) {
					if f.Code == code {
						got = append(got, f)
					}
				}
				switch words[0] {
				case "fires":
					fired[code] = true
					require.NotEmpty(t, got)
					if position != "" {
						require.Equal(t, position, got[0].Position.String())
					}
					for _, f := range got {
						require.NotEmpty(t, f.Message)
						checkFix(t, src, f, kind, opts)
					}
				case "clean":
					clean[code] = true
					require.Empty(t, got)
				default:
					t.Fatalf("section %q: want fires or clean", section.Name)
				}
			})
		}
	}
	for _, c := range lint.Codes() {
		if !fired[c.Code] || !clean[c.Code] {
			t.Errorf("%s: testdata/%s.txtar wants a section that fires and one that is clean", c.Code, c.Code)
		}
	}
}

// checkFix holds that a fix makes its own finding go away.
func checkFix(t *testing.T, src []byte, f lint.Finding, kind policy.Kind, opts []lint.Option) {
	t.Helper()
	if f.Fix == nil {
		return
	}
	fixed := append(append(append([]byte{}, src[:f.Fix.Start]...), f.Fix.Text...), src[f.Fix.End:]...)
	before, after := count(lint.Source("", src, kind, opts...), f.Code), count(lint.Source("", fixed, kind, opts...), f.Code)
	require.Less(t, after, before, "the fix makes\n%s", fixed)
}

func count(list []lint.Finding, code string) (n int) {
	for _, f := range list {
		if f.Code == code {
			n++
		}
	}
	return n
}

func FuzzSource(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`), uint8(1))
	f.Fuzz(func(t *testing.T, src []byte, k uint8) {
		kind := policy.Kind(k%8 + 1)
		for _, finding := range lint.Source("", src, kind) {
			if finding.Position.Offset < 0 || finding.End.Offset < finding.Position.Offset || finding.End.Offset > len(src) {
				t.Fatalf("%v: span %d:%d of %d bytes", finding, finding.Position.Offset, finding.End.Offset, len(src))
			}
			if fix := finding.Fix; fix != nil && (fix.Start < 0 || fix.End < fix.Start || fix.End > len(src)) {
				t.Fatalf("%v: fix %+v", finding, fix)
			}
		}
	})
}
