//! Which generation is the one before, for whoever wants to get away from the live one and names no other.

use super::keep::KeptChain;

/// The newest generation before the live one that nobody has gone back from. A rollback is a generation of its own, but
/// with the rules of an earlier one: what came between those two was fled, and going on goes further back.
pub(super) fn previous(chains: &[KeptChain], live: i64) -> Option<i64> {
    let known: Vec<(i64, Option<i64>)> = chains
        .iter()
        .map(|chain| (chain.row.number, chain.went_back_to()))
        .collect();
    before(&known, live)
}

/// The same, of numbers and of where those that were rollbacks went.
fn before(known: &[(i64, Option<i64>)], live: i64) -> Option<i64> {
    let begun = origin(known, live);
    let fled = |number: i64| {
        let over = |(rollback, to): &(i64, Option<i64>)| {
            to.is_some_and(|to| to < number && number < *rollback)
        };
        known.iter().any(over)
    };
    let good = known
        .iter()
        .filter(|(number, to)| *number < begun && to.is_none() && !fled(*number));
    good.map(|(number, _)| *number).max()
}

/// The generation whose rules these are, through however many rollbacks.
fn origin(known: &[(i64, Option<i64>)], number: i64) -> i64 {
    let to = known.iter().find(|(one, _)| *one == number);
    match to.and_then(|(_, to)| *to) {
        Some(to) if to < number => origin(known, to),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn it_is_the_one_before_the_live_one() {
        assert_eq!(before(&[(3, None), (2, None), (1, None)], 3), Some(2));
    }

    #[test]
    fn a_second_rollback_goes_further_back() {
        let known = [(4, Some(2)), (3, None), (2, None), (1, None)];
        assert_eq!(before(&known, 4), Some(1));
    }

    #[test]
    fn a_third_follows_the_rollbacks_before_it() {
        let known = [(5, Some(2)), (4, Some(3)), (3, None), (2, None), (1, None)];
        assert_eq!(before(&known, 5), Some(1));
    }

    #[test]
    fn what_was_fled_is_not_gone_back_to_after_a_new_change_either() {
        let known = [(4, None), (3, Some(1)), (2, None), (1, None)];
        assert_eq!(before(&known, 4), Some(1));
    }

    #[test]
    fn there_may_be_none() {
        assert_eq!(before(&[(1, None)], 1), None);
        assert_eq!(before(&[(3, Some(1)), (2, None), (1, None)], 3), None);
    }
}
