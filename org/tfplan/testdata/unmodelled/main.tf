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
  default   = "very-secret-partner"
}

locals {
  secret = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::444455556666:role/${var.partner}" }, Action = "*", Resource = "*" }]
  })
}

# Policies that are sensitive, or known only after apply.
resource "aws_dynamodb_resource_policy" "secret" {
  resource_arn = "arn:aws:dynamodb:eu-west-3:111122223333:table/orders"
  policy       = local.secret
}

resource "aws_cloudwatch_log_destination_policy" "secret" {
  destination_name = "logs"
  access_policy    = local.secret
}

resource "aws_opensearch_domain" "secret" {
  domain_name     = "secret"
  access_policies = local.secret
}

resource "aws_opensearch_domain" "none" {
  domain_name = "none"
}

resource "aws_efs_file_system" "files" {}

resource "aws_efs_file_system_policy" "unknown" {
  file_system_id = aws_efs_file_system.files.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "*", Resource = aws_efs_file_system.files.arn }]
  })
}

# What has no policy, and gives access.
resource "aws_lambda_layer_version_permission" "all" {
  layer_name     = "orders"
  version_number = 1
  statement_id   = "all"
  principal      = "*"
  action         = "lambda:GetLayerVersion"
}

resource "aws_cloudwatch_event_permission" "other" {
  principal    = "444455556666"
  statement_id = "other"
}

resource "aws_ami_launch_permission" "other" {
  image_id   = "ami-12345678"
  account_id = "444455556666"
}

resource "aws_ssm_document" "shared" {
  name          = "shared"
  document_type = "Command"
  content       = jsonencode({ schemaVersion = "1.2", description = "none", runtimeConfig = {} })
  permissions = {
    type        = "Share"
    account_ids = "444455556666"
  }
}

resource "aws_ssm_document" "own" {
  name          = "own"
  document_type = "Command"
  content       = jsonencode({ schemaVersion = "1.2", description = "none", runtimeConfig = {} })
}

resource "aws_db_snapshot" "shared" {
  db_instance_identifier = "orders"
  db_snapshot_identifier = "orders"
  shared_accounts        = ["444455556666"]
}

resource "aws_s3_bucket" "public" {
  bucket = "public"
  acl    = "public-read"
}

resource "aws_s3_bucket" "own" {
  bucket = "own"
}

resource "aws_s3_object" "public" {
  bucket = "public"
  key    = "index"
  acl    = "public-read"
}

resource "aws_s3_object" "own" {
  bucket = "own"
  key    = "index"
}

resource "aws_cognito_identity_pool_roles_attachment" "orders" {
  identity_pool_id = "eu-west-3:11111111-1111-1111-1111-111111111111"
  roles            = { authenticated = "arn:aws:iam::111122223333:role/app" }
}

resource "aws_quicksight_folder" "shared" {
  aws_account_id = "111122223333"
  folder_id      = "shared"
  name           = "shared"
  dynamic "permissions" {
    for_each = toset(["quicksight:DescribeFolder"])
    content {
      actions   = [permissions.key]
      principal = "arn:aws:quicksight:eu-west-3:111122223333:user/default/ana"
    }
  }
}

# What only sounds like it.
resource "aws_ecr_lifecycle_policy" "orders" {
  repository = "orders"
  policy     = jsonencode({ rules = [{ rulePriority = 1, selection = { tagStatus = "untagged", countType = "imageCountMoreThan", countNumber = 1 }, action = { type = "expire" } }] })
}

resource "aws_sqs_queue" "letters" {
  name = "letters"
}

resource "aws_sns_topic_subscription" "orders" {
  topic_arn      = "arn:aws:sns:eu-west-3:111122223333:orders"
  protocol       = "sqs"
  endpoint       = aws_sqs_queue.letters.arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.letters.arn })
  filter_policy  = jsonencode({ kind = ["order"] })
}

resource "aws_instance" "orders" {
  ami           = "ami-12345678"
  instance_type = "t3.micro"
  tags          = { policy = "none" }
}
