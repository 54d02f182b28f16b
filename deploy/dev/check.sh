# What has to hold before a change is merged, except for the tests.
# Sourced by ./dev.

# Pinned, so that a new release of the tool never breaks an old commit.
CARGO_DENY_VERSION=0.20.2

# Files that a command of the binary prints: path|arguments. Add a line for a new one.
GENERATED_FILES='
graphql/schema.graphql|schema
deploy/rabbitmq/definitions.json|topology
docs/configuration.md|config --markdown
interdesk.example.toml|config
'

FAILED_STEPS=()

# Runs every step, also after a failure, and names what failed.
check_everything() {
  step scripts check_scripts
  step migrations check_migrations
  step paths check_paths
  step words check_words
  step format cargo fmt --all --check
  step clippy cargo clippy --locked --workspace --all-targets -- -D warnings
  step docs check_docs
  step licences check_licences
  step generated check_generated
  step conformance check_conformance
  step graphql check_graphql
  if [ ${#FAILED_STEPS[@]} -gt 0 ]; then
    say "check: failed first at ${FAILED_STEPS[0]} (failed: ${FAILED_STEPS[*]})"
    return 1
  fi
  say "check: everything holds"
}

# Runs one step and prints its name, its time and how it went.
step() {
  local name=$1 begin=$SECONDS word=ok
  shift
  say "── $name"
  if ! run_child "$@"; then
    word=FAILED
    FAILED_STEPS+=("$name")
  fi
  say "── $name: $word ($((SECONDS - begin)) s)"
}

check_scripts() {
  local script failed=0
  for script in dev .ci/run deploy/dev/*.sh; do
    bash -n "$script" || failed=1
  done
  for script in dev .ci/run; do
    if [ ! -x "$script" ]; then
      say "$script is not executable; run: chmod +x $script"
      failed=1
    fi
  done
  return "$failed"
}

# Each migration can be undone, and each table says who writes it.
check_migrations() {
  local folder table failed=0
  for folder in migrations/*/; do
    [ -d "$folder" ] || continue
    if [ ! -s "$folder/up.sql" ] || [ ! -s "$folder/down.sql" ]; then
      say "$folder needs an up.sql and a down.sql"
      failed=1
      continue
    fi
    for table in $(sed -nE 's/^ *create table (if not exists )?([a-z_."]+).*/\2/Ip' "$folder/up.sql"); do
      # A partition is described by its parent.
      if grep -qiE "create table (if not exists )?$table partition of" "$folder/up.sql"; then
        continue
      fi
      if ! grep -qiE "^ *comment on table $table is" "$folder/up.sql"; then
        say "$folder""up.sql: table $table has no COMMENT ON TABLE naming its one writer"
        failed=1
      fi
    done
  done
  return "$failed"
}

# A path of somebody's own machine means nothing to the next reader.
check_paths() {
  local found
  found=$(git grep -nIE "(^|[[:space:]\"'=(\`])/(root|home|Users|work)/[A-Za-z0-9._-]" || true)
  if [ -n "$found" ]; then
    say "$found"
    say "these tracked lines hold absolute paths of one machine"
    return 1
  fi
}

# Whatever the words around the code name or link to exists.
check_words() {
  local page folder word target ours functions failed=0
  functions=$(git grep -ohE '\bfn [a-z0-9_]+' -- '*.rs' | cut -c4- | sort -u)
  ours=$(git ls-files | sed -n 's|/.*||p' | sort -u)
  for page in $(git ls-files '*.md'); do
    folder=$(dirname "$page")
    # `crates/domain/src/event.rs`: anything that begins with one of our folders.
    while IFS= read -r word; do
      if grep -qxF "${word%%/*}" <<<"$ours" && [ ! -e "$word" ] && [ ! -e "$folder/$word" ]; then
        say "$page names $word, which does not exist"
        failed=1
      fi
    done < <(grep -oE '`[A-Za-z0-9._-]+(/[A-Za-z0-9._@-]+)+/?`' "$page" | tr -d '`' | sort -u)
    # `a_declined_offer_goes_to_the_next_agent`: five words or more are the name of a test.
    while IFS= read -r word; do
      say "$page names the test $word, which does not exist"
      failed=1
    done < <(grep -oE '`[a-z0-9]+(_[a-z0-9]+){4,}`' "$page" | tr -d '`' | sort -u |
      comm -23 - <(printf '%s\n' "$functions"))
    # [text](docs/channels.md#anchor), relative to the page.
    while IFS= read -r target; do
      target=${target#](}
      target=${target%)}
      if [ ! -e "$folder/${target%%#*}" ]; then
        say "$page links to $target, which does not exist"
        failed=1
      fi
    done < <(grep -oE '\]\([^)#: ][^): ]*\)' "$page" | sort -u)
  done
  return "$failed"
}

check_docs() {
  RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps
}

check_licences() {
  local tools=$ROOT/target/tools
  if ! "$tools/bin/cargo-deny" --version 2>/dev/null | grep -qF " $CARGO_DENY_VERSION"; then
    say "Installing cargo-deny $CARGO_DENY_VERSION into target/tools (once, some minutes) …"
    cargo install --quiet --locked --force --root "$tools" --target-dir "$tools/build" \
      "cargo-deny@$CARGO_DENY_VERSION" || return 1
    rm -rf "$tools/build"
  fi
  "$tools/bin/cargo-deny" --all-features --log-level error check --hide-inclusion-graph \
    bans licenses sources
}

check_generated() {
  local line file arguments failed=0
  cargo build --locked -p interdesk || return 1
  while IFS='|' read -r file arguments; do
    [ -n "$file" ] || continue
    # The arguments are words on purpose.
    if ! target/debug/interdesk $arguments | diff -u "$file" - >&2; then
      say "$file is not current; run: target/debug/interdesk $arguments > $file"
      failed=1
    fi
  done <<<"$GENERATED_FILES"
  return "$failed"
}

# The table of what each channel does, which the kit writes.
check_conformance() {
  cargo run --locked --quiet -p interdesk-channels --example conformance -- \
    --check docs/channels.md
}
