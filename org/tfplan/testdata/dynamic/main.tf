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
# Terraform leaves dynamic blocks out of the configuration that a plan shows.
variable "inline" {
  default = { send = "sqs:SendMessage" }
}

resource "aws_iam_role" "known" {
  name = "dynamic"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "sts:AssumeRole" }]
  })
  dynamic "inline_policy" {
    for_each = var.inline
    content {
      name   = inline_policy.key
      policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = inline_policy.value, Resource = "*" }] })
    }
  }
}

# How many blocks this has is known only after apply, and looks like none.
resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_iam_role" "unknown" {
  name               = "unknown"
  assume_role_policy = aws_iam_role.known.assume_role_policy
  dynamic "inline_policy" {
    for_each = split(",", aws_sqs_queue.orders.arn)
    content {
      name   = inline_policy.key
      policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
    }
  }
}

resource "aws_iam_role" "without" {
  name               = "without"
  assume_role_policy = aws_iam_role.known.assume_role_policy
}
