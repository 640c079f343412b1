#!/bin/sh
# Builds the package into dist/: types as they are in src/, and few files of code. Loading one file for each of src/ takes four to five times
# as long, which a Lambda that does not bundle pays in each INIT (bench/import).
set -e
rm -rf dist
tsc -p tsconfig.build.json
esbuild src/index.ts src/shutdown.ts src/diagnosis.ts --bundle --splitting --format=esm --platform=node --target=node22 \
  --packages=external --outdir=dist --chunk-names=chunks/[name]-[hash] --log-level=warning
# Alone, as CommonJS loads it; what marks it as an ES module is not to be lost.
esbuild src/shutdown-required.ts --platform=node --target=node22 --footer:js='export {}' --outdir=dist --log-level=warning
# esbuild keeps the order of what is loaded by imports without names. Nothing here has effects (package.json), and other bundlers warn of them.
for file in dist/*.js dist/chunks/*.js; do
  sed -i.bak '/^import "[^"]*chunk-[A-Z0-9]*\.js";$/d' "$file" && rm "$file.bak"
done
