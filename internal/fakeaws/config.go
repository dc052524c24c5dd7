package fakeaws

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config is a configuration of the SDK with credentials of an account, in us-east-1, that
// reaches this server and nothing else: its HTTP client refuses every address that is not
// loopback. It takes the AWS_ variables out of the environment until the test ends, so that
// tests with it cannot be parallel.
func (s *Server) Config(t testing.TB, account string) aws.Config {
	t.Helper()
	isolate(t)
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(s.URL),
		HTTPClient:   s.client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey(account), SecretAccessKey: "of " + account, Source: "fakeaws"}, nil
		}),
	}
}

// isolate clears what the SDK and Terraform would read about AWS from the environment.
func isolate(t testing.TB) {
	t.Helper()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // for the restoring
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

// client is an HTTP client that only reaches loopback addresses, without a proxy. S3 Control
// puts the ID of the account before the host of an endpoint: that label is ignored.
func client() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		ip := net.ParseIP(host)
		if label, rest, ok := strings.Cut(host, "."); ip == nil && ok && len(label) == 12 {
			ip = net.ParseIP(rest)
		}
		if ip == nil || !ip.IsLoopback() {
			return nil, fmt.Errorf("fakeaws: %s is not a loopback address: tests reach nothing else", address)
		}
		var d net.Dialer
		return d.DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
	}
	return &http.Client{Transport: transport{&http.Transport{DialContext: dial, MaxIdleConnsPerHost: 32}}}
}

// A transport keeps what the SDK does after it has an answer from breaking the connection
// that the answer comes on. It closes the body of the request, which net/http may not have
// seen the end of yet where the server is as near as this one, and then the body's WriteTo
// returns io.EOF, which is no end to io.Copy, but an error.
type transport struct{ *http.Transport }

// RoundTrip sends a request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body} // without WriteTo
	}
	return t.Transport.RoundTrip(r)
}
