package org

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	gopath "path"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// put stores the text of a document under a path made of the parts, and returns the
// path. A text that already stands there with the same bytes is shared only among the
// policies that AWS manages.
func (s *snapshot) put(text []byte, parts ...string) string {
	safe := make([]string, len(parts))
	for i, part := range parts {
		safe[i] = part
		if i > 0 { // the first is a directory of ours
			safe[i] = fileName(part)
		}
	}
	base := strings.Join(safe, "/")
	name := base + ".json"
	for n := 1; ; n++ {
		before, taken := s.taken[strings.ToLower(name)]
		if !taken {
			break
		}
		if parts[0] == managedDir && before == name && bytes.Equal(s.files[name], text) {
			return name
		}
		name = fmt.Sprintf("%s~%d.json", base, n) // IAM names and most others have no tilde
	}
	s.taken[strings.ToLower(name)] = name
	s.files[name] = text
	return name
}

// fileName turns any name into one that every file system stores as it is: bytes other
// than letters, digits and those of IAM names (IAM User Guide, “IAM and AWS STS quotas”)
// become %XX, as does a leading or trailing dot. Long names end in a hash.
func fileName(name string) string {
	const longest = 120
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		dot := c == '.' && (i == 0 || i == len(name)-1)
		if !dot && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+=,.@-_", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	out := b.String()
	if len(out) > longest {
		sum := sha256.Sum256([]byte(name))
		return out[:longest] + "~" + hex.EncodeToString(sum[:8])
	}
	if out == "" || isDeviceName(out) {
		return "~" + out
	}
	return out
}

// isDeviceName reports whether Windows would take a file of this name, whatever its
// extension, for a device.
func isDeviceName(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && stem[3] >= '0' && stem[3] <= '9'
}

// ownsFile reports whether a snapshot could have written this file: such files are
// removed when the next snapshot does not have them.
func ownsFile(name string) bool {
	dir, file := gopath.Split(name)
	stem, ok := strings.CutSuffix(file, ".json")
	if !ok || stem == "" {
		return false
	}
	parts := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	switch {
	case len(parts) == 1:
		return parts[0] == controlDir || parts[0] == managedDir || parts[0] == accountsDir && policy.IsAccountID(stem)
	case parts[0] != accountsDir || !policy.IsAccountID(parts[1]) || len(parts) < 3:
		return false
	}
	switch rest := parts[3:]; parts[2] {
	case "users", "groups":
		return len(rest) == 2 && rest[1] == "inline"
	case "roles":
		return len(rest) == 2 && rest[1] == "inline" || len(rest) == 1 && stem == "trust"
	case "resources":
		return len(rest) == 1
	case "policies", "endpoints":
		return len(rest) == 0
	}
	return false
}

// ownsDir reports whether a snapshot could have made this directory.
func ownsDir(name string) bool {
	parts := strings.Split(name, "/")
	switch {
	case len(parts) == 1:
		return parts[0] == controlDir || parts[0] == managedDir || parts[0] == accountsDir
	case parts[0] != accountsDir || !policy.IsAccountID(parts[1]):
		return false
	case len(parts) == 2:
		return true
	}
	switch rest := parts[3:]; parts[2] {
	case "users", "groups", "roles":
		return len(rest) < 2 || len(rest) == 2 && rest[1] == "inline"
	case "resources":
		return len(rest) < 2
	case "policies", "endpoints":
		return len(rest) == 0
	}
	return false
}
