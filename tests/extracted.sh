#!/usr/bin/env bash
# Lifts every context out with `banyan extract scaffold`, builds the five crates and runs their tests.
#
#   tests/extracted.sh BANYAN FOLDER     the program, and a folder that is not there yet
#
# They are built as one workspace in the target folder of this one, with its lock file, its profiles and the features of its
# dependencies: what both link is compiled once. BANYAN_TEST_POSTGRES_URL names the server for the tests. Prints a table of
# what came of it.
set -euo pipefail

banyan=$(realpath "$1")
folder=$2
ours=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
contexts=(identity inventory catalog payments orders)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ours/target}
CARGO_TARGET_DIR=$(realpath -m "$CARGO_TARGET_DIR")
# The crates are new each time.
export CARGO_INCREMENTAL=0

mkdir -p "$folder"
for context in "${contexts[@]}"; do
    "$banyan" extract scaffold "$context" --out "$folder/$context"
done
cd "$folder"

# A member without code that asks for what one of ours asks for. Cargo unites the features of all members: each dependency
# has those it has for ours, and is there already.
same_dependencies() {
    mkdir -p "same-as-$1/src"
    touch "same-as-$1/src/lib.rs"
    {
        printf '[package]\nname = "same-as-%s"\nedition = "2024"\n\n' "$1"
        awk '/^\[/ { wanted = /^\[(dev-|build-)?dependencies\]$/ } wanted && !/^banyan = /' "$2"
    } >"same-as-$1/Cargo.toml"
}
same_dependencies banyan "$ours/Cargo.toml"
same_dependencies arch-tests "$ours/arch-tests/Cargo.toml"
same_dependencies load "$ours/tests/load/Cargo.toml"
{
    printf '[workspace]\nresolver = "3"\nmembers = [%s"same-as-*"]\n\n' "$(printf '"%s", ' "${contexts[@]}")"
    sed -n '/^\[profile.dev\]/,$p' "$ours/Cargo.toml"
} >Cargo.toml
cp "$ours/Cargo.lock" .

began=$SECONDS
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --no-fail-fast --status-level fail
else
    cargo test --workspace --no-fail-fast
fi
took=$((SECONDS - began))

packages() { cargo tree --package "banyan-$1" --edges normal,build --prefix none "${@:2}" | sed 's/ (\*)$//' | sort -u | wc -l; }

printf '\n%-10s %6s %7s %7s %7s %9s\n' crate files lines direct all 'dev MB'
for context in "${contexts[@]}"; do
    printf '%-10s %6d %7d %7d %7d %9d\n' "$context" \
        "$(find "$context" -name '*.rs' | wc -l)" \
        "$(find "$context" -name '*.rs' -exec cat {} + | wc -l)" \
        $(($(packages "$context" --depth 1) - 1)) \
        $(($(packages "$context") - 1)) \
        $(($(stat -c %s "$CARGO_TARGET_DIR/debug/banyan-$context") / 1000000))
done
printf 'built and tested in %d s\n' "$took"
