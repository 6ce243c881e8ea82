//! Keeps the lists: makes them, reserves their places, looks at tokens again, and lets go of lists whose tokens have all
//! expired.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::dispenser::{Block, Dispenser};
use super::list::List;
use super::order::{PLACES, SEED_BYTES, order};
use super::recheck::{Judge, Recheck};
use super::{Parts, StatusListError, StatusLists};
use crate::clock::Steady;
use crate::registry::{Api, Registry};
use crate::revocation::MARGIN_SECONDS;
use crate::store::{PLACE_BITS, StatusListRow, StoreError, place_of};

/// The task that keeps the lists.
pub struct Keeper {
    lists: Arc<StatusLists>,
    rechecks: UnboundedReceiver<Recheck>,
    /// What is still to be looked at.
    waiting: Vec<Recheck>,
    steady: Steady,
}

impl StatusLists {
    /// Reads the lists from the store, and finds out of every token on them whether it is revoked.
    ///
    /// # Errors
    /// When the store does not answer, or a list's order cannot be found.
    pub async fn load(parts: Parts) -> Result<(Arc<Self>, Keeper), StatusListError> {
        let (sender, rechecks) = unbounded_channel();
        let steady = Steady::new(&*parts.clock, "status list");
        let lists = Arc::new(Self {
            lists: RwLock::default(),
            dispensers: ArcSwap::default(),
            changing: tokio::sync::Mutex::default(),
            low: Arc::new(Notify::new()),
            rechecks: sender,
            behind_since: 0.into(),
            parts,
        });
        for row in lists.parts.store.status_lists().await? {
            let list = lists.take_in(&row).await?;
            lists.recheck_list(&list).await?;
        }
        let keeper = Keeper {
            lists: Arc::clone(&lists),
            rechecks,
            waiting: Vec::new(),
            steady,
        };
        Ok((lists, keeper))
    }

    /// Makes ready to give places to tokens of every API that has the setting in this registry, before it is in force.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn prepare(&self, registry: &Registry) -> Result<(), StatusListError> {
        let has_list = |api: &&Arc<Api>| api.status_list && self.parts.has_ledger;
        let _alone = self.changing.lock().await;
        for api in registry.apis().filter(has_list) {
            let known = self.dispensers.load().get(&*api.identifier).cloned();
            match known {
                Some(dispenser) => self.prolong(&dispenser, api.lifetime).await?,
                None => self.begin(api).await?,
            }
        }
        Ok(())
    }

    async fn begin(&self, api: &Api) -> Result<(), StatusListError> {
        let block = self.first_block(api).await?;
        let dispenser = Arc::new(Dispenser::new(block, api.lifetime));
        let mut dispensers = HashMap::clone(&self.dispensers.load());
        dispensers.insert((*api.identifier).into(), dispenser);
        self.dispensers.store(Arc::new(dispensers));
        Ok(())
    }

    /// Lets lists in use stay for tokens that live longer than those before.
    async fn prolong(&self, dispenser: &Dispenser, lifetime: u32) -> Result<(), StoreError> {
        if dispenser.is_for(lifetime) {
            return Ok(());
        }
        for block in dispenser.blocks() {
            let none = (0, PLACES_I64);
            let number = block.list.number;
            let store = &self.parts.store;
            store.reserve_places(number, none, lifetime.into()).await?;
        }
        dispenser.set_lifetime(lifetime);
        Ok(())
    }

    /// Hands out no further places for APIs that have lost the setting with the registry that is in force now.
    pub fn settle(&self, registry: &Registry) {
        let has_lists = |audience: &str| registry.api(audience).is_some_and(|api| api.status_list);
        let current = self.dispensers.load();
        if !current.keys().all(|audience| has_lists(audience)) {
            let mut dispensers = HashMap::clone(&current);
            dispensers.retain(|audience, _| has_lists(audience));
            self.dispensers.store(Arc::new(dispensers));
        }
    }

    /// The list that an earlier process began, or a new one.
    async fn first_block(&self, api: &Api) -> Result<Arc<Block>, StatusListError> {
        let rows = self.parts.store.status_lists().await?;
        let is_open = |row: &StatusListRow| {
            row.audience == *api.identifier && row.closed_at.is_none() && row.reserved < PLACES_I64
        };
        let lifetime = i64::from(api.lifetime);
        match rows.into_iter().find(is_open) {
            Some(row) => self.block_on(&row, lifetime).await,
            None => self.block_on_new_list(&api.identifier, lifetime).await,
        }
    }

    async fn block_on_new_list(
        &self,
        audience: &str,
        lifetime: i64,
    ) -> Result<Arc<Block>, StatusListError> {
        let random = &*self.parts.random;
        let [decoys_low, decoys_high] = random.bytes::<2>();
        let decoys = i64::from(u16::from_le_bytes([decoys_low, decoys_high])) % DECOYS_MORE;
        let mut row = StatusListRow {
            number: 0,
            id: hex::encode(random.bytes::<12>()),
            audience: audience.to_owned(),
            seed: random.bytes::<SEED_BYTES>().to_vec(),
            reserved: DECOYS_LEAST + decoys,
            lifetime,
            closed_at: None,
            created_at: self.parts.clock.unix_seconds().cast_signed(),
        };
        row.number = self.parts.store.add_status_list(&row).await?;
        self.take_in(&row).await?;
        self.block_on(&row, lifetime).await
    }

    async fn block_on(
        &self,
        row: &StatusListRow,
        lifetime: i64,
    ) -> Result<Arc<Block>, StatusListError> {
        let list = self.lists().get(&*row.id).cloned();
        let list = list.ok_or_else(|| StatusListError::Order(row.id.clone()))?;
        let store = &self.parts.store;
        let wanted = (BLOCK_PLACES, PLACES_I64);
        let (from, to) = store.reserve_places(row.number, wanted, lifetime).await?;
        let places = places(row, from, to).await?;
        Ok(Block::new(list, from, &places, Arc::clone(&self.low)))
    }

    /// A list in memory: what was reserved counts as revoked until a record says otherwise.
    async fn take_in(&self, row: &StatusListRow) -> Result<Arc<List>, StatusListError> {
        let uri = format!("{}{PATH}{}", self.parts.issuer, row.id);
        let list = Arc::new(List::new(row.number, &row.audience, uri));
        let reserved = places(row, 0, row.reserved).await?;
        list.put(reserved.iter().map(|place| (*place as usize, true)));
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.insert(row.id.as_str().into(), Arc::clone(&list));
        Ok(list)
    }

    async fn recheck_list(&self, list: &List) -> Result<(), StoreError> {
        let store = &self.parts.store;
        let mut judge = Judge::new(store, &self.parts.revocations);
        let mut last = 0;
        loop {
            let tokens = store.tokens_on(list.number, last, TOKENS_AT_ONCE).await?;
            let Some(newest) = tokens.last() else {
                return Ok(());
            };
            last = newest.id;
            let mut statuses = Vec::with_capacity(tokens.len());
            for token in &tokens {
                statuses.push((place_of(token.status), judge.is_revoked(token).await?));
            }
            list.put(statuses);
        }
    }

    async fn recheck_token(&self, jti: &str) -> Result<(), StoreError> {
        let mut judge = Judge::new(&self.parts.store, &self.parts.revocations);
        for token in self.parts.store.listed_tokens(jti).await? {
            let is_revoked = judge.is_revoked(&token).await?;
            let on = |list: &&Arc<List>| token.status >> PLACE_BITS == list.number;
            let list = self.lists().values().find(on).cloned();
            if let Some(list) = list {
                list.put([(place_of(token.status), is_revoked)]);
            }
        }
        Ok(())
    }

    /// Reserves the next block wherever more than half of the last one is used.
    async fn refill(&self, registry: &Registry) -> Result<(), StatusListError> {
        let dispensers = self.dispensers.load_full();
        for (audience, dispenser) in &*dispensers {
            let (Some(last), Some(api)) = (dispenser.last_if_low(), registry.api(audience)) else {
                continue;
            };
            let lifetime = i64::from(api.lifetime);
            let rows = self.parts.store.status_lists().await?;
            let is_this = |row: &&StatusListRow| row.number == last.list.number;
            let row = rows.iter().find(is_this);
            let next = match row.filter(|row| row.reserved < PLACES_I64) {
                Some(row) => self.block_on(row, lifetime).await?,
                None => self.block_on_new_list(audience, lifetime).await?,
            };
            last.continue_with(next);
        }
        Ok(())
    }

    /// Closes lists that nobody hands out places of, and lets go of those whose last token has expired before a moment.
    async fn clear_away(&self, expired_before: Option<i64>) -> Result<(), StoreError> {
        let _alone = self.changing.lock().await;
        let dispensers = self.dispensers.load_full();
        let blocks = dispensers.values().flat_map(|dispenser| dispenser.blocks());
        let in_use: HashSet<i64> = blocks.map(|block| block.list.number).collect();
        let now = self.parts.clock.unix_seconds().cast_signed();
        for row in self.parts.store.status_lists().await? {
            let is_over =
                |closed: i64| expired_before.is_some_and(|moment| closed + row.lifetime < moment);
            match row.closed_at {
                None if !in_use.contains(&row.number) => {
                    self.parts.store.close_status_list(row.number, now).await?;
                }
                Some(closed) if is_over(closed) => {
                    self.parts.store.delete_status_list(row.number).await?;
                    let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
                    lists.remove(&*row.id);
                    info!(
                        list = row.id,
                        "a status list is gone: its tokens have expired"
                    );
                }
                None | Some(_) => {}
            }
        }
        Ok(())
    }

    /// Gives back what was reserved in vain.
    async fn give_back(&self) -> Result<(), StoreError> {
        for dispenser in self.dispensers.swap(Arc::default()).values() {
            for block in dispenser.blocks().iter().rev() {
                let (unused, reserved) = block.unused();
                let store = &self.parts.store;
                store
                    .give_back_places(block.list.number, reserved, unused)
                    .await?;
            }
        }
        Ok(())
    }
}

impl Keeper {
    /// Keeps the lists until told to stop. A store that does not answer is asked again.
    pub async fn run(mut self, registry: impl Fn() -> Registry, stop: CancellationToken) {
        let mut cleared_at = Duration::ZERO;
        let mut is_failing = false;
        loop {
            let lists = Arc::clone(&self.lists);
            tokio::select! {
                () = lists.low.notified() => {}
                _ = self.rechecks.recv_many(&mut self.waiting, RECHECKS_AT_ONCE) => {}
                () = sleep(ROUND) => {}
                () = stop.cancelled() => break,
            }
            let now = lists.parts.clock.monotonic();
            let is_time = now.saturating_sub(cleared_at) >= CLEAR_INTERVAL;
            let done = self.work(&registry(), is_time).await;
            match &done {
                Ok(()) if is_time => cleared_at = now,
                Ok(()) => {}
                Err(problem) if !is_failing => {
                    let problem = problem as &dyn Error;
                    warn!(
                        problem,
                        "status lists cannot be brought up to date; they are tried again"
                    );
                }
                Err(_) => sleep(ROUND).await,
            }
            is_failing = done.is_err();
        }
        if let Err(problem) = self.lists.give_back().await {
            let problem = &problem as &dyn Error;
            warn!(problem, "places on status lists were reserved in vain");
        }
    }

    async fn work(&mut self, registry: &Registry, is_time: bool) -> Result<(), StatusListError> {
        self.recheck().await?;
        self.lists.refill(registry).await?;
        if is_time {
            let now = self.steady.unix_seconds(&*self.lists.parts.clock);
            self.lists
                .clear_away(now.map(|now| now - MARGIN_SECONDS))
                .await?;
        }
        Ok(())
    }

    /// Looks again at what has to be looked at. What fails stays for the next time.
    async fn recheck(&mut self) -> Result<(), StoreError> {
        if self.waiting.len() > TOKENS_ONE_BY_ONE || self.waiting.contains(&Recheck::All) {
            self.waiting = vec![Recheck::All];
        }
        while let Some(what) = self.waiting.last() {
            match what {
                Recheck::Token(jti) => self.lists.recheck_token(jti).await?,
                Recheck::All => {
                    let all: Vec<_> = self.lists.lists().values().cloned().collect();
                    for list in all {
                        self.lists.recheck_list(&list).await?;
                    }
                }
            }
            self.waiting.pop();
        }
        if self.rechecks.is_empty() {
            self.lists.behind_since.store(0, Ordering::Release);
        }
        Ok(())
    }
}

/// A part of a list's order. It takes some milliseconds to find: requests go on meanwhile.
async fn places(row: &StatusListRow, from: i64, to: i64) -> Result<Vec<u32>, StatusListError> {
    let unusable = || StatusListError::Order(row.id.clone());
    let (seed, index) = (row.seed.clone(), |position| usize::try_from(position).ok());
    let range = index(from).zip(index(to)).ok_or_else(unusable)?;
    let found = spawn_blocking(move || {
        let order = order(&seed).ok()?;
        order.get(range.0..range.1).map(<[u32]>::to_vec)
    });
    found.await.ok().flatten().ok_or_else(unusable)
}

/// Before the list's id, behind the issuer.
pub(super) const PATH: &str = "/status-lists/";
const PLACES_I64: i64 = PLACES as i64;
/// Half of it lasts for more than a second at ten thousand tokens a second; as much as a crash swallows of a list.
const BLOCK_PLACES: i64 = 32_768;
/// So many places of each list belong to no token and count as revoked: some more or fewer, so that they cannot be
/// subtracted.
const DECOYS_LEAST: i64 = 512;
const DECOYS_MORE: i64 = 1_024;
const TOKENS_AT_ONCE: u32 = 5_000;
const RECHECKS_AT_ONCE: usize = 4_096;
/// If more tokens are to be looked at than this, it is quicker to look at all.
const TOKENS_ONE_BY_ONE: usize = 5_000;
const ROUND: Duration = Duration::from_secs(1);
const CLEAR_INTERVAL: Duration = Duration::from_secs(60);
