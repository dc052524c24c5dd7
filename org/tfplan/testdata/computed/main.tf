terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

# Nothing here reaches AWS: the keys are none, and the provider checks nothing.
provider "aws" {
  region                      = "${var.geography}-west-3"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

variable "geography" {
  type    = string
  default = "eu"
}

locals {
  prefix = "${aws_s3_bucket.orders.arn}/in"
}

resource "aws_s3_bucket" "orders" { bucket = "orders" }

resource "aws_sqs_queue" "orders" {
  count = 2
  name  = "orders-${count.index}"
}

resource "aws_iam_role" "app" {
  for_each           = toset(["read", "write"])
  name               = each.key
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::444455556666:root" }, Action = "sts:AssumeRole" }] })
}

# Principals and conditions stand in another order in the plan than here.
data "aws_iam_policy_document" "orders" {
  for_each = toset(["read", "write"])
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject"]
    resources = ["${local.prefix}/${each.key}/&{aws:username}", aws_s3_bucket.orders.arn]
    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.app[each.key].arn, "arn:aws:iam::444455556666:root"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [aws_sqs_queue.orders[1].arn]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["111122223333"]
    }
  }
}

resource "aws_s3_bucket_policy" "orders" {
  bucket = aws_s3_bucket.orders.id
  policy = data.aws_iam_policy_document.orders["write"].json
}

resource "aws_sqs_queue_policy" "orders" {
  count     = 2
  queue_url = aws_sqs_queue.orders[count.index].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Allow"
      Principal = { AWS = [for r in aws_iam_role.app : r.arn][count.index] }
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.orders[count.index].arn
    }
  })
}

# The URL is no ARN.
data "aws_iam_policy_document" "url" {
  statement {
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.orders[0].url]
  }
}

resource "aws_iam_role_policy" "url" {
  name   = "url"
  role   = aws_iam_role.app["read"].name
  policy = data.aws_iam_policy_document.url.json
}

# Some of the principals are made of a list.
data "aws_iam_policy_document" "dynamic" {
  statement {
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.orders[0].arn]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.app["read"].arn]
    }
    dynamic "principals" {
      for_each = [aws_iam_role.app["write"].arn]
      content {
        type        = "AWS"
        identifiers = [principals.value]
      }
    }
  }
}

resource "aws_sns_topic" "orders" { name = "orders" }

resource "aws_sns_topic_policy" "orders" {
  arn    = aws_sns_topic.orders.arn
  policy = data.aws_iam_policy_document.dynamic.json
}

# The default policy of this one is replaced.
resource "aws_sns_topic" "logs" { name = "logs" }

resource "aws_sns_topic_policy" "logs" {
  arn    = aws_sns_topic.logs.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = aws_iam_role.app["read"].arn }, Action = "sns:Publish", Resource = aws_sns_topic.logs.arn }] })
}
