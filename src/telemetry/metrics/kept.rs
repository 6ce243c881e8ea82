//! What is counted of instances that serve one token after another.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Calls of rules that keep their instances.
#[derive(Clone, Default)]
pub(super) struct KeptFamily(Family<InstanceLabels, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstanceLabels {
    rule: String,
    /// `kept` or `new`.
    instance: &'static str,
}

impl KeptFamily {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register(
            "rule_kept_instance_calls",
            "Calls of a rule that keeps its instances, in one that was kept or in a new one",
            self.0.clone(),
        );
    }

    pub(super) fn of(&self, rule: &str) -> KeptMetrics {
        let counter = |instance| {
            self.0.get_or_create_owned(&InstanceLabels {
                rule: rule.to_owned(),
                instance,
            })
        };
        KeptMetrics {
            kept: counter("kept"),
            new: counter("new"),
        }
    }
}

/// The metrics of one rule's kept instances.
pub struct KeptMetrics {
    kept: Counter,
    new: Counter,
}

impl KeptMetrics {
    /// Counts a call, in an instance that was kept or in a new one.
    pub fn observe(&self, was_kept: bool) {
        match was_kept {
            true => self.kept.inc(),
            false => self.new.inc(),
        };
    }
}
