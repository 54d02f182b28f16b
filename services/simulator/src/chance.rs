//! Chance that a seed repeats.
//!
//! Every draw is a function of (seed, stream, number of the draw), so one stream
//! does not shift another and a run with the same seed decides the same.

/// Scrambles a number (the finaliser of SplitMix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Gives a text a number that is the same in every run (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Draws the `n`th number of a stream.
pub(crate) fn draw(seed: u64, stream: u64, n: u64) -> u64 {
    mix(mix(seed ^ mix(stream)).wrapping_add(n))
}

/// Turns a draw into a number from 0 up to but not including 1.
pub(crate) fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// Turns a draw into a whole number of the closed range.
pub(crate) fn between(draw: u64, (low, high): (u64, u64)) -> u64 {
    low + draw % (high.saturating_sub(low) + 1)
}
