resource "aws_organizations_organizational_unit" "workloads" {
  name      = "Workloads"
  parent_id = "r-ab12"
}

resource "aws_organizations_organizational_unit" "workloads_2" {
  name      = "Workloads"
  parent_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_organizational_unit" "_9_lives" {
  name      = "9 lives!"
  parent_id = "r-ab12"
}

resource "aws_organizations_policy" "inside" {
  name = "inside"
  type = "RESOURCE_CONTROL_POLICY"
  content = jsonencode({
    Statement = [{
      Action = "s3:*"
      Condition = {
        Bool = {
          "aws:SecureTransport" = "false"
        }
      }
      Effect    = "Deny"
      Principal = "*"
      Resource  = "*"
    }]
    Version = "2012-10-17"
  })
}

resource "aws_organizations_policy" "regions" {
  name = "regions"
  type = "SERVICE_CONTROL_POLICY"
  content = jsonencode({
    Statement = [{
      Action = ["s3:PutObject"]
      Condition = {
        StringNotLike = {
          "s3:prefix" = "$${aws:username}/%%{x}/*"
        }
      }
      Effect   = "Deny"
      Resource = "arn:aws:s3:::home/*"
      Sid      = "Home"
    }]
    Version = "2012-10-17"
  })
}

resource "aws_organizations_policy_attachment" "inside_root" {
  policy_id = aws_organizations_policy.inside.id
  target_id = "r-ab12"
}

resource "aws_organizations_policy_attachment" "regions_workloads" {
  policy_id = aws_organizations_policy.regions.id
  target_id = aws_organizations_organizational_unit.workloads.id
}

resource "aws_organizations_policy_attachment" "regions_logs" {
  policy_id = aws_organizations_policy.regions.id
  target_id = "444455556666"
}

resource "aws_iam_policy" "boundary" {
  name = "boundary"
  path = "/guard/"
  policy = jsonencode({
    Statement = [{
      Action   = "*"
      Effect   = "Allow"
      Resource = "*"
    }]
    Version = "2012-10-17"
  })
}

resource "aws_ssoadmin_permission_set" "developeraccess" {
  name             = "DeveloperAccess"
  instance_arn     = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  description      = "For \"developers\""
  session_duration = "PT8H"
  tags = {
    team = "orders"
  }
}

resource "aws_ssoadmin_managed_policy_attachment" "developeraccess_readonlyaccess" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.developeraccess.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_ssoadmin_permission_set_inline_policy" "developeraccess" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.developeraccess.arn
  inline_policy = jsonencode({
    Statement = [{
      Action = ["s3:PutObject"]
      Condition = {
        StringNotLike = {
          "s3:prefix" = "$${aws:username}/%%{x}/*"
        }
      }
      Effect   = "Deny"
      Resource = "arn:aws:s3:::home/*"
      Sid      = "Home"
    }]
    Version = "2012-10-17"
  })
}

resource "aws_ssoadmin_permissions_boundary_attachment" "developeraccess" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.developeraccess.arn
  permissions_boundary {
    customer_managed_policy_reference {
      name = "boundary"
      path = "/guard/"
    }
  }
}

resource "aws_ssoadmin_permission_set" "audit" {
  name             = "Audit"
  instance_arn     = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  session_duration = "PT1H"
  relay_state      = "https://console.aws.amazon.com/"
}

resource "aws_ssoadmin_customer_managed_policy_attachment" "audit_boundary" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  customer_managed_policy_reference {
    name = "boundary"
    path = "/guard/"
  }
}

resource "aws_ssoadmin_permissions_boundary_attachment" "audit" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  permissions_boundary {
    managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
  }
}

resource "aws_ssoadmin_account_assignment" "developeraccess_111122223333_developers" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.developeraccess.arn
  principal_id       = "22222222-2222-2222-2222-222222222222"
  principal_type     = "GROUP"
  target_id          = "111122223333"
  target_type        = "AWS_ACCOUNT"
}

resource "aws_ssoadmin_account_assignment" "audit_111122223333_ana_example_com" {
  instance_arn       = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  permission_set_arn = aws_ssoadmin_permission_set.audit.arn
  principal_id       = "11111111-1111-1111-1111-111111111111"
  principal_type     = "USER"
  target_id          = "111122223333"
  target_type        = "AWS_ACCOUNT"
}

resource "aws_ssoadmin_instance_access_control_attributes" "this" {
  instance_arn = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
  attribute {
    key = "team"
    value {
      source = ["$${path:enterprise.department}"]
    }
  }
}

resource "aws_cloudtrail" "organization" {
  name                          = "organization"
  s3_bucket_name                = "logs"
  s3_key_prefix                 = "trail"
  kms_key_id                    = "arn:aws:kms:eu-west-3:111122223333:key/11111111-1111-1111-1111-111111111111"
  is_organization_trail         = true
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  enable_logging                = true
  advanced_event_selector {
    name = "management"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
  advanced_event_selector {
    name = "objects"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field           = "resources.ARN"
      not_starts_with = ["arn:aws:s3:::logs/"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
  }
}
