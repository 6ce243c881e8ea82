//! Promises that were rejected while nobody listened: what a script hears nothing of, and its author should.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rquickjs::runtime::RejectionTracker;
use rquickjs::{Ctx, Persistent, Runtime, Value};

use crate::mistake;

/// What was rejected in the token under way and is not heard so far.
#[derive(Clone, Default)]
pub struct Rejections(Rc<RefCell<Vec<Rejection>>>);

struct Rejection {
    promise: Persistent<Value<'static>>,
    reason: Persistent<Value<'static>>,
}

impl Rejections {
    /// Those of a runtime, from now on.
    pub fn of(runtime: &Runtime) -> Self {
        let rejections = Self::default();
        let noted = rejections.clone();
        let note: RejectionTracker =
            Box::new(move |ctx, promise, reason, is_heard| match is_heard {
                true => noted.forget(&ctx, &promise),
                false => noted.keep(&ctx, promise, reason),
            });
        runtime.set_host_promise_rejection_tracker(Some(note));
        rejections
    }

    fn keep<'js>(&self, ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < KEPT_MAX {
            kept.push(Rejection {
                promise: Persistent::save(ctx, promise),
                reason: Persistent::save(ctx, reason),
            });
        }
    }

    /// Whoever listens late has heard it all the same.
    fn forget<'js>(&self, ctx: &Ctx<'js>, promise: &Value<'js>) {
        let is_it = |rejection: &Rejection| {
            let kept = rejection.promise.clone().restore(ctx);
            kept.is_ok_and(|kept| kept == *promise)
        };
        self.0.borrow_mut().retain(|rejection| !is_it(rejection));
    }

    /// Lets go of all, and gives the reason of each.
    pub fn take(&self, ctx: &Ctx<'_>, file: &str) -> Vec<String> {
        let kept = mem::take(&mut *self.0.borrow_mut());
        let reasons = kept
            .into_iter()
            .map(|rejection| rejection.reason.restore(ctx));
        let told = reasons
            .flatten()
            .map(|reason| mistake::reason_told(ctx, reason, file));
        told.collect()
    }
}

/// Each keeps its promise alive until the token is done.
const KEPT_MAX: usize = 10;
