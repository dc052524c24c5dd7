package policy

import (
	"fmt"
	"strings"
)

// An Action is an IAM action such as "s3:GetObject". Case does not matter to AWS:
// service prefixes and action names are compared without regard to ASCII case
// (IAM User Guide, “IAM JSON policy elements: Action”). The zero Action is not valid.
type Action string

// ParseAction accepts service:Name with both parts present and no wildcard or space.
func ParseAction(s string) (Action, error) {
	service, name, ok := strings.Cut(s, ":")
	switch {
	case !ok || service == "" || name == "":
		return "", fmt.Errorf("action %q: want service:Name, such as s3:GetObject", clip(s))
	case strings.ContainsAny(s, "*?"):
		return "", fmt.Errorf("action %q: a request names one action, without wildcards", clip(s))
	case strings.ContainsAny(s, " \t\r\n,"):
		return "", fmt.Errorf("action %q: contains white space or a comma; want service:Name", clip(s))
	}
	return Action(s), nil
}

// Service is the part before the first colon, "" if there is none.
func (a Action) Service() string {
	s, _, ok := strings.Cut(string(a), ":")
	if !ok {
		return ""
	}
	return s
}

// Name is the part after the first colon, "" if there is none.
func (a Action) Name() string {
	_, n, _ := strings.Cut(string(a), ":")
	return n
}
