//! The three inner loops over rows of taps `[K, P]`, weights `[O, K]` and outputs `[O, P]`.

/// Compiles a plain loop for several instruction sets and picks the best one at run time.
macro_rules! dispatched {
    ($(#[$docs:meta])* fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        $(#[$docs])*
        pub(super) fn $name($($argument: $type),*) {
            #[inline(always)]
            fn portable($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx2,fma")]
                fn avx512($($argument: $type),*) {
                    portable($($argument),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($argument: $type),*) {
                    portable($($argument),*)
                }
                let wide = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq");
                if wide {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { avx2($($argument),*) };
                }
            }
            portable($($argument),*)
        }
    };
}

dispatched! {
    /// output[o, p] = −Σ_k |taps[k, p] − weight[o, k]|.
    fn distances(taps: &[f32], weight: &[f32], positions: usize, output: &mut [f32]) {
        let per_output = taps.len() / positions;
        for (sums, weights) in output.chunks_exact_mut(positions).zip(weight.chunks_exact(per_output)) {
            sums.fill(0.0);
            for (row, &w) in taps.chunks_exact(positions).zip(weights) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum -= (x - w).abs());
            }
        }
    }
}

dispatched! {
    /// sums[k, p] += Σ_o upstream[o, p] · clip(weight[o, k] − taps[k, p], −1, 1).
    fn clipped(taps: &[f32], weight: &[f32], positions: usize, upstream: &[f32], sums: &mut [f32]) {
        let per_output = taps.len() / positions;
        for (gradient, weights) in upstream.chunks_exact(positions).zip(weight.chunks_exact(per_output)) {
            let rows = taps.chunks_exact(positions).zip(sums.chunks_exact_mut(positions)).zip(weights);
            for ((row, sums), &w) in rows {
                for ((sum, x), g) in sums.iter_mut().zip(row).zip(gradient) {
                    *sum += g * (w - x).clamp(-1.0, 1.0);
                }
            }
        }
    }
}

/// Independent partial sums of a dot product: enough for the widest vector unit.
const LANES: usize = 16;

dispatched! {
    /// gradient[o, k] += Σ_p upstream[o, p] · (taps[k, p] − weight[o, k]).
    fn differences(taps: &[f32], weight: &[f32], positions: usize, upstream: &[f32], gradient: &mut [f32]) {
        let per_output = taps.len() / positions;
        let outputs = upstream.chunks_exact(positions).zip(weight.chunks_exact(per_output));
        for ((upstream, weights), gradient) in outputs.zip(gradient.chunks_exact_mut(per_output)) {
            for ((row, &w), total) in taps.chunks_exact(positions).zip(weights).zip(gradient) {
                let mut lanes = [0.0_f32; LANES];
                let (whole, rest) = row.as_chunks::<LANES>();
                let (whole_upstream, rest_upstream) = upstream.as_chunks::<LANES>();
                for (x, g) in whole.iter().zip(whole_upstream) {
                    for lane in 0..LANES {
                        lanes[lane] += g[lane] * (x[lane] - w);
                    }
                }
                for ((x, g), lane) in rest.iter().zip(rest_upstream).zip(&mut lanes) {
                    *lane += g * (x - w);
                }
                *total += lanes.iter().sum::<f32>();
            }
        }
    }
}
