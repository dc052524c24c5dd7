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

variable "partner" {
  type      = string
  sensitive = true
  default   = "arn:aws:iam::999988887777:role/very-secret-partner"
}

data "aws_iam_policy_document" "app" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::logs/*"]
    condition {
      test     = "ArnEquals"
      variable = "aws:PrincipalArn"
      values   = [var.partner]
    }
  }
}

resource "aws_iam_role" "app" {
  name = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = var.partner }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "app" {
  name   = "read"
  role   = aws_iam_role.app.name
  policy = data.aws_iam_policy_document.app.json
}

# What follows takes the same secret to documents and tags on ways that Terraform does not
# mark.
variable "token" {
  type      = string
  sensitive = true
  default   = "very-secret-token"
}

variable "production" {
  default = true
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.partner]
    }
  }
}

data "aws_iam_policy_document" "source" {
  source_policy_documents = [data.aws_iam_policy_document.trust.json]
}

data "aws_iam_policy_document" "override" {
  override_policy_documents = [data.aws_iam_policy_document.trust.json]
}

data "aws_iam_policy_document" "dynamic" {
  dynamic "statement" {
    for_each = jsondecode(data.aws_iam_policy_document.trust.json).Statement
    content {
      actions = [statement.value.Action]
      principals {
        type        = "AWS"
        identifiers = [statement.value.Principal.AWS]
      }
    }
  }
}

locals {
  trust = data.aws_iam_policy_document.trust.json
}

module "trust" {
  source = "./trust"
  trust  = data.aws_iam_policy_document.source.json
}

resource "aws_iam_role" "by_local" {
  name               = "by-local"
  assume_role_policy = local.trust
  tags               = { token = var.token }
}

resource "aws_iam_role" "by_source" {
  name               = "by-source"
  assume_role_policy = data.aws_iam_policy_document.source.json
}

resource "aws_iam_role" "by_override" {
  name               = "by-override"
  assume_role_policy = data.aws_iam_policy_document.override.json
}

resource "aws_iam_role" "by_dynamic" {
  name               = "by-dynamic"
  assume_role_policy = data.aws_iam_policy_document.dynamic.json
}

resource "aws_iam_role" "by_condition" {
  name               = "by-condition"
  assume_role_policy = var.production ? data.aws_iam_policy_document.trust.json : data.aws_iam_policy_document.source.json
}

resource "aws_iam_role" "by_module" {
  name               = "by-module"
  assume_role_policy = module.trust.trust
  inline_policy {
    name   = "inline"
    policy = data.aws_iam_policy_document.app.json
  }
}

resource "aws_iam_role" "by_part" {
  name               = "by-part"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [for s in jsondecode(data.aws_iam_policy_document.trust.json).Statement : merge(s, { Principal = { AWS = split("-", s.Principal.AWS)[0] } })] })
}

# This has nothing of it.
resource "aws_iam_role" "plain" {
  name = "plain"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "sts:AssumeRole" }]
  })
  tags = { team = "logs" }
}
