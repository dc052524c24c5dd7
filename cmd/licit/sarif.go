package main

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// schemaURI is the schema that the output keeps to.
const schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// newSARIF is a log of one run of licit.
func newSARIF(rules []sarifRule, results []sarifResult) sarifLog {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: results}
	run.Tool.Driver = sarifDriver{InformationURI: "https://github.com/licit-dev/licit", Name: "licit", Rules: rules}
	return sarifLog{Schema: schemaURI, Runs: []sarifRun{run}, Version: "2.1.0"}
}

// artifactOf is a file as a URI: relative to the working directory, unless it is given by
// an absolute path.
func artifactOf(file string) sarifArtifact {
	u := url.URL{Path: file}
	if filepath.IsAbs(filepath.FromSlash(file)) {
		u = url.URL{Scheme: "file", Path: path.Join("/", file)}
	}
	return sarifArtifact{strings.TrimPrefix(u.String(), "./")}
}

// The objects of a SARIF 2.1.0 log that lint and test write, by the names of their sections in
// “Static Analysis Results Interchange Format (SARIF) Version 2.1.0”, §3. Members stand in
// the order of their names.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Runs    []sarifRun `json:"runs"`
		Version string     `json:"version"`
	}
	sarifRun struct {
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
		Tool       struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
	}
	sarifDriver struct { // toolComponent
		InformationURI string      `json:"informationUri"`
		Name           string      `json:"name"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct { // reportingDescriptor
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
		ID                   string             `json:"id"`
		Properties           *sarifProperties   `json:"properties,omitempty"`
		ShortDescription     sarifMessage       `json:"shortDescription"`
	}
	sarifProperties struct { // propertyBag
		Tags []string `json:"tags"`
	}
	sarifConfiguration struct { // reportingConfiguration
		Enabled bool   `json:"enabled"`
		Level   string `json:"level"`
	}
	sarifResult struct {
		Fixes        []sarifFix         `json:"fixes,omitempty"`
		Level        string             `json:"level"`
		Locations    []sarifLocation    `json:"locations"`
		Message      sarifMessage       `json:"message"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		RuleID       string             `json:"ruleId"`
		RuleIndex    *int               `json:"ruleIndex,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifMessage struct { // also multiformatMessageString and artifactContent
		Text string `json:"text"`
	}
	sarifLocation struct {
		LogicalLocations []sarifName   `json:"logicalLocations,omitempty"`
		Message          *sarifMessage `json:"message,omitempty"`
		PhysicalLocation sarifPlace    `json:"physicalLocation"`
	}
	sarifName struct { // logicalLocation
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifPlace struct { // physicalLocation
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           sarifRegion   `json:"region"`
	}
	sarifArtifact struct { // artifactLocation
		URI string `json:"uri"`
	}
	sarifRegion struct {
		EndColumn   int `json:"endColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		StartColumn int `json:"startColumn,omitempty"`
		StartLine   int `json:"startLine"`
	}
	sarifFix struct {
		ArtifactChanges []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct { // artifactChange
		ArtifactLocation sarifArtifact      `json:"artifactLocation"`
		Replacements     []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		DeletedRegion   sarifRegion  `json:"deletedRegion"`
		InsertedContent sarifMessage `json:"insertedContent"`
	}
	sarifSuppression struct {
		Justification string `json:"justification"`
		Kind          string `json:"kind"`
	}
)
