# Lets the tools that clients are made with judge the committed schema and documents.
# Sourced by ./dev. The packages are pinned by graphql/tools/package-lock.json and lie under target/.

GRAPHQL_TOOLS=$ROOT/target/graphql-tools

# Installs the tools once per lock file, beside a copy of the scripts that use them.
graphql_tools_install() {
  mkdir -p "$GRAPHQL_TOOLS"
  cp graphql/tools/* "$GRAPHQL_TOOLS/"
  if ! cmp -s graphql/tools/package-lock.json "$GRAPHQL_TOOLS/node_modules/.installed"; then
    say "Installing the tools of graphql/tools into target/graphql-tools (once) …"
    npm ci --prefix "$GRAPHQL_TOOLS" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
      return 1
    cp graphql/tools/package-lock.json "$GRAPHQL_TOOLS/node_modules/.installed"
  fi
}

# Lints, compares with the last release, asks Relay's compiler, and looks whether the client is current.
check_graphql() {
  local failed=0 copy=$GRAPHQL_TOOLS/judged
  need node
  graphql_tools_install || return 1
  # ESLint reads nothing outside of its own folder.
  rm -rf "$copy"
  mkdir -p "$copy"
  cp -r graphql/schema.graphql graphql/operations "$copy/"
  (cd "$GRAPHQL_TOOLS" && SCHEMA=$copy/schema.graphql OPERATIONS=$copy/operations \
    node node_modules/eslint/bin/eslint.js --max-warnings=0 judged) || failed=1
  node "$GRAPHQL_TOOLS/diff.mjs" graphql/schema.released.graphql graphql/schema.graphql \
    graphql/schema.breaking.txt || failed=1
  node "$GRAPHQL_TOOLS/relay.mjs" graphql/schema.graphql graphql/operations \
    "$GRAPHQL_TOOLS/relay" >"$GRAPHQL_TOOLS/relay.log" 2>&1 || {
    cat "$GRAPHQL_TOOLS/relay.log"
    failed=1
  }
  node "$GRAPHQL_TOOLS/client.mjs" graphql/schema.graphql graphql/operations \
    graphql/clients/typescript/src/generated.ts --check || failed=1
  return "$failed"
}

# Generates the TypeScript client anew: ./dev client
make_client() {
  need node
  graphql_tools_install || die "the tools did not install"
  node "$GRAPHQL_TOOLS/client.mjs" graphql/schema.graphql graphql/operations \
    graphql/clients/typescript/src/generated.ts
}
