use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

/// How the values of a new tensor are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Initialization {
    /// Normal with mean 0 and the given deviation.
    Normal(f32),
    /// Uniform between the bounds.
    Uniform(f32, f32),
    /// All the same.
    Constant(f32),
}

impl Initialization {
    /// Kaiming normal by fan-out, gain of ReLU: σ = √(2 / (O · K²)).
    pub fn kaiming_fan_out(shape: &[usize]) -> Self {
        let fan_out = shape[0] * shape[2..].iter().product::<usize>();
        Initialization::Normal((2.0 / fan_out as f32).sqrt())
    }

    /// Kaiming uniform with a = √5: ±1 / √fan-in.
    pub fn kaiming_uniform(shape: &[usize]) -> Self {
        let bound = (shape[1..].iter().product::<usize>() as f32).sqrt().recip();
        Initialization::Uniform(-bound, bound)
    }

    /// Xavier uniform: ±√(6 / (fan-in + fan-out)).
    pub fn xavier(fan_in: usize, fan_out: usize) -> Self {
        let bound = xavier_deviation(fan_in, fan_out) * 3.0_f32.sqrt();
        Initialization::Uniform(-bound, bound)
    }

    /// Draws the values of tensor `key`; the key is part of the seed, so the order of tensors does not matter.
    pub fn draw(self, length: usize, seed: u64, key: &str) -> Vec<f32> {
        let mut rng = ChaCha12Rng::seed_from_u64(seed ^ digest(key));
        match self {
            Initialization::Constant(value) => vec![value; length],
            Initialization::Uniform(low, high) => (0..length).map(|_| rng.random_range(low..high)).collect(),
            Initialization::Normal(deviation) => (0..length).map(|_| deviation * normal(&mut rng)).collect(),
        }
    }
}

/// Returns the standard deviation of Xavier's initialisation: √(2 / (fan-in + fan-out)).
pub(crate) fn xavier_deviation(fan_in: usize, fan_out: usize) -> f32 {
    (2.0 / (fan_in + fan_out) as f32).sqrt()
}

/// A standard normal number by Box and Muller.
fn normal(rng: &mut ChaCha12Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos()) as f32
}

/// FNV-1a, a stable hash for seeds.
fn digest(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
