#!/bin/sh
# Fetches the vendored files of this folder again from the npm registry and
# checks that they are the ones we know. Run it from anywhere; it needs npm.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version=2.0.11
sum=d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717

cd "$work"
npm pack --silent "htmx.org@$version" >/dev/null
tar -xzf "htmx.org-$version.tgz"
echo "$sum  package/dist/htmx.min.js" | sha256sum -c -
cp package/dist/htmx.min.js "$here/vendor/htmx.min.js"
cp package/LICENSE "$here/vendor/htmx.LICENSE"
echo "static/vendor is htmx $version"
