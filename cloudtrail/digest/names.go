package digest

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// digestName and logName are the names of files as CloudTrail gives them (CloudTrail User Guide,
// “CloudTrail digest file structure” and “CloudTrail log file name format”).
var (
	digestName = regexp.MustCompile(`^([0-9]{12})_CloudTrail-Digest_([a-z0-9-]+)_(.+)_([a-z0-9-]+)_([0-9]{8}T[0-9]{6}Z)(_backfill)?\.json\.gz$`)
	expected   = regexp.MustCompile(`^[0-9]{12}/[a-z0-9-]+$`)
	logName    = regexp.MustCompile(`^([0-9]{12})_CloudTrail_([a-z0-9-]+)_([0-9]{8}T[0-9]{4}Z)_[^/]+\.json\.gz$`)
)

// A place is where a file is in a bucket or in a copy: what is before AWSLogs/, and the rest.
type place struct{ root, tail string }

func placeOf(path string) (place, bool) {
	i := strings.LastIndex("/"+path, "/AWSLogs/")
	if i < 0 {
		return place{root: path}, false
	}
	return place{path[:i], path[i:]}, true
}

// organization is the ID of the organization of a trail, or "" (keys of organization trails
// have it after AWSLogs/).
func (p place) organization() string {
	_, rest, _ := strings.Cut(p.tail, "/")
	if id, _, _ := strings.Cut(rest, "/"); strings.HasPrefix(id, "o-") {
		return id
	}
	return ""
}

// A chainID names a chain: digests of a trail for an account in a Region. Backfill digests are
// a chain of their own.
type chainID struct {
	root                          string // of a relocated copy
	organization, account, region string
	trail, home                   string
	backfill                      bool
}

// digestOf tells the chain of a digest, and the end of its period, from its path.
func digestOf(path string) (chainID, time.Time, bool) {
	m := digestName.FindStringSubmatch(path[strings.LastIndexByte(path, '/')+1:])
	if m == nil {
		return chainID{}, time.Time{}, false
	}
	end, err := time.Parse("20060102T150405Z", m[5])
	p, _ := placeOf(path)
	return chainID{organization: p.organization(), account: m[1], region: m[2], trail: m[3], home: m[4], backfill: m[6] != ""}, end, err == nil
}

// A folder is where the log files of an account and a Region are, those of one or several
// trails.
type folder struct{ root, organization, account, region string }

// logFolder tells the folder of log files that a file is in, from its path.
func logFolder(path string) (folder, bool) {
	p, ok := placeOf(path)
	parts := strings.Split(p.tail, "/")
	if p.organization() != "" {
		parts = slices.Delete(parts, 1, 2)
	}
	if !ok || len(parts) < 4 || parts[2] != "CloudTrail" {
		return folder{}, false
	}
	f := folder{root: p.root, organization: p.organization(), account: parts[1]}
	if len(parts) > 4 {
		f.region = parts[3]
	}
	return f, true
}

// logOf tells the folder of a log file, and when it was delivered, from its path.
func logOf(path string) (folder, time.Time, bool) {
	m := logName.FindStringSubmatch(path[strings.LastIndexByte(path, '/')+1:])
	if m == nil {
		return folder{}, time.Time{}, false
	}
	at, err := time.Parse("20060102T1504Z", m[3])
	p, ok := placeOf(path)
	return folder{p.root, p.organization(), m[1], m[2]}, at, ok && err == nil
}
