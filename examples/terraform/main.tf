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

# A pull request: not only the role of the pipeline, but everybody in the tooling account may
# assume the role that deploys.
data "aws_iam_policy_document" "deployment_trust" {
  statement {
    sid     = "AllowPipelineOfOwnOrganization"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::666677778888:root"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = ["o-a1b2c3d4e5"]
    }
  }
}

resource "aws_iam_role" "deployment" {
  name               = "DeploymentRole"
  path               = "/deploy/"
  assume_role_policy   = data.aws_iam_policy_document.deployment_trust.json
}
