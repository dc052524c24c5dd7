# What the data sources of Terraform's AWS provider see of the server that the test starts
# in the place of http://127.0.0.1:0.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

locals {
  server = "http://127.0.0.1:0"
}

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "AKIA111122223333"
  secret_key                  = "secret"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {
    sts           = local.server
    iam           = local.server
    organizations = local.server
    ssoadmin      = local.server
    identitystore = local.server
  }
}

provider "aws" {
  alias                       = "member"
  region                      = "eu-west-3"
  access_key                  = "AKIA111122223333"
  secret_key                  = "secret"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
  assume_role {
    role_arn     = "arn:aws:iam::444455556666:role/Reader"
    session_name = "terraform"
  }
  endpoints {
    sts            = local.server
    iam            = local.server
    s3             = local.server
    sqs            = local.server
    sns            = local.server
    kms            = local.server
    lambda         = local.server
    secretsmanager = local.server
    ecr            = local.server
  }
}

data "aws_caller_identity" "management" {}

data "aws_caller_identity" "member" {
  provider = aws.member
}

data "aws_organizations_organization" "this" {}

data "aws_organizations_organizational_units" "root" {
  parent_id = "r-ab12"
}

data "aws_organizations_organizational_unit_descendant_accounts" "workloads" {
  parent_id = "ou-ab12-11111111"
}

data "aws_organizations_policies" "scp" {
  filter = "SERVICE_CONTROL_POLICY"
}

data "aws_organizations_policy" "stay" {
  policy_id = "p-stay1234"
}

data "aws_organizations_delegated_administrators" "this" {}

data "aws_organizations_delegated_services" "member" {
  account_id = "444455556666"
}

data "aws_organizations_resource_tags" "member" {
  resource_id = "444455556666"
}

data "aws_iam_access_keys" "ana" {
  user = "ana"
}

data "aws_iam_role" "ci" {
  provider = aws.member
  name     = "ci"
}

data "aws_iam_roles" "member" {
  provider = aws.member
}

data "aws_iam_openid_connect_provider" "token" {
  provider = aws.member
  arn      = "arn:aws:iam::444455556666:oidc-provider/token.example.com"
}

data "aws_ssoadmin_instances" "this" {}

data "aws_ssoadmin_permission_sets" "this" {
  instance_arn = tolist(data.aws_ssoadmin_instances.this.arns)[0]
}

data "aws_ssoadmin_permission_set" "developer" {
  instance_arn = tolist(data.aws_ssoadmin_instances.this.arns)[0]
  name         = "Developer"
}

data "aws_identitystore_users" "this" {
  identity_store_id = tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]
}

data "aws_identitystore_user" "ana" {
  identity_store_id = tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]
  user_id           = "11111111-1111-1111-1111-111111111111"
}

data "aws_identitystore_groups" "this" {
  identity_store_id = tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]
}

data "aws_identitystore_group_memberships" "dev" {
  identity_store_id = tolist(data.aws_ssoadmin_instances.this.identity_store_ids)[0]
  group_id          = "33333333-3333-3333-3333-333333333333"
}

data "aws_s3_bucket_policy" "logs" {
  provider = aws.member
  bucket   = "invoices"
}

data "aws_s3_objects" "logs" {
  provider = aws.member
  bucket   = "invoices"
}

data "aws_sqs_queues" "this" {
  provider = aws.member
}

data "aws_sns_topic" "orders" {
  provider = aws.member
  name     = "orders"
}

data "aws_kms_key" "this" {
  provider = aws.member
  key_id   = "12345678-1234-4234-8234-123456789012"
}

data "aws_lambda_functions" "this" {
  provider = aws.member
}

data "aws_secretsmanager_secrets" "this" {
  provider = aws.member
}

data "aws_ecr_repositories" "this" {
  provider = aws.member
}

output "identities" {
  value = [data.aws_caller_identity.management.arn, data.aws_caller_identity.member.arn]
}

output "organization" {
  value = {
    id         = data.aws_organizations_organization.this.id
    management = data.aws_organizations_organization.this.master_account_id
    features   = data.aws_organizations_organization.this.feature_set
    types      = sort(data.aws_organizations_organization.this.enabled_policy_types)
    services   = sort(data.aws_organizations_organization.this.aws_service_access_principals)
    roots      = [for r in data.aws_organizations_organization.this.roots : "${r.id} ${r.name}"]
    accounts   = sort([for a in data.aws_organizations_organization.this.accounts : "${a.id} ${a.name} ${a.email} ${a.status}"])
    delegated  = [for d in data.aws_organizations_delegated_administrators.this.delegated_administrators : d.id]
    delegates  = [for d in data.aws_organizations_delegated_services.member.delegated_services : d.service_principal]
    tags       = data.aws_organizations_resource_tags.member.tags
  }
}

output "tree" {
  value = {
    root      = [for u in data.aws_organizations_organizational_units.root.children : "${u.id} ${u.name} ${u.arn}"]
    workloads = sort([for a in data.aws_organizations_organizational_unit_descendant_accounts.workloads.accounts : a.id])
  }
}

output "policies" {
  value = {
    ids     = sort(data.aws_organizations_policies.scp.ids)
    name    = data.aws_organizations_policy.stay.name
    type    = data.aws_organizations_policy.stay.type
    content = jsondecode(data.aws_organizations_policy.stay.content)
  }
}

output "iam" {
  value = {
    keys = [for k in data.aws_iam_access_keys.ana.access_keys : "${k.access_key_id} ${k.status} ${k.create_date}"]
    role = {
      arn      = data.aws_iam_role.ci.arn
      id       = data.aws_iam_role.ci.unique_id
      session  = data.aws_iam_role.ci.max_session_duration
      boundary = data.aws_iam_role.ci.permissions_boundary
      created  = data.aws_iam_role.ci.create_date
      used     = [for u in data.aws_iam_role.ci.role_last_used : "${u.region} ${u.last_used_date}"]
      trust    = jsondecode(data.aws_iam_role.ci.assume_role_policy)
    }
    roles = sort(data.aws_iam_roles.member.arns)
    oidc  = [data.aws_iam_openid_connect_provider.token.url, data.aws_iam_openid_connect_provider.token.client_id_list]
  }
}

output "identity_center" {
  value = {
    instances = data.aws_ssoadmin_instances.this.arns
    stores    = data.aws_ssoadmin_instances.this.identity_store_ids
    sets      = sort(data.aws_ssoadmin_permission_sets.this.arns)
    developer = {
      arn         = data.aws_ssoadmin_permission_set.developer.arn
      description = data.aws_ssoadmin_permission_set.developer.description
      session     = data.aws_ssoadmin_permission_set.developer.session_duration
      tags        = data.aws_ssoadmin_permission_set.developer.tags
    }
    users   = [for u in data.aws_identitystore_users.this.users : "${u.user_id} ${u.user_name}"]
    ana     = [data.aws_identitystore_user.ana.user_name, data.aws_identitystore_user.ana.display_name, data.aws_identitystore_user.ana.emails[0].value]
    groups  = [for g in data.aws_identitystore_groups.this.groups : "${g.group_id} ${g.display_name}"]
    members = [for m in data.aws_identitystore_group_memberships.dev.group_memberships : m.member_id.user_id]
  }
}

output "resources" {
  value = {
    bucket       = jsondecode(data.aws_s3_bucket_policy.logs.policy)
    objects      = data.aws_s3_objects.logs.keys
    queues       = data.aws_sqs_queues.this.queue_urls
    topic        = data.aws_sns_topic.orders.arn
    key          = [data.aws_kms_key.this.arn, data.aws_kms_key.this.key_manager]
    functions    = data.aws_lambda_functions.this.function_arns
    secrets      = data.aws_secretsmanager_secrets.this.arns
    repositories = data.aws_ecr_repositories.this.names
  }
}
