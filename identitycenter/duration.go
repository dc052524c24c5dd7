package identitycenter

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	defaultSession = time.Hour
	leastSession   = time.Hour
	mostSession    = 12 * time.Hour
)

var isoDuration = regexp.MustCompile(`^PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?$`)

// ParseSessionDuration reads the session duration of a permission set, in the form of ISO
// 8601 that IAM Identity Center uses: hours, minutes and seconds, such as "PT8H". The error
// says what is wrong if it is not from 1 to 12 hours (IAM Identity Center User Guide, “Set
// session duration for AWS accounts”).
func ParseSessionDuration(text string) (time.Duration, error) {
	m := isoDuration.FindStringSubmatch(text)
	if m == nil || m[1]+m[2]+m[3] == "" {
		return 0, fmt.Errorf("%q is no session duration; want one such as \"PT8H\"", text)
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + m[i+1])
		d += time.Duration(n) * unit
	}
	return d, checkDuration(d)
}

func checkDuration(d time.Duration) error {
	if d < leastSession || d > mostSession || d%time.Second != 0 {
		return fmt.Errorf("a session of %s; want from PT1H to PT12H", FormatSessionDuration(d))
	}
	return nil
}

// FormatSessionDuration is the inverse of [ParseSessionDuration].
func FormatSessionDuration(d time.Duration) string {
	text := strings.ToUpper(d.String())
	for _, zero := range []string{"M0S", "H0M"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return "PT" + text
}
