//! Ordered factorizations in the order of the released search, which decides ties.

/// Returns the divisors of n ≥ 1: ascending primes, the outermost the smallest, each exponent from high to low.
pub(super) fn divisors(n: u64) -> Vec<u64> {
    let mut divisors = vec![1];
    for (prime, exponent) in prime_powers(n) {
        let powers: Vec<u64> = (0..=exponent).rev().map(|power| prime.pow(power)).collect();
        divisors = divisors.iter().flat_map(|&divisor| powers.iter().map(move |&power| divisor * power)).collect();
    }
    divisors
}

/// Returns all (a, b) with a · b = n.
pub(super) fn pairs(n: u64) -> impl Iterator<Item = (u64, u64)> {
    divisors(n).into_iter().map(move |divisor| (divisor, n / divisor))
}

/// Returns the smallest prime factor of n, 1 for 1.
pub(super) fn smallest_prime(n: u64) -> u64 {
    prime_powers(n).first().map_or(1, |&(prime, _)| prime)
}

fn prime_powers(mut n: u64) -> Vec<(u64, u32)> {
    let mut powers = Vec::new();
    let mut prime = 2;
    while prime * prime <= n {
        let mut exponent = 0;
        while n.is_multiple_of(prime) {
            n /= prime;
            exponent += 1;
        }
        if exponent > 0 {
            powers.push((prime, exponent));
        }
        prime += 1;
    }
    if n > 1 {
        powers.push((n, 1));
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisors_come_with_the_smallest_prime_outermost_and_included_first() {
        assert_eq!(divisors(12), [12, 4, 6, 2, 3, 1]);
        assert_eq!(divisors(8), [8, 4, 2, 1]);
        assert_eq!(divisors(1), [1]);
        assert_eq!(divisors(1_048_573), [1_048_573, 1]);
        assert_eq!(divisors(720_720).len(), 240);
    }

    #[test]
    fn the_smallest_prime_of_one_is_one() {
        assert_eq!([1, 2, 9, 35, 1_048_573].map(smallest_prime), [1, 2, 3, 5, 1_048_573]);
    }

    #[test]
    fn pairs_multiply_to_the_number() {
        assert_eq!(pairs(6).collect::<Vec<_>>(), [(6, 1), (2, 3), (3, 2), (1, 6)]);
    }
}
