//! In which order the places of a list are handed out: one that nobody can foresee, and that a restart finds again.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;

use crate::store::PLACE_BITS;

/// So many places has a list: enough for a token to hide among, and 128 KiB before compression.
pub(super) const PLACES: usize = 1 << PLACE_BITS;
/// What an order follows from.
pub(super) const SEED_BYTES: usize = 32;

/// Every place once, shuffled (Fisher and Yates) by what `ChaCha20` yields for a seed: so places tell neither when a token
/// was issued nor after which other one.
pub(super) fn order(seed: &[u8]) -> Result<Vec<u32>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, seed)?);
    let mut stream = vec![0; PLACES * NUMBER_BYTES];
    let nonce = Nonce::assume_unique_for_key([0; 12]); // A seed is of one list, and nothing is kept secret by it.
    let _tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut stream)?;
    let (numbers, _) = stream.as_chunks::<NUMBER_BYTES>();
    let mut order: Vec<u32> = (0..1 << PLACE_BITS).collect();
    for (last, number) in (1..PLACES).rev().zip(numbers) {
        let number = u128::from(u64::from_le_bytes(*number));
        let chosen = (number * (last as u128 + 1)) >> u64::BITS;
        order.swap(last, usize::try_from(chosen).unwrap_or(last));
    }
    Ok(order)
}

const NUMBER_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_there_once_and_none_is_where_one_would_look() {
        let order = order(&[7; SEED_BYTES]).unwrap();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1 << PLACE_BITS));
        let neighbours = order.windows(2).filter(|two| two[0].abs_diff(two[1]) == 1);
        assert!(neighbours.count() < 20, "some two, as chance has it");
    }

    #[test]
    fn an_order_is_found_again_by_its_seed() {
        let found = order(&[7; SEED_BYTES]).unwrap();
        assert_eq!(
            found[..4],
            [341_196, 518_428, 565_233, 173_294],
            "lists that are stored go by it"
        );
        assert_ne!(found, order(&[8; SEED_BYTES]).unwrap());
    }
}
