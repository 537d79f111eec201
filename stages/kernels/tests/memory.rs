//! What layers hold beyond their inputs and results is bounded by the size of both: no tap is stored per output.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::{Window, add, multiply};

struct Counting {
    used: AtomicUsize,
    peak: AtomicUsize,
}

#[global_allocator]
static ALLOCATOR: Counting = Counting { used: AtomicUsize::new(0), peak: AtomicUsize::new(0) };

// SAFETY: every call goes on to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = self.used.fetch_add(layout.size(), Ordering::SeqCst) + layout.size();
        self.peak.fetch_max(used, Ordering::SeqCst);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::SeqCst);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Returns the most values that were held at once, the result included.
fn peak_values(run: impl FnOnce() -> Vec<f32>) -> usize {
    let before = ALLOCATOR.used.load(Ordering::SeqCst);
    ALLOCATOR.peak.store(before, Ordering::SeqCst);
    drop(run());
    (ALLOCATOR.peak.load(Ordering::SeqCst) - before) / size_of::<f32>()
}

#[test]
fn layers_hold_no_more_than_some_times_their_inputs_and_outputs() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for (batch, kernel, stride, groups) in [(8, 3, 1, 1), (2, 5, 2, 1), (4, 3, 1, 64), (1, 3, 1, 1)] {
        let window = Window {
            batch,
            in_channels: 64,
            out_channels: 64,
            height: 56,
            width: 56,
            kernel,
            stride,
            padding: kernel / 2,
            groups,
        };
        let (x, w) = (vec![0.5; window.input_len()], vec![0.25; window.weight_len()]);
        let g = vec![1.0; window.output_len()];
        let bound = 3 * (x.len() + g.len() + w.len()) + 100_000;
        let taps_of_all_outputs = window.taps() * window.output_len();
        assert!(bound < taps_of_all_outputs / 4 || groups > 1, "the bound tells");
        let peaks = pool.install(|| {
            [
                peak_values(|| add::forward(&window, &x, &w)),
                peak_values(|| add::input_gradient(&window, &x, &w, &g)),
                peak_values(|| add::weight_gradient(&window, &x, &w, &g)),
                peak_values(|| multiply::forward(&window, &x, &w)),
                peak_values(|| multiply::input_gradient(&window, &w, &g)),
                peak_values(|| multiply::weight_gradient(&window, &x, &g)),
            ]
        });
        assert!(peaks.iter().all(|&peak| peak <= bound), "{peaks:?} values, bound {bound}, {window:?}");
    }
}
