//! Reads the memory of a sandbox, for the snapshot of it.

use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Instance, Lift, WasmList};
use wasmtime_wizer::ComponentInstanceState;

/// A sandbox of an engine that was instrumented for this.
pub(super) struct Sandbox<'s, T: 'static> {
    pub(super) store: &'s mut Store<T>,
    pub(super) instance: Instance,
}

impl<T: Send> Sandbox<'_, T> {
    /// Calls a function that the instrumentation added. They only read, and cannot fail.
    async fn call<R>(&mut self, interface: &str, function: &str) -> R
    where
        R: Lift + Send + Sync + 'static,
        (R,): ComponentNamedList + Lift,
    {
        let added = "the instrumentation added it";
        let store = &mut *self.store;
        let interface = self.instance.get_export_index(&mut *store, None, interface);
        let function = self
            .instance
            .get_export_index(&mut *store, interface.as_ref(), function)
            .expect(added);
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut *store, function);
        let answer = function.expect(added).call_async(&mut *store, ()).await;
        answer.expect(added).0
    }
}

impl<T: Send> ComponentInstanceState for Sandbox<'_, T> {
    async fn call_func_ret_list_u8(
        &mut self,
        interface: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        let list: WasmList<u8> = self.call(interface, function).await;
        contents(list.as_le_slice(&*self.store));
    }

    async fn call_func_ret_s32(&mut self, interface: &str, function: &str) -> i32 {
        self.call(interface, function).await
    }

    async fn call_func_ret_s64(&mut self, interface: &str, function: &str) -> i64 {
        self.call(interface, function).await
    }

    async fn call_func_ret_f32(&mut self, interface: &str, function: &str) -> u32 {
        f32::to_bits(self.call(interface, function).await)
    }

    async fn call_func_ret_f64(&mut self, interface: &str, function: &str) -> u64 {
        f64::to_bits(self.call(interface, function).await)
    }
}
