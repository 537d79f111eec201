//! clip(x, −1, 1), in one instruction where there is one.

use pulp::Simd;

/// Returns the values clipped to [−1, 1].
#[inline(always)]
pub(super) fn clipped<S: Simd>(simd: S, values: S::f32s) -> S::f32s {
    #[cfg(target_arch = "x86_64")]
    if let Some(clipped) = avx512::clipped(simd, values) {
        return clipped;
    }
    simd.max_f32s(simd.min_f32s(values, simd.splat_f32s(1.0)), simd.splat_f32s(-1.0))
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::any::TypeId;
    use std::arch::x86_64::{__m512, _mm512_range_ps, _mm512_set1_ps};
    use std::mem::transmute_copy;

    use pulp::Simd;
    use pulp::x86::V4;

    /// The operand of the smaller magnitude, with the sign of the first.
    const SMALLER_MAGNITUDE: i32 = 0b0010;

    /// Returns the clipped values on machines that have `vrangeps`. Which they are is known when this is compiled.
    #[inline(always)]
    pub fn clipped<S: Simd>(_simd: S, values: S::f32s) -> Option<S::f32s> {
        if TypeId::of::<S>() != TypeId::of::<V4>() {
            return None;
        }
        // SAFETY: a value of type V4 exists, so the machine has AVX-512 DQ, and `f32s` of V4 is 16 floats as `__m512` is.
        unsafe {
            let values: __m512 = transmute_copy(&values);
            Some(transmute_copy(&_mm512_range_ps::<SMALLER_MAGNITUDE>(values, _mm512_set1_ps(1.0))))
        }
    }
}
