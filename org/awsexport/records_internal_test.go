package awsexport

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/examples"
)

// asRecords makes records of the shop's files, as a loader writes them: with the inputs that
// the names of files stand for, and members as an SDK spells them.
func asRecords(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	fsys := examples.Shop()
	require.NoError(t, fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		src, err := fs.ReadFile(fsys, name)
		require.NoError(t, err)
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(src))
			require.NoError(t, err)
			src, err = io.ReadAll(z)
			require.NoError(t, err)
		}
		n := nameOf(name)
		base := map[string]any{}
		var pages []any
		switch m := cliError.FindSubmatch(src); {
		case strings.HasSuffix(name, ".csv"):
			n.command, n.args = "get-credential-report", nil
			pages = []any{map[string]any{"Content": src}} // []byte is base64
		case m != nil:
			base["error"] = map[string]any{"code": string(m[1]), "message": "…"}
			pages = []any{nil}
		default:
			d := json.NewDecoder(bytes.NewReader(src))
			for {
				var v any
				if d.Decode(&v) != nil {
					break
				}
				if list, ok := v.([]any); ok {
					pages = append(pages, list...)
				} else {
					pages = append(pages, v)
				}
			}
		}
		names := make(map[string]string)
		if first, ok := pages[0].(map[string]any); ok {
			for k := range first {
				names[k] = ""
			}
		}
		op := n.operation(func(o *operation) bool {
			return o.hasMember(names) && (o.element == "" || o.service == n.service || n.service == "")
		}, func(*operation) bool { return false })
		require.NotNil(t, op, name)
		r := n.record(newState(), op)
		token := ""
		for _, p := range pages {
			input := map[string]any{}
			for i, a := range r.args {
				input[op.args[i]] = a
			}
			if op.key() == "accessanalyzer:ListFindings" {
				input["AnalyzerArn"] = "arn:aws:access-analyzer:eu-west-3:111122223333:analyzer/" + r.args[0]
			}
			if op.name == "GetServiceLastAccessedDetails" {
				input = map[string]any{"JobId": "x", "Arn": "arn:aws:iam::444455556666:user/bo"}
			}
			if op.service == "s3" && op.name == "GetPublicAccessBlock" && len(r.args) == 0 {
				input["AccountId"] = r.account
			}
			if token != "" {
				input["Marker"] = token
			}
			rec := map[string]any{"service": op.service, "operation": op.name, "account": firstText(r.account, "999900001111"), "region": r.region, "input": input}
			if page, ok := p.(map[string]any); ok {
				token, _ = page["NextToken"].(string)
				if token == "" {
					token, _ = page["Marker"].(string)
				}
				rec["output"] = capital(page)
			}
			for k, v := range base {
				rec[k] = v
			}
			out = append(out, rec)
		}
		return nil
	}))
	return out
}

// capital spells members as the SDK for Go does, whose empty ones are null.
func capital(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{"Nothing": nil, "ResultMetadata": map[string]any{}}
		for k, e := range v {
			switch k {
			case "SummaryMap", "Principal", "principal", "Attributes", "PolicyDocument", "AssumeRolePolicyDocument", "Document":
				out[strings.ToUpper(k[:1])+k[1:]] = e
			case "UserId":
				if len(v) == 1 { // a member of a group
					k = "Value"
				}
				fallthrough
			default:
				out[strings.ToUpper(k[:1])+k[1:]] = capital(e)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = capital(v[i])
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

func jsonl(t *testing.T, records []map[string]any) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range records {
		line, err := json.Marshal(r)
		require.NoError(t, err)
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// Records give the same as files: what a loader writes and what people have.
func TestRecordsAreFiles(t *testing.T) {
	files, err := Read(examples.Shop())
	require.NoError(t, err)
	list := asRecords(t)
	records, err := Read(fstest.MapFS{"units/all.jsonl": {Data: jsonl(t, list)}})
	require.NoError(t, err)
	require.Empty(t, records.Notes)
	require.Equal(t, files.Trails, records.Trails)
	require.True(t, files.Instance.Equal(records.Instance), "%+v\n%+v", files.Instance.Spec(), records.Instance.Spec())
	want, got := files.Organization.Spec(), records.Organization.Spec()
	require.Equal(t, want.Coverage, got.Coverage)
	require.Equal(t, want.Gaps, got.Gaps)
	for i := range want.Accounts {
		require.Equal(t, want.Accounts[i].Users, got.Accounts[i].Users)
		require.Equal(t, want.Accounts[i].RootUser, got.Accounts[i].RootUser)
		require.Equal(t, want.Accounts[i].Findings, got.Accounts[i].Findings)
		require.Equal(t, want.Accounts[i].Providers, got.Accounts[i].Providers)
	}
	require.True(t, files.Organization.Equal(records.Organization))

	// Pages in any order, and twice, are the same; without one of them something is missing.
	var half []map[string]any
	for i := range list {
		half = append(half, list[len(list)-1-i], list[len(list)-1-i])
	}
	again, err := Read(fstest.MapFS{"all.jsonl": {Data: jsonl(t, half)}})
	require.NoError(t, err)
	require.True(t, records.Organization.Equal(again.Organization))
	for i, r := range list {
		if r["operation"] != "GetAccountAuthorizationDetails" || r["account"] != "444455556666" {
			continue
		}
		less := append(append([]map[string]any(nil), list[:i]...), list[i+1:]...)
		x, err := Read(fstest.MapFS{"all.jsonl": {Data: jsonl(t, less)}})
		require.NoError(t, err)
		found := false
		for g := range x.Organization.Gaps() {
			found = found || g.Subject == "arn:aws:iam::444455556666:*"
		}
		require.True(t, found, "page %d is not missed", i)
	}
}
