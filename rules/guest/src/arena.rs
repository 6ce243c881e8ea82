//! An allocator for sandboxes that live for one call.
//!
//! Memory comes from a static block and is never taken back: the sandbox is thrown away when the call ends. A call that
//! stays inside the block needs no `memory.grow`, which would cost the host two system calls each time. What does not
//! fit goes to the standard allocator, so a big answer is slower, not impossible.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use std::alloc::System;

/// The size of the block, in bytes: with a stack of 16 KiB it keeps a small rule inside 64 KiB, one WebAssembly page.
pub const ARENA_BYTES: usize = 32 * 1024;

#[repr(align(16))]
struct Arena {
    block: UnsafeCell<[u8; ARENA_BYTES]>,
    /// Offset of the first free byte, at most `ARENA_BYTES`.
    free: UnsafeCell<usize>,
}

// SAFETY: a rule runs on one thread; rulemint turns WebAssembly threads off.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    block: UnsafeCell::new([0; ARENA_BYTES]),
    free: UnsafeCell::new(0),
};

impl Arena {
    fn start(&self) -> usize {
        self.block.get() as usize
    }

    fn holds(&self, pointer: *mut u8) -> bool {
        (self.start()..self.start() + ARENA_BYTES).contains(&(pointer as usize))
    }

    /// The next free place that fits, or null.
    fn take(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and no reference into the cells outlives this function.
        unsafe {
            let free = self.free.get();
            let place = (*free).next_multiple_of(layout.align());
            match place.checked_add(layout.size()) {
                Some(end) if end <= ARENA_BYTES && layout.align() <= 16 => {
                    *free = end;
                    self.block.get().cast::<u8>().add(place)
                }
                _ => core::ptr::null_mut(),
            }
        }
    }

    /// Grows the newest piece where it lies; strings that are being built ask for this again and again.
    fn extend(&self, pointer: *mut u8, old: usize, new: usize) -> bool {
        let place = pointer as usize - self.start();
        // SAFETY: as in `take`.
        unsafe {
            let free = self.free.get();
            if place + old != *free || new > ARENA_BYTES - place {
                return false;
            }
            *free = place + new;
            true
        }
    }
}

// SAFETY: pieces never overlap (`free` only moves past what was handed out, `extend` only moves the end of the newest
// piece), are aligned as asked, and pieces outside the block belong to `System`, which also frees them.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let piece = self.take(layout);
        if piece.is_null() {
            // SAFETY: the caller's promises about `layout` are passed on.
            return unsafe { System.alloc(layout) };
        }
        piece
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !self.holds(pointer) {
            // SAFETY: it is not of the block, so `System` made it.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !self.holds(pointer) {
            // SAFETY: as in `dealloc`.
            return unsafe { System.realloc(pointer, layout, new_size) };
        }
        if self.extend(pointer, layout.size(), new_size) {
            return pointer;
        }
        // SAFETY: `new_size` is not zero and does not overflow, by the caller's promise; both pieces hold `kept` bytes.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !moved.is_null() {
                let kept = layout.size().min(new_size);
                core::ptr::copy_nonoverlapping(pointer, moved, kept);
            }
            moved
        }
    }
}
