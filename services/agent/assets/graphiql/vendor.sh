#!/bin/sh
# Makes files/ from the exact npm packages of package-lock.json: ./vendor.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/package.json" "$here/package-lock.json" "$work/"
cd "$work"
npm ci --no-audit --no-fund
packages="$work/node_modules"

# The file that the package calls minified still has all its white space.
npx esbuild "$packages/graphiql/graphiql.min.js" --minify --legal-comments=none \
    --outfile="$here/files/graphiql.js" --allow-overwrite --log-level=error
npx esbuild "$packages/graphiql/graphiql.min.css" --minify --legal-comments=none \
    --outfile="$here/files/graphiql.css" --allow-overwrite --log-level=error
cp "$packages/react/umd/react.production.min.js" "$here/files/react.js"
cp "$packages/react-dom/umd/react-dom.production.min.js" "$here/files/react-dom.js"

# The bundle carries all that GraphiQL depends on, so every licence goes along.
npm prune --omit=dev --no-audit --no-fund
: > "$here/files/LICENSES.txt"
find node_modules -type f \( -iname 'licen[sc]e' -o -iname 'licen[sc]e.*' -o -iname 'licen[sc]e-*' \) \
    | LC_ALL=C sort | while read -r licence; do
    printf '==== %s\n\n' "${licence#node_modules/}" >> "$here/files/LICENSES.txt"
    cat "$licence" >> "$here/files/LICENSES.txt"
    printf '\n' >> "$here/files/LICENSES.txt"
done

cd "$here/files"
sha256sum graphiql.js graphiql.css react.js react-dom.js LICENSES.txt > "$here/SHA256SUMS"
