//! What `wit/rule.wit` becomes in Rust. Nobody outside `rule` sees these types.
//!
//! Each major version of the contract gets a module of its own here, and both stay alive side by side.

/// `rulemint:rule@1`, world `rule`.
pub(super) mod v1 {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "rule",
        imports: { "rulemint:rule/http.send": async | trappable, default: trappable },
        require_store_data_send: true,
        exports: { default: async },
        with: { "rulemint:rule/types.request": super::RequestHandle },
    });

    /// The same, called on the caller's own stack.
    pub(in crate::rule) mod quick {
        wasmtime::component::bindgen!({
            path: "wit",
            world: "rule",
            imports: { default: trappable },
            require_store_data_send: true,
            with: {
                "rulemint:rule/types": super::rulemint::rule::types,
                "rulemint:rule/host": super::rulemint::rule::host,
                "rulemint:rule/cache": super::rulemint::rule::cache,
                "rulemint:rule/secrets": super::rulemint::rule::secrets,
                "rulemint:rule/http": super::rulemint::rule::http,
            },
        });
    }

    /// The same for a rule that also checks its settings.
    pub(in crate::rule) mod with_settings {
        wasmtime::component::bindgen!({
            path: "wit",
            world: "rule-with-settings",
            imports: { default: trappable },
            require_store_data_send: true,
            exports: { default: async },
            with: {
                "rulemint:rule/types": super::rulemint::rule::types,
                "rulemint:rule/host": super::rulemint::rule::host,
                "rulemint:rule/cache": super::rulemint::rule::cache,
                "rulemint:rule/secrets": super::rulemint::rule::secrets,
                "rulemint:rule/http": super::rulemint::rule::http,
            },
        });
    }
}

/// What a guest's `request` stands for. Its number is that of the sandbox's call: a kept instance may still hold those of
/// earlier ones.
#[expect(
    unreachable_pub,
    reason = "the generated code exports it again, within this module"
)]
pub struct RequestHandle;
