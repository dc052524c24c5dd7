// Package examples holds the sample organizations that the command and the example
// programs run on, as snapshots that [org.ReadFS] reads.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed all:orgs/fintech
var orgs embed.FS

//go:embed all:exports/shop
var exports embed.FS

// Shop is what the AWS CLI wrote of a made-up shop with three accounts: its organization,
// IAM Identity Center, IAM, and some resources, as awsexport.Read takes it.
func Shop() fs.FS {
	sub, err := fs.Sub(exports, "exports/shop")
	if err != nil {
		panic("examples: " + err.Error())
	}
	return sub
}

// Fintech is the snapshot of a made-up payments company: an organization with production,
// data, security and sandbox accounts, control policies at every level, and a few weak
// spots that such companies have.
func Fintech() fs.FS {
	sub, err := fs.Sub(orgs, "orgs/fintech")
	if err != nil {
		panic("examples: " + err.Error())
	}
	return sub
}
