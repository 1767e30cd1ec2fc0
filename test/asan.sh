#!/usr/bin/env bash
# The native tests against an addon built with AddressSanitizer and UndefinedBehaviorSanitizer, in a
# folder of its own. Leak detection is off: Node frees little of its own at exit. Leaks of descriptors are
# what test/native counts. Programs that need no addon are compiled with the sanitizers anyway, by `npm test`.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build-asan
mkdir -p "$out"
cp -r native binding.gyp package.json "$out/"
ln -sfn ../node_modules "$out/node_modules"
(cd "$out" && npx node-gyp configure --silent -- -Dsanitize=address,undefined && npx node-gyp build --silent)
export EVENKEEL_ADDON="$PWD/$out/build/Release/evenkeel.node"
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
mapfile -t programs < <(grep -lr --include=*.test.ts 'testPrograms(' test/native | sed 's/^/--exclude=/')
LD_PRELOAD="$(gcc -print-file-name=libasan.so)" exec npx vitest run test/native "${programs[@]}" "$@"
