//! Which of its two lives the sandbox is in, and what the clock says in each.
//!
//! While a script loads nothing may call an import: the host takes its snapshot from a sandbox whose imports all trap.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::rulemint::rule::host;

static SERVING: AtomicBool = AtomicBool::new(false);

/// Whether the script is loaded, and host functions may be called.
pub fn serving() -> bool {
    SERVING.load(Ordering::Relaxed)
}

/// Ends the first life. A fault of the engine itself is told to the rule's log from here on.
pub fn serve() {
    panic::set_hook(Box::new(|fault| {
        host::log(
            host::Level::Error,
            &format!("the JavaScript engine failed: {fault}"),
        );
    }));
    SERVING.store(true, Ordering::Relaxed);
}

/// The clock that QuickJS asks, in microseconds since 1970. It stands at 0 while the script loads.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    if !serving() {
        return 0.0;
    }
    host::now() as f64 * 1000.0
}
