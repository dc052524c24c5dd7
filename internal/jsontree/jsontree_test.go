package jsontree_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/jsontree"
)

func TestParseSpans(t *testing.T) {
	src := []byte("{ \"a\" : [1.50, \"x\\n\", true, null],\n \"a\": {\"b/c\":{}} }\n")
	n, err := jsontree.Parse(src)
	require.NoError(t, err)
	require.Len(t, n.Members, 2, "duplicates are kept")
	require.Equal(t, `"a"`, string(src[n.Members[1].NameStart:n.Members[1].NameEnd]))
	arr := n.Members[0].Value
	require.Equal(t, `[1.50, "x\n", true, null]`, string(src[arr.Start:arr.End]))
	require.Equal(t, "1.50", arr.Elements[0].Text)
	require.Equal(t, "x\n", arr.Elements[1].Text)
	require.Equal(t, "true", arr.Elements[2].Text)
	require.Equal(t, jsontree.Null, arr.Elements[3].Kind)
	got, ok := n.Lookup("/a/1")
	require.True(t, ok)
	require.Equal(t, `"x\n"`, string(src[got.Start:got.End]))
	deep, ok := n.Members[1].Value.Lookup("/" + jsontree.Escape("b/c"))
	require.True(t, ok)
	require.Equal(t, "{}", string(src[deep.Start:deep.End]))
	line, col := jsontree.LineColumn(src, n.Members[1].NameStart)
	require.Equal(t, [2]int{2, 2}, [2]int{line, col})
}

func TestParseErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		src    string
		offset int
		reason string
	}{
		"empty":     {" ", 0, "empty"},
		"truncated": {`{"a": [1, 2`, 11, "truncated"},
		"trailing":  {`{} x`, 3, ""},
		"two":       {`{} {}`, 3, "after the JSON value"},
		"not utf-8": {"{\"a\": \"\xff\"}", 7, "UTF-8"},
		"bom":       {"\xef\xbb\xbf{}", 0, "byte order mark"},
		"deep":      {strings.Repeat("[", 100_000), 10_000, "depth"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jsontree.Parse([]byte(tt.src))
			var se *jsontree.SyntaxError
			require.ErrorAs(t, err, &se)
			require.Equal(t, tt.offset, se.Offset, se.Reason)
			require.Contains(t, se.Reason, tt.reason)
		})
	}
}

// The walk relies on the text being valid: whatever jsontext accepts must come through.
func TestParseShapes(t *testing.T) {
	for src, want := range map[string]struct {
		kind     jsontree.Kind
		text     string
		children int
	}{
		" {} ":                    {jsontree.Object, "", 0},
		"{ \n}":                   {jsontree.Object, "", 0},
		"[\t]":                    {jsontree.Array, "", 0},
		"[ [ ] , { } , \"\" ]":    {jsontree.Array, "", 3},
		`{"":"","":{"a":[]} }`:    {jsontree.Object, "", 2},
		`"\\\""`:                  {jsontree.String, `\"`, 0},
		`"\\"`:                    {jsontree.String, `\`, 0},
		`"\ud83d\ude00\u0000\/é"`: {jsontree.String, "😀\x00/é", 0},
		"-0.5E+10":                {jsontree.Number, "-0.5E+10", 0},
		"[0,-1,1e-9]":             {jsontree.Array, "", 3},
		"false":                   {jsontree.Bool, "false", 0},
		"null":                    {jsontree.Null, "", 0},
		strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999): {jsontree.Array, "", 1},
	} {
		n, err := jsontree.Parse([]byte(src))
		require.NoError(t, err, src)
		require.Equal(t, want.kind, n.Kind, src)
		require.Equal(t, want.text, n.Text, src)
		require.Equal(t, want.children, len(n.Members)+len(n.Elements), src)
		require.Equal(t, strings.TrimSpace(src), src[n.Start:n.End])
	}
}

// The tree of one call is gone when the next begins; its texts stay.
func TestRead(t *testing.T) {
	var kept []string
	sources := []string{
		`{}`, `{"a":["x","\u0079"]}`, `[]`, `[{"b":{"c":[1,[true,null]],"":{}}},{"b":0}]`, `"z"`,
		"[" + strings.Repeat("0,", 20_000) + "0]", `{"a":["1","2"]}`,
	}
	for _, src := range sources {
		want, err := jsontree.Parse([]byte(src))
		require.NoError(t, err)
		require.NoError(t, jsontree.Read([]byte(src), func(root *jsontree.Node, text string) {
			require.Equal(t, src, text)
			require.Equal(t, "", cmp.Diff(want, root))
			if first, ok := root.Lookup("/a/0"); ok {
				second, _ := root.Lookup("/a/1")
				kept = append(kept, root.Members[0].Name, first.Text, second.Text)
			}
			require.NoError(t, jsontree.Read([]byte(`["inner"]`), func(inner *jsontree.Node, _ string) {
				require.Equal(t, "inner", inner.Elements[0].Text)
			}))
			require.Equal(t, "", cmp.Diff(want, root), "another tree was read meanwhile")
		}))
	}
	require.Equal(t, []string{"a", "x", "y", "a", "1", "2"}, kept)

	var se *jsontree.SyntaxError
	require.ErrorAs(t, jsontree.Read([]byte(`{"a":`), func(*jsontree.Node, string) { t.Error("called") }), &se)
	require.Equal(t, 5, se.Offset)
}

// Objects and arrays cost nothing each. The limit leaves room for growing afresh: the race
// detector has pools lose things.
func TestReadAllocations(t *testing.T) {
	src := []byte("[" + strings.Repeat(`{"a":["x","y",{"b":1}]},`, 200) + "0]")
	require.Less(t, testing.AllocsPerRun(100, func() { jsontree.Read(src, func(*jsontree.Node, string) {}) }), 30.0)
	require.Less(t, testing.AllocsPerRun(100, func() { jsontree.Parse(src) }), 30.0)
}

func TestLookup(t *testing.T) {
	n, err := jsontree.Parse([]byte(`{"a":[{"b/~":1},2],"a":3,"":4,"0":5}`))
	require.NoError(t, err)
	for pointer, want := range map[string]string{"/a/0/b~1~0": "1", "/a/1": "2", "/": "4", "/0": "5"} {
		got, ok := n.Lookup(pointer)
		require.True(t, ok, pointer)
		require.Equal(t, want, got.Text, pointer)
	}
	root, ok := n.Lookup("")
	require.True(t, ok)
	require.Same(t, n, root)
	for _, pointer := range []string{"a", "/b", "/a/2", "/a/-1", "/a/01", "/a/+1", "/a/x", "/a/1/0", "/a/0/b/~"} {
		_, ok := n.Lookup(pointer)
		require.False(t, ok, pointer)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b",{"c":null}]}`))
	f.Add([]byte("{\"a\":\"\xff"))
	f.Fuzz(func(t *testing.T, src []byte) {
		n, err := jsontree.Parse(src)
		if err != nil {
			var se *jsontree.SyntaxError
			if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(src) {
				t.Fatalf("bad error %v", err)
			}
			return
		}
		checkSpans(t, src, n)
		if err := jsontree.Read(src, func(root *jsontree.Node, _ string) {
			if diff := cmp.Diff(n, root); diff != "" {
				t.Fatal(diff)
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// checkSpans holds every span to be a JSON text that parses to the same value.
func checkSpans(t *testing.T, src []byte, n *jsontree.Node) {
	if n.Start < 0 || n.End > len(src) || n.Start >= n.End {
		t.Fatalf("span %d:%d of %d bytes", n.Start, n.End, len(src))
	}
	text := src[n.Start:n.End]
	if !bytes.Equal(text, bytes.TrimSpace(text)) {
		t.Fatalf("span %q has white space around it", text)
	}
	again, err := jsontree.Parse(text)
	if err != nil || again.Kind != n.Kind || again.Text != n.Text {
		t.Fatalf("span %q: %v", text, err)
	}
	for _, m := range n.Members {
		checkSpans(t, src, &m.Value)
	}
	for i := range n.Elements {
		checkSpans(t, src, &n.Elements[i])
	}
}
