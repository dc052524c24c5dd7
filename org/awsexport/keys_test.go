package awsexport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

const (
	reportHead = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
	reportAna  = "ana,arn:aws:iam::111122223333:user/ana,"
	noCerts    = ",FALSE,N/A,FALSE,N/A"
)

// ana is what is known of the credentials of a user.
func ana(t *testing.T, more map[string]string) *org.Credentials {
	t.Helper()
	text := map[string]string{"111122223333/get-account-authorization-details.json": `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "UserName": "ana"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`}
	for name, src := range more {
		text["111122223333/"+name] = src
	}
	a, ok := read(t, text, awsexport.WithoutOrganization()).Organization.Account("111122223333")
	require.True(t, ok)
	return a.Users[0].Credentials
}

// A report shows active keys and certificates; that it shows no other does not say that there
// is none.
func TestReportOfInactiveKeys(t *testing.T) {
	jan, feb := day("2024-01-01T00:00:00Z"), day("2024-02-01T00:00:00Z")
	never := org.Usage{Never: true}
	first, second := org.AccessKey{Active: true, Created: jan, Used: never}, org.AccessKey{Active: true, Created: feb, Used: never}
	for name, tt := range map[string]struct {
		row  string
		want *org.Credentials
	}{
		"none shown":   {"FALSE,N/A,N/A,FALSE,N/A,N/A" + noCerts, nil},
		"the first":    {"TRUE,2024-01-01T00:00:00+00:00,N/A,FALSE,N/A,N/A" + noCerts, &org.Credentials{AccessKeys: []org.AccessKey{first}}},
		"the second":   {"FALSE,N/A,N/A,TRUE,2024-02-01T00:00:00+00:00,N/A" + noCerts, &org.Credentials{AccessKeys: []org.AccessKey{second}}},
		"both":         {"true,2024-01-01T00:00:00+00:00,N/A,true,2024-02-01T00:00:00+00:00,N/A" + noCerts, &org.Credentials{AccessKeys: []org.AccessKey{first, second}}},
		"inactive":     {"false,2024-01-01T00:00:00+00:00,N/A,FALSE,N/A,N/A" + noCerts, &org.Credentials{AccessKeys: []org.AccessKey{{Created: jan, Used: never}}}},
		"one slot":     {"TRUE,2024-01-01T00:00:00+00:00,N/A,not_supported,N/A,N/A" + noCerts, nil},
		"certificates": {"FALSE,N/A,N/A,FALSE,N/A,N/A,TRUE,2024-01-01T00:00:00+00:00,FALSE,N/A", &org.Credentials{Certificates: []org.Certificate{{Active: true, Created: jan}}}},
	} {
		require.Equal(t, tt.want, ana(t, map[string]string{"report.csv": reportHead + "\n" + reportAna + tt.row + "\n"}), name)
	}
	more := reportHead + ",additional_credentials_info\n" + reportAna + "TRUE,2024-01-01T00:00:00+00:00,N/A,TRUE,2024-02-01T00:00:00+00:00,N/A,TRUE,2024-01-01T00:00:00+00:00,FALSE,N/A,"
	require.Nil(t, ana(t, map[string]string{"report.csv": more + "1 more: ListAccessKeys\n"}), "more than the row has room for")
	require.Len(t, ana(t, map[string]string{"report.csv": more + "N/A\n"}).AccessKeys, 2)
}

// A date of the report may be that of a change, so that it is not always that of the key that
// was created then.
func TestUsesOfKeys(t *testing.T) {
	const used = "2024-05-01T10:15:00+00:00"
	const jan, feb, mar = "2024-01-01T00:00:00+00:00", "2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"
	list := func(first, second string) string {
		return `{"AccessKeyMetadata": [{"UserName": "ana", "AccessKeyId": "AKIAEXAMPLE1", "Status": "` + first + `", "CreateDate": "` + jan + `"}, {"UserName": "ana", "AccessKeyId": "AKIAEXAMPLE2", "Status": "` + second + `", "CreateDate": "` + feb + `"}]}`
	}
	for name, tt := range map[string]struct {
		row, list string
		want      [2]bool // of which keys the use is known
	}{
		"as created":                {"TRUE," + jan + "," + used + ",TRUE," + feb + "," + used, list("Active", "Active"), [2]bool{true, true}},
		"the first made inactive":   {"FALSE," + mar + "," + used + ",TRUE," + feb + "," + used, list("Inactive", "Active"), [2]bool{false, true}},
		"the first does not show":   {"FALSE,N/A,N/A,TRUE," + feb + "," + used, list("Inactive", "Active"), [2]bool{false, true}},
		"at one time":               {"FALSE," + feb + "," + used + ",TRUE," + feb + "," + used, list("Inactive", "Active"), [2]bool{false, true}},
		"both inactive":             {"FALSE," + feb + "," + used + ",FALSE," + mar + "," + used, list("Inactive", "Inactive"), [2]bool{false, false}},
		"changed, active as before": {"TRUE," + feb + "," + used + ",TRUE," + mar + "," + used, list("Active", "Active"), [2]bool{false, false}},
	} {
		c := ana(t, map[string]string{"report.csv": reportHead + "\n" + reportAna + tt.row + noCerts + "\n", "list-access-keys.ana.json": tt.list})
		require.Len(t, c.AccessKeys, 2, name)
		require.Equal(t, day("2024-01-01T00:00:00Z"), c.AccessKeys[0].Created, "%s: not when it was changed", name)
		require.Equal(t, tt.want, [2]bool{c.AccessKeys[0].Used.IsKnown(), c.AccessKeys[1].Used.IsKnown()}, name)
	}
}
