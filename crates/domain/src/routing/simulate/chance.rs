//! Chance from a seed: the same seed, the same day, on every machine.

/// A small generator of numbers.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Draws any number.
    pub fn draw(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `sides`; 0 where there are none.
    pub fn below(&mut self, sides: u64) -> u64 {
        self.draw() % sides.max(1)
    }

    /// Is true so many times of a thousand.
    pub fn permille(&mut self, so_many: u64) -> bool {
        self.below(1_000) < so_many
    }

    /// Draws from the exponential distribution with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        // 53 bits, never 0.
        let share = ((self.draw() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        -mean * logarithm(share)
    }

    /// Draws a duration in milliseconds that is at least a quarter of the mean and varies like
    /// an exponential one above that.
    pub fn duration_ms(&mut self, mean_ms: f64) -> i64 {
        (mean_ms * 0.25 + self.exponential(mean_ms * 0.75)) as i64
    }
}

/// The natural logarithm by nothing but exact steps: that of the standard library may differ
/// between machines in the last bit.
fn logarithm(number: f64) -> f64 {
    let (mut mantissa, mut exponent) = (number, 0_i32);
    while mantissa < 0.75 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    while mantissa >= 1.5 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for odd in (1..=21).rev().step_by(2) {
        sum = sum * square + 1.0 / f64::from(odd);
    }
    2.0 * ratio * sum + f64::from(exponent) * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_one() {
        for number in [1e-16, 0.001, 0.5, 0.74, 0.99, 1.0, 1.49, 7.0, 1e9] {
            let off = (logarithm(number) - f64::ln(number)).abs();
            assert!(
                off < 1e-12 * (1.0 + f64::ln(number).abs()),
                "{number}: {off}"
            );
        }
    }

    #[test]
    fn equal_seeds_draw_equal_numbers_and_the_mean_is_the_mean() {
        let mut chance = Chance::new(3);
        let sum: f64 = (0..20_000).map(|_| chance.exponential(10.0)).sum();
        assert!((sum / 20_000.0 - 10.0).abs() < 0.3);
        let mut again = Chance::new(3);
        assert_eq!(
            (0..20_000).map(|_| again.exponential(10.0)).sum::<f64>(),
            sum
        );
    }
}
