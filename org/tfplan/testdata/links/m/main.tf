variable "boundary" {}
resource "aws_iam_role" "r" {
  name                 = "mod"
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "arn:aws:iam::111122223333:root" } }] })
  permissions_boundary = var.boundary
}
output "role_name" { value = aws_iam_role.r.name }
