#!/bin/sh
# Builds AWS's own Node runtime client in local/runtime-client, unless it is there already. It is kept out of `npm ci`
# because it needs Node 22, cmake and a C++ compiler; where it cannot be built a small loop stands in, but not in CI.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root/local/runtime-client" || exit 1

wanted=$(sed -n 's/.*"aws-lambda-ric": "\(.*\)".*/\1/p' package.json)
built=node_modules/aws-lambda-ric
if [ -f "$built/rapid-client.node" ] && grep -q "\"version\": \"$wanted\"" "$built/package.json"; then
  exit 0
fi

echo "Building AWS's Lambda runtime client $wanted in local/runtime-client (once, about a minute) ..."
log=$(mktemp)
# npm itself must run on Node 24 too: on Node 20 it refuses the client's engines. On macOS it installs, but unbuilt.
if [ "$(uname)" = Linux ] && PATH="$root/node_modules/.bin:$PATH" npm ci --no-audit --no-fund >"$log" 2>&1 &&
  [ -f "$built/rapid-client.node" ]; then
  rm -f "$log"
  exit 0
fi

why="AWS's Lambda runtime client could not be built: it needs Linux, cmake, a C++ compiler and Node's headers"
if [ "${CI:-}" != true ]; then
  echo "$why (see $log); a small loop stands in." >&2
  exit 0
fi
tail -n 30 "$log" >&2
echo "$why." >&2
exit 1
