#!/bin/sh
# Packs the proxy of a release as the fixture of the interop test. See README.md.
# Usage: proxy/test/interop/renew.sh GIT_REF
set -eu
ref=${1:?give the tag or commit of the release}
root=$(cd "$(dirname "$0")/../../.." && pwd)
commit=$(git -C "$root" rev-parse --verify "$ref^{commit}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git -C "$root" archive "$commit" contract proxy tsconfig.base.json package.json | tar -x -C "$folder"
for part in . contract; do ln -s "$root/$part/node_modules" "$folder/$part/node_modules"; done
# All that the proxy depends on, but with the contract of its own time.
mkdir -p "$folder/proxy/node_modules/@revenprox"
for module in "$root"/proxy/node_modules/*; do
  [ "$(basename "$module")" = @revenprox ] || ln -s "$module" "$folder/proxy/node_modules/"
done
ln -s "$folder/contract" "$folder/proxy/node_modules/@revenprox/contract"
(cd "$folder" && "$root/node_modules/.bin/tsc" -b contract proxy --sourceMap false --declarationMap false)
pack=$folder/pack
for part in contract proxy; do
  mkdir -p "$pack/$part"
  cp "$folder/$part/package.json" "$pack/$part/"
  (cd "$folder/$part" && find dist -name '*.js' | tar -cf - -T -) | tar -x -C "$pack/$part"
done
echo "$commit" > "$pack/COMMIT"
tar -C "$pack" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | gzip -9n > "$root/proxy/test/interop/previous-build.tar.gz"
ls -l "$root/proxy/test/interop/previous-build.tar.gz"
