# What a contributor runs. `just check` is exactly what CI runs.

# List what there is.
default:
    @just --list

# Everything that must hold before a change is kept.
check:
    .ci/run

# Format, lint and test: what to run while working.
quick:
    cargo fmt
    cargo clippy --all-targets -- --deny warnings
    cargo test

# A server with something to try.
serve *arguments:
    cargo run --release -- serve --demo {{ arguments }}

# Outside libraries judge our tokens.
judges:
    cargo build --release
    tests/judges/run
    tests/judges/manage
    tests/judges/deploy
    tests/judges/offline

# Build the shipped rule from source and compare it with the committed one; `just rule --write` replaces it.
rule *arguments:
    .ci/rebuild-rule {{ arguments }}

# Build the example rules from source and run all of them in one server; `just examples go` for one language.
examples *languages:
    cargo build --release
    .ci/examples {{ languages }}

# Throughput and latency against the floor.
bench *arguments:
    cargo build --release --example floor
    cargo build --release
    benches/run.py {{ arguments }}
