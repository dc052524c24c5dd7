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

resource "aws_iam_policy" "boundary" {
  name   = "boundary"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
resource "aws_s3_bucket" "logs" { bucket = "logs" }
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*", "arn:aws:s3:::other/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["a"]
    }
  }
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:root"]
    }
  }
}
resource "aws_iam_policy" "p" {
  for_each = toset(["a", "b"])
  name     = each.key
  policy   = data.aws_iam_policy_document.read.json
}
resource "aws_iam_role" "app" {
  name                 = "app"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = 7200
  tags                 = { team = "a" }
}
resource "aws_iam_role_policy_attachment" "a" {
  for_each   = aws_iam_policy.p
  role       = aws_iam_role.app.name
  policy_arn = each.value.arn
}
resource "aws_iam_role_policy_attachment" "b" {
  for_each   = toset(["a", "b"])
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.p[each.key].arn
}
resource "aws_iam_role_policy_attachment" "c" {
  count      = 2
  role       = aws_iam_role.app.id
  policy_arn = [for k, p in aws_iam_policy.p : p.arn][count.index]
}
resource "aws_iam_role_policy_attachment" "d" {
  role       = module.m.role_name
  policy_arn = aws_iam_policy.p["a"].arn
}
resource "aws_iam_role_policy" "inl" {
  name   = "inl"
  role   = aws_iam_role.app.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:*", Resource = aws_s3_bucket.logs.arn }] })
}
module "m" {
  source   = "./m"
  boundary = aws_iam_policy.boundary.arn
}
resource "aws_iam_role" "prefixed" {
  name_prefix        = "batch-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  inline_policy {
    name   = "list"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:ListAllMyBuckets", Resource = "*" }] })
  }
}

# One module for each team.
module "team" {
  source   = "./team"
  for_each = toset(["orders", "logs"])
  team     = each.key
  boundary = aws_iam_policy.boundary.arn
}

resource "aws_iam_role_policy_attachment" "team" {
  for_each   = toset(["orders", "logs"])
  role       = aws_iam_role.app.name
  policy_arn = module.team[each.key].policy_arn
}

resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.prefixed.name
  policy_arn = module.team["logs"].policy_arn
}
