#!/usr/bin/env bash
# Makes the plan.json of each folder here, and of examples/terraform, anew, from the
# configuration and the state beside it: regenerate.sh [FOLDER…]. It needs terraform on the path, and in LICIT_TF_MIRROR a
# folder with the AWS provider, as "terraform providers mirror" makes one. It reaches no
# network: the provider has no keys, and nothing is refreshed. OUT is where the plans go
# (default: beside the configurations).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${LICIT_TF_MIRROR:?wants the folder of a mirror of Terraform providers}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/cli.tfrc" <<EOF
provider_installation {
  filesystem_mirror {
    path = "$LICIT_TF_MIRROR"
  }
}
disable_checkpoint = true
EOF
export TF_CLI_CONFIG_FILE=$work/cli.tfrc TF_IN_AUTOMATION=1
[ $# -gt 0 ] || set -- $(cd "$here" && ls -d */ | tr -d /) ../../../examples/terraform
for folder in "$@"; do
	name=$(basename "$folder")
	cp -r "$here/$folder" "$work/$name"
	rm -f "$work/$name/plan.json"
	cd "$work/$name"
	flags=()
	[ -f flags ] && read -ra flags <flags
	terraform init -input=false >"$work/log" || { cat "$work/log"; exit 1; }
	# A plan that ends in an error is written, too, and is what one folder is about.
	terraform plan -input=false -refresh=false -out="$work/plan" "${flags[@]}" >"$work/log" 2>&1 || [ -f expect-error ] || { cat "$work/log"; exit 1; }
	to=${OUT:+$OUT/$name}
	to=${to:-$here/$folder}
	mkdir -p "$to"
	# The time is the one thing that differs from plan to plan.
	terraform show -json "$work/plan" | sed 's/,"timestamp":"[^"]*"//' >"$to/plan.json"
	# Some folders have the plan file itself, too. Only its times differ from one to the next.
	[ ! -f "$here/$folder/plan" ] || cp "$work/plan" "$to/plan"
done
