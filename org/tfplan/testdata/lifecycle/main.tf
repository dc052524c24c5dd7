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

locals {
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "sts:AssumeRole" }]
  })
}

moved {
  from = aws_iam_role.old_name
  to   = aws_iam_role.new_name
}

removed {
  from = aws_iam_role.forgotten
  lifecycle {
    destroy = false
  }
}

resource "aws_iam_role" "new_name" {
  name                 = "moved"
  assume_role_policy   = local.trust
  max_session_duration = 7200
}

# Another name is another role.
resource "aws_iam_role" "replaced" {
  name               = "after"
  assume_role_policy = local.trust
  lifecycle {
    create_before_destroy = true
  }
}

# There were two.
resource "aws_iam_role" "counted" {
  count              = 1
  name               = "counted-${count.index}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy_attachment" "changed" {
  role       = aws_iam_role.new_name.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_user" "ana" {
  name = "ana.lopez"
}

resource "aws_iam_user_group_membership" "ana" {
  user   = aws_iam_user.ana.name
  groups = ["operators"]
}

resource "aws_iam_access_key" "ana" {
  user = aws_iam_user.ana.name
}

resource "aws_lambda_permission" "orders" {
  action        = "lambda:InvokeFunction"
  function_name = "orders"
  principal     = "s3.amazonaws.com"
}

resource "aws_cloudwatch_log_group" "orders" {
  name = "orders"
}

resource "aws_glacier_vault" "orders" {
  name = "orders"
  access_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Read", Effect = "Allow", Principal = "*", Action = "glacier:InitiateJob", Resource = "arn:aws:glacier:eu-west-3:111122223333:vaults/orders" }]
  })
}
