//! WASI, for programs and for guests whose language insists on it: what they link to, and what a call has of it. The context
//! is made when a guest first calls WASI, which most never do.

use wasmtime::component::Linker;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView, p2};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::rule::outbound::Calls;
use crate::rule::state::CallState;
use crate::rule::wasi::{Given, Wasi};

/// Links WASI 0.2.
pub(in crate::rule) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)
}

/// Links wasi:http 0.2, for rules whose manifest names hosts.
pub(in crate::rule) fn link_http(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (rule, answers_token) = (&self.rule, self.draft.is_some());
        let wasi = self.wasi.get_or_insert_with(|| Box::new(Wasi::inert(rule)));
        let calls = self
            .http
            .get_or_insert_with(|| Calls::of(rule, answers_token));
        WasiHttpCtxView {
            hooks: &mut calls.hooks,
            table: wasi.table(),
            ctx: &mut calls.context,
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.preview1().ctx()
    }
}

impl CallState {
    /// What this call sends.
    pub(in crate::rule) fn calls(&mut self) -> &mut Calls {
        let (rule, answers_token) = (&self.rule, self.draft.is_some());
        self.http
            .get_or_insert_with(|| Calls::of(rule, answers_token))
    }

    /// The context, made when it is first asked for: most guests never do.
    fn wasi(&mut self) -> &mut Wasi {
        let rule = &self.rule;
        self.wasi.get_or_insert_with(|| Box::new(Wasi::inert(rule)))
    }

    /// Gives a program its arguments and its standard streams.
    pub(in crate::rule) fn begin_program(&mut self, given: Given) {
        self.wasi = Some(Box::new(Wasi::program(&self.rule, given)));
    }

    /// What a program has written to standard output: as much as it may, and how many bytes it was in all.
    pub(in crate::rule) fn written(&mut self) -> (Vec<u8>, usize) {
        self.wasi().written()
    }

    /// The context of WASI preview 1, for a linker.
    pub(in crate::rule) fn preview1(&mut self) -> &mut WasiP1Ctx {
        self.wasi().preview1()
    }
}
