#!/usr/bin/env bash
# The addon's threads against ThreadSanitizer, in a folder of its own: the reactor accepts, hands off, takes
# back and watches while JavaScript adds, removes and closes. Node itself is not instrumented, so what V8's own
# threads do to each other is not told (test/tsan.supp).
set -euo pipefail
cd "$(dirname "$0")/.."
out=build-tsan
mkdir -p "$out"
cp -r native binding.gyp package.json "$out/"
ln -sfn ../node_modules "$out/node_modules"
(cd "$out" && npx node-gyp configure --silent -- -Dsanitize=thread && npx node-gyp build --silent)
export EVENKEEL_ADDON="$PWD/$out/build/Release/evenkeel.node"
export TSAN_OPTIONS="suppressions=$PWD/test/tsan.supp exitcode=66 halt_on_error=0"
LD_PRELOAD="$(gcc -print-file-name=libtsan.so)" node test/fixtures/native/races.mjs
