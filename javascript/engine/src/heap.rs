//! The allocator of both JavaScript and Rust in the sandbox.
//!
//! The sandbox of one token is a copy of a snapshot, and the host pays for every page of it that is written, and for
//! every growth of its memory. So what is allocated for a token is kept apart from what was there before: it gets a
//! heap of its own, in one piece of memory that the snapshot already has. Memory that was allocated before the snapshot
//! is never given back after it, because giving it back would write into its page; it cannot become more either.
//!
//! Where memory ends, an allocation gives null: QuickJS makes an error of it that a script can see.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32;
use core::cell::{Cell, UnsafeCell};
use core::ptr;

use dlmalloc::{Allocator, Dlmalloc};

struct Heap {
    loading: UnsafeCell<Dlmalloc>,
    tokens: UnsafeCell<Dlmalloc<Pages>>,
    /// Where the tokens' heap begins, or 0 while there is none.
    reserve: Cell<usize>,
    /// Whether the tokens' heap works with the reserve already.
    reserve_taken: Cell<bool>,
    /// Where memory ended when the tokens' heap was made: what lies behind is the tokens' too.
    end: Cell<usize>,
}

// SAFETY: the component has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    loading: UnsafeCell::new(Dlmalloc::new()),
    tokens: UnsafeCell::new(Dlmalloc::new_with_allocator(Pages)),
    reserve: Cell::new(0),
    reserve_taken: Cell::new(false),
    end: Cell::new(0),
};

/// Lets everything that is allocated from now on come from the tokens' heap. Where there is too little memory for one,
/// nothing changes.
pub fn set_tokens_apart() {
    // SAFETY: one thread, and no allocation is under way. The place is of that size.
    unsafe {
        let place = (*HEAP.loading.get()).malloc(RESERVE_BYTES, RESERVE_ALIGN);
        if place.is_null() {
            return;
        }
        // Freed strings may lie here. Zeros cost nothing in a snapshot.
        ptr::write_bytes(place, 0, RESERVE_BYTES);
        HEAP.reserve.set(place as usize);
    }
    HEAP.end.set(wasm32::memory_size(0) * PAGE_BYTES);
    begin();
}

/// A first piece makes the heap write down what it has, so that no token needs to.
fn begin() {
    // SAFETY: one thread, and what is given back is what was handed out.
    unsafe {
        let tokens = HEAP.tokens.get();
        let piece = (*tokens).malloc(1, 1);
        (*tokens).free(piece, 1, 1);
    }
}

impl Heap {
    fn set_apart(&self) -> bool {
        self.reserve.get() != 0
    }

    fn is_tokens(&self, pointer: *mut u8) -> bool {
        let (place, reserve) = (pointer as usize, self.reserve.get());
        self.set_apart()
            && ((reserve..reserve + RESERVE_BYTES).contains(&place) || place >= self.end.get())
    }

    /// What lies below the reserve was there before it.
    unsafe fn move_to_tokens(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: both pieces hold `kept` bytes, and do not overlap: they are of different heaps.
        unsafe {
            let moved = (*self.tokens.get()).malloc(new_size, layout.align());
            if !moved.is_null() {
                let kept = layout.size().min(new_size);
                ptr::copy_nonoverlapping(pointer, moved, kept);
            }
            moved
        }
    }
}

// SAFETY: each of the two heaps keeps the promises of an allocator, and a piece is only ever given back to, or resized
// in, the heap that it came from. A piece of the first heap is not given back once the second is in use.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises about `layout` are passed on, here and below; there is one thread.
        unsafe {
            if self.set_apart() {
                (*self.tokens.get()).malloc(layout.size(), layout.align())
            } else {
                (*self.loading.get()).malloc(layout.size(), layout.align())
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        unsafe {
            if self.set_apart() {
                (*self.tokens.get()).calloc(layout.size(), layout.align())
            } else {
                (*self.loading.get()).calloc(layout.size(), layout.align())
            }
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`; the piece goes back to the heap it is of.
        unsafe {
            if self.is_tokens(pointer) {
                (*self.tokens.get()).free(pointer, layout.size(), layout.align());
            } else if !self.set_apart() {
                clear_if_large(pointer, layout.size());
                (*self.loading.get()).free(pointer, layout.size(), layout.align());
            }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `alloc`; the piece is of the heap that is asked.
        unsafe {
            if self.is_tokens(pointer) {
                (*self.tokens.get()).realloc(pointer, layout.size(), layout.align(), new_size)
            } else if self.set_apart() {
                self.move_to_tokens(pointer, layout, new_size)
            } else {
                (*self.loading.get()).realloc(pointer, layout.size(), layout.align(), new_size)
            }
        }
    }
}

/// Sources and what was made of them on the way would otherwise lie about in every snapshot.
unsafe fn clear_if_large(pointer: *mut u8, size: usize) {
    if size >= CLEARED_BYTES_MIN {
        // SAFETY: the caller gives the piece back, and it has that size.
        unsafe { ptr::write_bytes(pointer, 0, size) };
    }
}

/// Memory for the tokens' heap: first the reserve, then growth.
struct Pages;

// SAFETY: the reserve is handed out once, when the heap asks for the first time, and grown memory is new each time.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        if size <= RESERVE_BYTES && !HEAP.reserve_taken.replace(true) {
            return (HEAP.reserve.get() as *mut u8, RESERVE_BYTES, 0);
        }
        grow(size)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

/// New memory, rounded up to pages. Null where the host gives none.
fn grow(size: usize) -> (*mut u8, usize, u32) {
    let pages = size.div_ceil(PAGE_BYTES);
    let before = wasm32::memory_grow(0, pages);
    // The very last page of a 32-bit memory is never handed out: no piece may end where addresses wrap around.
    if before == usize::MAX || before + pages >= PAGES_MAX {
        return (ptr::null_mut(), 0, 0);
    }
    ((before * PAGE_BYTES) as *mut u8, pages * PAGE_BYTES, 0)
}

const PAGE_BYTES: usize = 64 * 1024;
const PAGES_MAX: usize = 65_536;
/// What one token may allocate before its memory has to grow. Each token pays for its copy, and few need half of it.
const RESERVE_BYTES: usize = 128 * 1024;
/// Pieces of any type begin at a multiple of this. With no more than that the reserve fits into what loading left free.
const RESERVE_ALIGN: usize = 16;
/// A piece of this size or more covers the better part of a page of the machine.
const CLEARED_BYTES_MIN: usize = 4 * 1024;
