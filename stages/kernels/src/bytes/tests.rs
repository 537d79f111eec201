use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::samples::{bytes, depthwise_windows, matrices, windows, with_threads};

fn paths() -> impl Iterator<Item = Path> {
    Path::ALL.into_iter().filter(|path| path.is_here())
}

proptest! {
    #[test]
    fn every_path_is_exact(
        window in prop_oneof![windows(), depthwise_windows(), matrices()],
        zero in any::<u8>(),
        seed in any::<u32>(),
    ) {
        let (x, w) = (bytes(window.input_len(), seed), bytes(window.weight_len(), seed ^ 1));
        let wanted = reference::add_bytes(&window, &x, &w, zero);
        for path in paths() {
            prop_assert!(add_on(path, &window, &x, &w, zero) == wanted, "{path:?}");
        }
    }

    #[test]
    fn products_are_exact(rows in 1..9_usize, depth in 1..70_usize, columns in 1..140_usize, seed in any::<u32>()) {
        let (x, w) = (bytes(rows * depth, seed), bytes(columns * depth, seed ^ 1));
        let w: Vec<i8> = w.into_iter().map(u8::cast_signed).collect();
        let product = |at: usize| -> i32 {
            let (x, w) = (&x[at / columns * depth..][..depth], &w[at % columns * depth..][..depth]);
            x.iter().zip(w).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum()
        };
        let wanted: Vec<i32> = (0..rows * columns).map(product).collect();
        prop_assert!(multiply(depth, &x, &w) == wanted);
        let unsigned: Vec<u8> = w.iter().map(|w| w.cast_unsigned()).collect();
        prop_assert!(matrix(portable::Products, depth, &x, &unsigned) == wanted);
    }

    #[test]
    fn threads_do_not_change_a_sum(window in prop_oneof![windows(), matrices()], seed in any::<u32>()) {
        let (x, w) = (bytes(window.input_len(), seed), bytes(window.weight_len(), seed ^ 1));
        let [one, three] = with_threads(|| add(&window, &x, &w, 128));
        prop_assert!(one == three);
    }
}

#[test]
fn the_largest_distances_fit() {
    let window = crate::samples::matrix(1, 70_000, 1);
    let (x, w) = (vec![255; 70_000], vec![0; 70_000]);
    for path in paths() {
        assert_eq!(add_on(path, &window, &x, &w, 0), [-255 * 70_000], "{path:?}");
    }
}
