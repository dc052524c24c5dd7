variable "trust" {
  type = string
}

locals {
  trust = var.trust
}

output "trust" {
  value = jsonencode(jsondecode(local.trust))
}
