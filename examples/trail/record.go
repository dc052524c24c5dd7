package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// A record is an event as CloudTrail writes it, as far as the sample needs it.
type record struct {
	EventVersion   string         `json:"eventVersion"`
	Identity       identity       `json:"userIdentity"`
	Time           time.Time      `json:"eventTime"`
	Source         string         `json:"eventSource"`
	Name           string         `json:"eventName"`
	Region         string         `json:"awsRegion"`
	SourceIP       string         `json:"sourceIPAddress"`
	UserAgent      string         `json:"userAgent"`
	ErrorCode      string         `json:"errorCode,omitempty"`
	ErrorMessage   string         `json:"errorMessage,omitempty"`
	Parameters     map[string]any `json:"requestParameters"`
	Response       map[string]any `json:"responseElements"`
	Additional     map[string]any `json:"additionalEventData,omitempty"`
	ServiceDetails map[string]any `json:"serviceEventDetails,omitempty"`
	RequestID      string         `json:"requestID"`
	ID             string         `json:"eventID"`
	ReadOnly       bool           `json:"readOnly"`
	Resources      []resource     `json:"resources,omitempty"`
	Type           string         `json:"eventType"`
	Management     bool           `json:"managementEvent"`
	Account        string         `json:"recipientAccountId"`
	Category       string         `json:"eventCategory"`
	TLS            *tls           `json:"tlsDetails,omitempty"`
	FromConsole    string         `json:"sessionCredentialFromConsole,omitempty"`
}

type identity struct {
	Type             string   `json:"type"`
	PrincipalID      string   `json:"principalId,omitempty"`
	ARN              string   `json:"arn,omitempty"`
	AccountID        string   `json:"accountId,omitempty"`
	AccessKey        string   `json:"accessKeyId,omitempty"`
	UserName         string   `json:"userName,omitempty"`
	InvokedBy        string   `json:"invokedBy,omitempty"`
	IdentityProvider string   `json:"identityProvider,omitempty"`
	Session          *session `json:"sessionContext,omitempty"`
	OnBehalfOf       *person  `json:"onBehalfOf,omitempty"`
	CredentialID     string   `json:"credentialId,omitempty"`
}

type session struct {
	Issuer     *issuer        `json:"sessionIssuer,omitempty"`
	Web        map[string]any `json:"webIdFederationData,omitempty"`
	Attributes attributes     `json:"attributes"`
	EC2Role    string         `json:"ec2RoleDelivery,omitempty"`
}

type issuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

type attributes struct {
	Created time.Time `json:"creationDate"`
	MFA     string    `json:"mfaAuthenticated"`
}

type person struct {
	UserID           string `json:"userId"`
	IdentityStoreARN string `json:"identityStoreArn"`
}

type resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN"`
}

type tls struct {
	Version string `json:"tlsVersion"`
	Cipher  string `json:"cipherSuite"`
	Host    string `json:"clientProvidedHostHeader"`
}

// dice are the random choices of a sample.
type dice struct{ *rand.Rand }

func (d dice) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.Uint32())
	}
	return hex.EncodeToString(b)
}

func (d dice) uuid() string {
	h := d.hex(16)
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

func (d dice) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[d.IntN(len(letters))]
	}
	return string(b)
}

// temporary is the ID of a temporary access key.
func (d dice) temporary() string { return "ASIAEXAMPLE" + d.letters(9) }

func marshal(list []record) ([]byte, error) {
	return json.Marshal(struct {
		Records []record `json:"Records"`
	}{list})
}
