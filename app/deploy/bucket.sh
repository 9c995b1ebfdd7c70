#!/bin/sh
# Make the bucket of files once; what is kept there keeps its older versions.
set -eu
mc alias set here "$BUCKET_ENDPOINT" "$(cat /run/secrets/files_access_key)" "$(cat /run/secrets/files_secret_key)" >/dev/null
mc mb --ignore-existing here/ocop
mc version enable here/ocop
