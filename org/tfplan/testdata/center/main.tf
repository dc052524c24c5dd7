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
  instance = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  store    = "d-1234567890"
}

resource "aws_identitystore_user" "ana" {
  identity_store_id = local.store
  user_name         = "ana@example.com"
  display_name      = "Ana"
  name {
    given_name  = "Ana"
    family_name = "Lopez"
  }
  emails {
    value   = "ana@example.com"
    primary = true
  }
}

resource "aws_identitystore_group" "developers" {
  identity_store_id = local.store
  display_name      = "developers"
}

resource "aws_identitystore_group_membership" "ana" {
  identity_store_id = local.store
  group_id          = aws_identitystore_group.developers.group_id
  member_id         = aws_identitystore_user.ana.user_id
}

resource "aws_ssoadmin_permission_set" "developer" {
  name             = "DeveloperAccess"
  instance_arn     = local.instance
  session_duration = "PT8H"
}

resource "aws_ssoadmin_managed_policy_attachment" "developer" {
  for_each           = toset(["arn:aws:iam::aws:policy/ReadOnlyAccess"])
  instance_arn       = local.instance
  managed_policy_arn = each.key
  permission_set_arn = aws_ssoadmin_permission_set.developer.arn
}

resource "aws_ssoadmin_customer_managed_policy_attachment" "developer" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.developer.arn
  customer_managed_policy_reference {
    name = "orders"
    path = "/"
  }
}

resource "aws_ssoadmin_permission_set_inline_policy" "developer" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.developer.arn
  inline_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::orders/*" }]
  })
}

resource "aws_ssoadmin_permissions_boundary_attachment" "developer" {
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.developer.arn
  permissions_boundary {
    managed_policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
  }
}

resource "aws_ssoadmin_account_assignment" "developers" {
  for_each           = toset(["111122223333", "444455556666"])
  instance_arn       = local.instance
  permission_set_arn = aws_ssoadmin_permission_set.developer.arn
  principal_id       = aws_identitystore_group.developers.group_id
  principal_type     = "GROUP"
  target_id          = each.key
  target_type        = "AWS_ACCOUNT"
}

resource "aws_ssoadmin_instance_access_control_attributes" "this" {
  instance_arn = local.instance
  attribute {
    key = "team"
    value {
      source = ["$${path:enterprise.department}"]
    }
  }
}
