//! How full the pool is that rule calls take their sandboxes from.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The figures of the pool. They are set when somebody reads them.
#[derive(Clone, Default)]
pub struct PoolMetrics {
    calls: Gauge,
    calls_max: Gauge,
    used: Family<ResourceLabel, Gauge>,
    max: Family<ResourceLabel, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabel {
    resource: &'static str,
}

impl PoolMetrics {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register(
            "rule_calls",
            "Calls of rules under way, trials of new ones included",
            self.calls.clone(),
        );
        to.register(
            "rule_calls_max",
            "Calls of rules that there is room for",
            self.calls_max.clone(),
        );
        to.register(
            "rule_pool_used",
            "Places of the pool in use by resource; none where the machine has no room for a pool",
            self.used.clone(),
        );
        to.register(
            "rule_pool_max",
            "Places that the pool has by resource",
            self.max.clone(),
        );
    }

    /// Calls under way, and how many there may be.
    pub fn set_calls(&self, under_way: u64, max: u32) {
        self.calls.set(under_way.cast_signed());
        self.calls_max.set(max.into());
    }

    /// Places in use for a resource, and how many there are.
    pub fn set_used(&self, resource: &'static str, used: u64, max: u32) {
        let label = ResourceLabel { resource };
        self.used.get_or_create(&label).set(used.cast_signed());
        self.max.get_or_create(&label).set(max.into());
    }
}
