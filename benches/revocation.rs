//! What a question about a token costs, and what a revocation takes: look-ups among few and many, bytes by entry, and the whole
//! verification of a token with and without a full list.
//!
//! `cargo bench --bench revocation`. Figures are comparable within one run only; see README.md.

#![expect(
    clippy::unwrap_used,
    reason = "a measuring tool has nobody to report to"
)]

use std::fs;

use divan::Bencher;
use mimalloc::MiMalloc;
use rulemint::revocation::{Bearing, Revocations};
use rulemint::store::RevocationRow;

/// The same allocator as the server's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    for count in [100_000, 1_000_000] {
        let before = resident_bytes();
        let list = listed(count);
        let bytes = (resident_bytes() - before) as f64 / f64::from(count);
        println!("{count} tokens listed: {bytes:.1} bytes by entry, resident");
        assert_eq!(list.len(), count as usize);
    }
    divan::main();
}

const SIZES: [u32; 3] = [0, 1_000, 1_000_000];

#[divan::bench(args = SIZES)]
fn miss(bencher: Bencher<'_, '_>, count: u32) {
    ask(bencher, &listed(count), |number| jti(number + count));
}

#[divan::bench(args = [1_000, 1_000_000])]
fn hit(bencher: Bencher<'_, '_>, count: u32) {
    ask(bencher, &listed(count), |number| jti(number % count));
}

/// The same with a cut-off of each kind, so that every one is looked for.
#[divan::bench(args = SIZES)]
fn miss_with_cutoffs(bencher: Bencher<'_, '_>, count: u32) {
    let list = listed(count);
    for (number, kind) in ["client", "subject", "audience", "key", "rule"]
        .iter()
        .enumerate()
    {
        list.take_in(&row(
            i64::try_from(number).unwrap() + 5_000_000,
            kind,
            "another",
        ));
    }
    ask(bencher, &list, |number| jti(number + count));
}

/// Asks about tokens all over the list: what lies beside the one before would be in a cache.
fn ask(bencher: Bencher<'_, '_>, list: &Revocations, jti_of: impl Fn(u32) -> String) {
    let many: Vec<String> = (0..4_096_u32)
        .map(|number| jti_of(number.wrapping_mul(2_654_435_761) % 1_000_000))
        .collect();
    let mut next = many.iter().cycle();
    bencher.bench_local(|| {
        let jti = next.next().unwrap();
        list.meets(divan::black_box(&Bearing {
            jti,
            client_id: "partner",
            subject: "partner",
            audience: "https://api.example",
            kid: "uL8wmJd4Dks5FNpM1VHFA2dLTvK3vj1V3OnWz1f0xLo",
            rules: "00112233aabbccdd",
            issued_at: 1_000,
            cutoff: 0,
        }))
    });
}

fn listed(count: u32) -> Revocations {
    let list = Revocations::default();
    for number in 0..count {
        list.take_in(&row(i64::from(number) + 1, "token", &jti(number)));
    }
    list
}

/// As long as a UUID.
fn jti(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

fn row(id: i64, kind: &str, value: &str) -> RevocationRow {
    RevocationRow {
        id,
        kind: kind.to_owned(),
        value: value.to_owned(),
        audience: String::new(),
        issued_before: None,
        expires_at: 2_000_000_000,
        reason: None,
        actor: String::new(),
        created_at: 0,
        undone_at: None,
        undone_by: None,
        changed: 1,
        is_final: false,
    }
}

fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096
}
