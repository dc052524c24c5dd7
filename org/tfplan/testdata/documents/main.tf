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
# The statement NoDelete is another one after apply: that of the document that overrides it.
resource "aws_sqs_queue" "new" {
  name = "new"
}

data "aws_iam_policy_document" "over" {
  statement {
    sid       = "NoDelete"
    effect    = "Deny"
    actions   = ["sqs:DeleteQueue"]
    resources = [aws_sqs_queue.new.arn]
  }
}

data "aws_iam_policy_document" "overridden" {
  override_policy_documents = [data.aws_iam_policy_document.over.json]
  statement {
    sid       = "NoDelete"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["iam:*"]
    resources = ["*"]
  }
}

resource "aws_iam_user" "ana" {
  name = "ana"
}

resource "aws_iam_user_policy" "ana" {
  name   = "ana"
  user   = aws_iam_user.ana.name
  policy = data.aws_iam_policy_document.overridden.json
}

resource "aws_iam_user_policy_attachment" "ana" {
  user       = aws_iam_user.ana.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

# A function of a document looks like the document.
data "aws_iam_policy_document" "late" {
  depends_on = [aws_sqs_queue.new]
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

resource "aws_iam_user" "late" {
  for_each = toset(["plain", "function"])
  name     = each.key
}

resource "aws_iam_user_policy_attachment" "late" {
  for_each   = aws_iam_user.late
  user       = each.key
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_user_policy" "plain" {
  name   = "late"
  user   = aws_iam_user.late["plain"].name
  policy = data.aws_iam_policy_document.late.json
}

resource "aws_iam_user_policy" "function" {
  name   = "late"
  user   = aws_iam_user.late["function"].name
  policy = replace(data.aws_iam_policy_document.late.json, "s3:*", "sqs:*")
}
