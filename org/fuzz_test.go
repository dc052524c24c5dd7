package org_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// FuzzReadFS reads any org.json with any account file beside it: no panic, errors that
// say where, and what can be read is written and read again as the same.
func FuzzReadFS(f *testing.F) {
	dir := f.TempDir()
	require.NoError(f, mustNew(f, sample()).WriteDir(dir))
	files := readDir(f, dir)
	f.Add(files["org.json"].Data, files["accounts/111122223333.json"].Data)
	f.Add([]byte(`{"accounts": ["accounts/111122223333.json"]}`), []byte(`{"id": "111122223333"}`))
	f.Add([]byte(`{"accounts": [{"id": "111122223333", "roles": [{"arn": "arn:aws:iam::111122223333:role/app", "trust": {}}]}]}`), []byte(`[`))
	f.Add([]byte(`{"root": {"id": "r-1", "ous": [{"id": "r-1"}]}, "gaps": [{"subject": "*"}]}`), []byte(``))
	f.Fuzz(func(t *testing.T, main, account []byte) {
		in := fstest.MapFS{}
		for name, file := range files {
			in[name] = file
		}
		in["org.json"], in["accounts/111122223333.json"] = &fstest.MapFile{Data: main}, &fstest.MapFile{Data: account}
		o, err := org.ReadFS(in)
		if err != nil {
			checkErrors(t, err)
			return
		}
		out := t.TempDir()
		require.NoError(t, o.WriteDir(out))
		back, err := org.ReadFS(os.DirFS(out))
		require.NoError(t, err)
		require.True(t, back.Equal(o))
	})
}

func checkErrors(t *testing.T, err error) {
	t.Helper()
	list, ok := asError[org.Errors](err)
	require.True(t, ok, err)
	require.NotEmpty(t, list)
	for _, e := range list {
		at, file := policy.Position{}, ""
		switch e := e.(type) {
		case *org.SpecError:
			at, file = e.Position, e.File
			if strings.Contains(e.Error(), "not named in org.json") || strings.Contains(e.Error(), "nothing names this document") {
				continue
			}
		case *org.ReferenceError:
			at, file = e.Position, e.File
		case *policy.ParseError:
			at, file = e.Position, e.File
		default:
			t.Fatalf("%T: %v", e, e)
		}
		require.True(t, at.IsValid(), "%v", e)
		require.NotEmpty(t, file)
	}
}

// FuzzInverse is the property that changes are undone exactly, driven by the fuzzer.
func FuzzInverse(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkInverse)) }
