//! Which script stands where. Rules say a number; Actions say who comes before whom, in the bindings of a trigger.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::Draft;
use super::wanted::Wanted;
use super::{Aside, existing};
use crate::rules_dir::{ORDER_MAX, ScriptRule};

/// The numbers that scripts have and get.
pub(super) struct Orders {
    /// What each is to get, by its index among those that are wanted. `None` leaves it where it is.
    targets: Vec<Option<u16>>,
    /// Who stands where at each moment, by id.
    standing: BTreeMap<String, u16>,
    /// Those that have to leave their place.
    displaced: BTreeSet<usize>,
}

impl Orders {
    pub(super) fn of(draft: &mut Draft<'_>, wanted: &[Wanted<'_>], going: &BTreeSet<&str>) -> Self {
        let registered = draft.registered;
        let staying = registered.scripts.iter();
        let standing = staying
            .filter(|rule| !going.contains(rule.id.as_str()))
            .filter_map(|rule| Some((rule.id.clone(), rule.order?)))
            .collect();
        let mut orders = Self {
            targets: wanted.iter().map(|one| one.order).collect(),
            standing,
            displaced: BTreeSet::new(),
        };
        orders.check(draft, wanted);
        for sequence in sequences(wanted) {
            orders.arrange(draft, wanted, &sequence);
        }
        orders.append(draft, wanted);
        orders
    }

    /// Two cannot stand in the same place. One that says no number leaves its place to one that does.
    fn check(&mut self, draft: &mut Draft<'_>, wanted: &[Wanted<'_>]) {
        let mut taken: BTreeMap<u16, Option<usize>> = BTreeMap::new();
        for (id, order) in &self.standing {
            let is_it =
                |one: &Wanted<'_>| existing(draft, &one.name).is_some_and(|rule| rule.id == *id);
            match wanted.iter().position(is_it) {
                Some(index) if wanted[index].order.is_some() => {}
                holder => drop(taken.insert(*order, holder)),
            }
        }
        let mut declared = BTreeSet::new();
        for one in wanted {
            let Some(order) = one.order else {
                continue;
            };
            match taken.get(&order) {
                Some(Some(holder)) => drop(self.displaced.insert(*holder)),
                Some(None) => {
                    let problem =
                        format!("order: {order} is the place of a rule that is not declared");
                    draft.mistake(one.entry, problem);
                }
                None => {}
            }
            if !declared.insert(order) {
                draft.mistake(one.entry, format!("order: {order} is another rule's, too"));
            }
        }
    }

    /// Leaves a sequence as it is where that is right, new ones behind the others; otherwise all of it moves to the end.
    fn arrange(&mut self, draft: &Draft<'_>, wanted: &[Wanted<'_>], sequence: &[usize]) {
        let place = |index: &usize| {
            let name = &wanted[*index].name;
            let scripts = &draft.registered.scripts;
            scripts.iter().position(|rule| rule.name == *name)
        };
        let places: Vec<Option<usize>> = sequence.iter().map(place).collect();
        let known = places.iter().take_while(|place| place.is_some()).count();
        let new_ones_follow = places[known..].iter().all(Option::is_none);
        let stay = !sequence.iter().any(|index| self.displaced.contains(index));
        if stay && new_ones_follow && places[..known].is_sorted() {
            return;
        }
        let mut next = self.last(draft, wanted);
        for index in sequence {
            next += 1;
            self.targets[*index] = Some(next);
        }
    }

    /// New ones that say no number, and those that were displaced, come behind all others: Hooks, then Actions in the order of
    /// their bindings, then those that are bound to nothing.
    fn append(&mut self, draft: &Draft<'_>, wanted: &[Wanted<'_>]) {
        let mut indexes: Vec<usize> = (0..wanted.len()).collect();
        indexes.sort_by_key(|index| {
            let one = &wanted[*index];
            (one.is_action, one.bound.is_none(), &one.bound)
        });
        let mut next = self.last(draft, wanted);
        for index in indexes {
            let is_new = existing(draft, &wanted[index].name).is_none();
            if self.targets[index].is_none() && (is_new || self.displaced.contains(&index)) {
                next += 1;
                self.targets[index] = Some(next);
            }
        }
    }

    /// The largest number that will be in use, as far as is known.
    fn last(&self, draft: &Draft<'_>, wanted: &[Wanted<'_>]) -> u16 {
        let targets = self.targets.iter().flatten();
        let stays = |id: &str| {
            let index = wanted
                .iter()
                .position(|one| existing(draft, &one.name).is_some_and(|rule| rule.id == id));
            index.is_none_or(|index| self.targets[index].is_none())
        };
        let standing = self.standing.iter().filter(|(id, _)| stays(id));
        let all = targets.chain(standing.map(|(_, order)| order));
        all.copied().max().unwrap_or_default()
    }

    /// Whether a declared script gets this place.
    pub(super) fn will_be_taken(&self, place: u16) -> bool {
        self.targets.contains(&Some(place))
    }

    /// What a script gets, if that is not what it has, and who has to step aside for it.
    pub(super) fn take(&mut self, index: usize, rule: Option<&ScriptRule>) -> (Option<u16>, Aside) {
        let current = rule.and_then(|rule| self.standing.get(&rule.id).copied());
        let Some(order) = self.targets[index].filter(|order| Some(*order) != current) else {
            return (None, Aside::new());
        };
        let own = rule.map(|rule| rule.id.as_str());
        let holder = self
            .standing
            .iter()
            .find(|(id, at)| **at == order && Some(id.as_str()) != own)
            .map(|(id, _)| id.clone());
        let mut aside = Aside::new();
        if let Some(holder) = holder {
            let free = (0..=ORDER_MAX).rev().find(|order| {
                let standing = self.standing.values();
                !standing
                    .chain(self.targets.iter().flatten())
                    .any(|at| at == order)
            });
            let free = free.unwrap_or(ORDER_MAX);
            self.standing.insert(holder.clone(), free);
            aside.push((holder, free));
        }
        if let Some(own) = own {
            self.standing.insert(own.to_owned(), order);
        }
        (Some(order), aside)
    }
}

/// The indexes of the Actions of each trigger, in the order of its bindings.
fn sequences(wanted: &[Wanted<'_>]) -> Vec<Vec<usize>> {
    let mut triggers: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, one) in wanted.iter().enumerate() {
        if let Some((trigger, place)) = &one.bound {
            triggers.entry(trigger).or_default().push((*place, index));
        }
    }
    let sequences = triggers.into_values().map(|mut bound| {
        bound.sort_unstable();
        bound.into_iter().map(|(_, index)| index).collect()
    });
    sequences.collect()
}
