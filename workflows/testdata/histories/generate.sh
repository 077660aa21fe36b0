#!/bin/sh
# Records golden histories for the current rules number, from a real Temporal server. Run it once for each released
# rules number, from the released code: workflows/testdata/histories/generate.sh rules-2
set -eu
cd "$(dirname "$0")/../../.."
exec go run ./testsuite/histories -out "workflows/testdata/histories/$1"
