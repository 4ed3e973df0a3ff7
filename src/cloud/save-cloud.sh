#!/bin/sh
# Writes what `claimcheck fuzz --cloud FOLDER` reads of a live cloud. It lists and shows, and changes nothing in the cloud.
set -eu
folder=${1:?usage: sh save-cloud.sh FOLDER, as an administrator, with python-openstackclient and osc-placement}
save() { # FILE COMMAND...: what the command prints goes to the file; a command that fails leaves no file behind
  file=$folder/$1; shift; echo "openstack $* > $file"
  openstack "$@" > "$file" || { rm -f "$file"; echo "failed, and left out: $file" >&2; return 1; }
}
mkdir -p "$folder/inventories" "$folder/traits" "$folder/usages"
save flavors.json flavor list --all --long -f json
save providers.json resource provider list -f json
echo 'openstack resource provider list -f value -c uuid'
uuids=$(openstack resource provider list -f value -c uuid)
for uuid in $uuids; do
  save "inventories/$uuid.json" resource provider inventory list "$uuid" -f json || continue
  save "traits/$uuid.json" resource provider trait list "$uuid" -f json || true
  save "usages/$uuid.json" resource provider usage show "$uuid" -f json || true
done
