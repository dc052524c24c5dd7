terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "member" { default = "444455556666" }
provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
provider "aws" {
  alias                       = "member"
  region                      = "eu-west-3"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  # its keys are those of the member account, from the environment
}
resource "aws_iam_role" "member" {
  provider           = aws.member
  name               = "breakglass"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::444455556666:root" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy_attachment" "member" {
  provider   = aws.member
  role       = aws_iam_role.member.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_group" "mgmt" { name = "mgmt" }
