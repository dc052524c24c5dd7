package fakeaws

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func registerSTS(s *Server) {
	handle(s, "sts", "GetCallerIdentity", func(c *call, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return &sts.GetCallerIdentityOutput{Account: &c.Account, Arn: aws.String(c.caller()), UserId: aws.String(c.userID())}, nil
	})
	handle(s, "sts", "AssumeRole", assumeRole)
}

// caller is the ARN of the principal that signed the request: the user "collector" of the
// account, or the session of a role.
func (c *call) caller() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if held, ok := c.s.sessions[c.access]; ok {
		return "arn:aws:sts::" + c.Account + ":assumed-role/" + held.role + "/" + held.name
	}
	return "arn:aws:iam::" + c.Account + ":user/collector"
}

func (c *call) userID() string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if held, ok := c.s.sessions[c.access]; ok {
		return uniqueID("AROA", c.Account+held.role) + ":" + held.name
	}
	return uniqueID("AIDA", c.Account+"collector")
}

func assumeRole(c *call, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	arn, name := aws.ToString(in.RoleArn), aws.ToString(in.RoleSessionName)
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || !strings.HasPrefix(parts[5], "role/") || name == "" {
		return nil, invalid("ValidationError", "%s is invalid", arn)
	}
	account, role := parts[4], parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	if !c.s.assumable(account, role, arn) {
		return nil, &failure{403, "AccessDenied", "User: " + c.caller() + " is not authorized to perform: sts:AssumeRole on resource: " + arn}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if other, ok := c.s.behind[account]; ok {
		account = other
	}
	key := fmt.Sprintf("ASIA%s%04d", account, len(c.s.sessions))
	held := session{role: role, name: name, token: "token of " + key}
	c.s.sessions[key] = held
	life := time.Hour
	if in.DurationSeconds != nil {
		life = time.Duration(*in.DurationSeconds) * time.Second
	}
	return &sts.AssumeRoleOutput{
		AssumedRoleUser: &types.AssumedRoleUser{
			Arn:           aws.String("arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name),
			AssumedRoleId: aws.String(uniqueID("AROA", account+role) + ":" + name),
		},
		Credentials: &types.Credentials{
			AccessKeyId: &key, SecretAccessKey: aws.String("secret of " + key), SessionToken: &held.token,
			Expiration: aws.Time(time.Now().Add(life).UTC().Truncate(time.Second)),
		},
	}, nil
}

// assumable reports whether a role is there to be assumed. Whether its trust policy allows
// it is not asked.
func (s *Server) assumable(account, role, arn string) bool {
	a := s.accounts[account]
	if a == nil || a.State != "" && a.State != "ACTIVE" {
		return false
	}
	if s.world.Reader != "" && role == s.world.Reader {
		return true
	}
	for i := range a.Roles {
		if a.Roles[i].ARN.String() == arn {
			return true
		}
	}
	return false
}

// Mistake makes every role of an account lead into another account, as when a profile or a
// proxy is wrong.
func (s *Server) Mistake(account, other string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind[account] = other
}
