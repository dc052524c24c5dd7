package orglint_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A file of cases is testdata/<CODE>.txtar. Each section is an organization; its name is
// "fires COMMENT" or "clean COMMENT". One that fires begins with a line "subject: part of
// the message". The words "limit=5" and "asof=2026-04-01" are options.
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
				verb, comment, _ := strings.Cut(section.Name, " ")
				src, subject, message := string(section.Data), "", ""
				if verb == "fires" {
					first, rest, _ := strings.Cut(src, "\n")
					i := strings.Index(first, ": ")
					subject, message, src = first[:i], first[i+2:], rest
				}
				o, err := org.Parse([]byte(src))
				require.NoError(t, err)
				got := slices.DeleteFunc(orglint.Organization(o, options(t, comment)...), func(f orglint.Finding) bool { return f.Code != code })
				switch verb {
				case "fires":
					fired[code] = true
					require.Len(t, got, 1)
					require.Equal(t, subject, got[0].Subject)
					require.Contains(t, got[0].Message, message)
					checkPlace(t, src, got[0])
				case "clean":
					clean[code] = true
					require.Empty(t, got)
				default:
					t.Fatalf("section %q: want fires or clean", section.Name)
				}
			})
		}
	}
	for _, c := range orglint.Codes() {
		if !fired[c.Code] || !clean[c.Code] {
			t.Errorf("%s: testdata/%s.txtar wants a section that fires and one that is clean", c.Code, c.Code)
		}
	}
}

func options(t *testing.T, comment string) (out []orglint.Option) {
	t.Helper()
	for _, w := range strings.Fields(comment) {
		if limit, ok := strings.CutPrefix(w, "limit="); ok {
			n, err := strconv.Atoi(limit)
			require.NoError(t, err)
			out = append(out, orglint.WithSCPLimit(n))
		}
		if strings.HasPrefix(w, "asof=") {
			day, err := time.Parse("asof=2006-01-02", w)
			require.NoError(t, err)
			out = append(out, orglint.WithReference(serviceref.Embedded().AsOf(day)))
		}
	}
	return out
}

// checkPlace holds that a finding about a document has the place of its value in the
// text, and others none.
func checkPlace(t *testing.T, src string, f orglint.Finding) {
	t.Helper()
	if f.Document == nil {
		require.Zero(t, f.Position)
		require.Zero(t, f.Kind)
		return
	}
	require.NotZero(t, f.Kind)
	if slices.ContainsFunc(orglint.Codes(), func(c lint.Code) bool { return c.Code == f.Code }) { // others may be at a name
		want, ok := f.Document.Position(f.Path)
		require.True(t, ok, "no value at %q", f.Path)
		require.Equal(t, want, f.Position)
	}
	lines := strings.SplitAfter(src, "\n")
	require.True(t, strings.HasPrefix(lines[f.Position.Line-1][f.Position.Column-1:], src[f.Position.Offset:][:1]))
	require.Greater(t, f.End.Offset, f.Position.Offset)
}

// Codes of package lint are not taken for others.
func TestCodes(t *testing.T) {
	known := map[string]lint.FindingType{}
	for _, c := range lint.Codes() {
		known[c.Code] = c.Type
	}
	codes := orglint.Codes()
	require.True(t, slices.IsSortedFunc(codes, func(a, b lint.Code) int { return strings.Compare(a.Code, b.Code) }))
	for _, c := range codes {
		require.NotEmpty(t, c.Title)
		if typ, ok := known[c.Code]; ok {
			require.Equal(t, "SCP_OVERRIDE_IMPOSSIBLE", c.Code)
			require.Equal(t, typ, c.Type)
		}
	}
}

// A document that many roles share is checked once.
func TestSharedDocument(t *testing.T) {
	trust := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "222233334444"}, "Action": "sts:AssumeRole"}}`)))
	account := org.Account{ID: "111122223333", Attached: []string{org.FullAWSAccess}}
	for _, name := range []string{"App", "Batch"} {
		account.Roles = append(account.Roles, org.Role{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/" + name), Trust: trust})
	}
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "111122223333",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"111122223333"}}, Accounts: []org.Account{account},
	})
	require.NoError(t, err)
	documents := orglint.Documents(o)
	require.Len(t, documents, 1)
	require.Equal(t, []string{"arn:aws:iam::111122223333:role/App", "arn:aws:iam::111122223333:role/Batch"}, documents[0].Subjects)
	var got []string
	for _, f := range orglint.Organization(o) {
		got = append(got, f.String())
	}
	require.Equal(t, []string{"1:81: arn:aws:iam::111122223333:role/App: SECURITY_WARNING TRUST_FOREIGN_ACCOUNT: account 222233334444 is not of the organization o-a1b2c3d4e5: ask for an sts:ExternalId, and trust the one role that needs it"}, got)
}
