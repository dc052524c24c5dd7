package main

// The objects of a SARIF 2.1.0 log that lint writes, by the names of their sections in
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
		Properties           struct {
			Tags []string `json:"tags"`
		} `json:"properties"`
		ShortDescription sarifMessage `json:"shortDescription"`
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
		RuleID       string             `json:"ruleId"`
		RuleIndex    *int               `json:"ruleIndex,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifMessage struct { // also multiformatMessageString and artifactContent
		Text string `json:"text"`
	}
	sarifLocation struct {
		LogicalLocations []sarifName `json:"logicalLocations,omitempty"`
		PhysicalLocation sarifPlace  `json:"physicalLocation"`
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
		EndColumn   int `json:"endColumn"`
		EndLine     int `json:"endLine"`
		StartColumn int `json:"startColumn"`
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
