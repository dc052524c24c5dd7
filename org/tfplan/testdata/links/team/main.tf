variable "team" {}

variable "boundary" {}

resource "aws_iam_policy" "this" {
  name   = var.team
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::${var.team}/*" }] })
}

resource "aws_iam_role" "this" {
  name                 = var.team
  permissions_boundary = var.boundary
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  count      = 1
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

output "policy_arn" {
  value = aws_iam_policy.this.arn
}
