terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Nothing here reaches AWS: the keys are none, and the provider checks nothing.
provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

# A landing zone: an OU below another, an account in it, an SCP and an RCP, and a policy type
# that is enabled.
resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
}

resource "aws_organizations_organizational_unit" "workloads" {
  name      = "workloads"
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_organizational_unit" "prod" {
  name      = "prod"
  parent_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_account" "orders" {
  name      = "orders"
  email     = "orders@example.com"
  parent_id = aws_organizations_organizational_unit.prod.id
}

# It was directly below the root.
resource "aws_organizations_account" "logs" {
  name      = "logs"
  email     = "logs@example.com"
  parent_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_policy" "regions" {
  name = "regions"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OtherRegions", Effect = "Deny", NotAction = ["iam:*", "organizations:*", "sts:*"], Resource = "*"
      Condition = { StringNotEquals = { "aws:RequestedRegion" = ["eu-west-3"] } }
    }]
  })
}

resource "aws_organizations_policy" "inside" {
  name = "inside"
  type = "RESOURCE_CONTROL_POLICY"
  content = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Outsiders", Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*"
      Condition = { StringNotEqualsIfExists = { "aws:PrincipalOrgID" = aws_organizations_organization.this.id } }
    }]
  })
}

resource "aws_organizations_policy" "tags" {
  name    = "tags"
  type    = "TAG_POLICY"
  content = jsonencode({ tags = {} })
}

resource "aws_organizations_policy_attachment" "regions" {
  for_each  = toset([aws_organizations_account.logs.id])
  policy_id = aws_organizations_policy.regions.id
  target_id = each.key
}

resource "aws_organizations_policy_attachment" "prod" {
  policy_id = aws_organizations_policy.regions.id
  target_id = aws_organizations_organizational_unit.prod.id
}

resource "aws_organizations_policy_attachment" "inside" {
  policy_id = aws_organizations_policy.inside.id
  target_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_policy_attachment" "tags" {
  policy_id = aws_organizations_policy.tags.id
  target_id = aws_organizations_organization.this.roots[0].id
}
