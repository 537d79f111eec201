use proptest::prelude::*;

use super::*;
use crate::samples::{archs, assert_close, values, with_threads};

/// The plain loops: output and both gradients, one term after the other.
mod reference {
    use super::super::{Law, Sequence};

    pub fn forward(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32]) -> Vec<f32> {
        let mut output = vec![0.0; input.len()];
        each_term(sequence, |at, read, weight| {
            let (u, p) = (read.map_or(0.0, |read| input[read]), kernel[weight]);
            output[at] += match law {
                Law::Multiply => p * u,
                Law::Add => -(u - p).abs(),
            };
        });
        output
    }

    pub fn input_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
        let mut gradient = vec![0.0; input.len()];
        each_term(sequence, |at, read, weight| {
            let (Some(read), p) = (read, kernel[weight]) else { return };
            gradient[read] += upstream[at]
                * match law {
                    Law::Multiply => p,
                    Law::Add => (p - input[read]).clamp(-1.0, 1.0),
                };
        });
        gradient
    }

    pub fn kernel_gradient(law: Law, sequence: &Sequence, input: &[f32], kernel: &[f32], upstream: &[f32]) -> Vec<f32> {
        let mut gradient = vec![0.0; kernel.len()];
        each_term(sequence, |at, read, weight| {
            let (u, p) = (read.map_or(0.0, |read| input[read]), kernel[weight]);
            gradient[weight] += upstream[at]
                * match law {
                    Law::Multiply => u,
                    Law::Add => u - p,
                };
        });
        gradient
    }

    /// Calls the function with the places of the output, the input that is read, if any, and the weight of every term.
    fn each_term(sequence: &Sequence, mut function: impl FnMut(usize, Option<usize>, usize)) {
        let Sequence { batch, time, channels, heads, taps, padding } = *sequence;
        let place =
            |sentence: usize, position: usize, channel: usize| (sentence * time + position) * channels + channel;
        for sentence in 0..batch {
            for position in 0..time {
                for tap in 0..taps {
                    let read = (position + tap).checked_sub(padding).filter(|&read| read < time);
                    for channel in 0..channels {
                        let weight = channel / (channels / heads) * taps + tap;
                        let read = read.map(|read| place(sentence, read, channel));
                        function(place(sentence, position, channel), read, weight);
                    }
                }
            }
        }
    }
}

/// Two positions, two heads of one channel, kernels of two taps, the first of which reads the position before.
#[test]
fn a_hand_sized_operator_multiplies_and_adds() {
    let sequence = Sequence { batch: 1, time: 2, channels: 2, heads: 2, taps: 2, padding: 1 };
    let (u, p, g) = ([1.0, 2.0, 3.0, -0.5], [0.5, 2.0, -1.0, 0.25], [1.0, -1.0, 2.0, 0.5]);
    // y[0] = [0.5 · 0 + 2 · 1, −1 · 0 + 0.25 · 2], y[1] = [0.5 · 1 + 2 · 3, −1 · 2 + 0.25 · (−0.5)].
    assert_eq!(forward(Law::Multiply, &sequence, &u, &p), [2.0, 0.5, 6.5, -2.125]);
    // y[0] = −[|0 − 0.5| + |1 − 2|, |0 + 1| + |2 − 0.25|], y[1] = −[|1 − 0.5| + |3 − 2|, |2 + 1| + |−0.5 − 0.25|].
    assert_eq!(forward(Law::Add, &sequence, &u, &p), [-1.5, -2.75, -1.5, -3.75]);
    // Channel 0, position 0: 1 · clip(2 − 1) + 2 · clip(0.5 − 1); position 1: 2 · clip(2 − 3); and so on.
    assert_eq!(input_gradient(Law::Add, &sequence, &u, &p, &g), [0.0, 0.5, -2.0, 0.375]);
    // Kernel 0, tap 0: 1 · (0 − 0.5) + 2 · (1 − 0.5); tap 1: 1 · (1 − 2) + 2 · (3 − 2); and so on.
    assert_eq!(kernel_gradient(Law::Add, &sequence, &u, &p, &g), [0.5, 1.0, 0.5, -2.125]);
}

fn sequences() -> impl Strategy<Value = Sequence> {
    (0..11_usize, 1..12_usize, 1..5_usize, 1..40_usize, 1..9_usize).prop_flat_map(
        |(batch, time, heads, width, taps)| {
            (0..taps).prop_map(move |padding| Sequence { batch, time, channels: heads * width, heads, taps, padding })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_law_and_its_gradients_are_those_of_the_plain_loops(sequence in sequences(), seed in any::<u32>()) {
        let length = sequence.shape().iter().product();
        let (u, p) = (values(length, seed), values(sequence.heads * sequence.taps, seed ^ 1));
        let g = values(length, seed ^ 2);
        for arch in archs() {
            let found = [sequence.forward(arch, Scale, &u, &p), sequence.forward(arch, Distance::default(), &u, &p)];
            let of_input = [
                sequence.input_gradient(arch, Scale, &u, &p, &g),
                sequence.input_gradient(arch, Distance::default(), &u, &p, &g),
            ];
            let of_kernel = [
                sequence.kernel_gradient(arch, Scale, &u, &p, &g),
                sequence.kernel_gradient(arch, Distance::default(), &u, &p, &g),
            ];
            for (at, law) in [Law::Multiply, Law::Add].into_iter().enumerate() {
                assert_close(&found[at], &reference::forward(law, &sequence, &u, &p))?;
                assert_close(&of_input[at], &reference::input_gradient(law, &sequence, &u, &p, &g))?;
                assert_close(&of_kernel[at], &reference::kernel_gradient(law, &sequence, &u, &p, &g))?;
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let sequence = Sequence { batch: 21, time: 9, channels: 96, heads: 4, taps: 7, padding: 3 };
    let length = sequence.shape().iter().product();
    let (u, p, g) = (values(length, 5), values(28, 6), values(length, 7));
    for law in [Law::Multiply, Law::Add] {
        let [one, three] = with_threads(|| {
            let slopes = input_gradient(law, &sequence, &u, &p, &g);
            (forward(law, &sequence, &u, &p), slopes, kernel_gradient(law, &sequence, &u, &p, &g))
        });
        assert_eq!(one, three);
    }
}
