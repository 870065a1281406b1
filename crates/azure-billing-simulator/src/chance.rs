//! Random decisions that are the same in every run: each is a hash of its place, not the next
//! number of a stream. So a row can be made without making the rows before it.

/// Does one step of splitmix64: spreads `value` over all 64 bits, differently for each `seed`.
pub(super) fn mix(seed: u64, value: u64) -> u64 {
    let mut z = seed.wrapping_add(value.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Hashes a text by FNV-1a, to make ids from names.
pub(super) fn hash_text(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Returns a GUID as Azure writes it: lower case, with dashes.
pub(super) fn guid(key: u64) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let bits = (u128::from(mix(key, 1)) << 64) | u128::from(mix(key, 2));
    let mut text = [b'-'; 36];
    let mut digits = (0..32).map(|place| HEX[(bits >> (124 - 4 * place)) as usize & 15]);
    for (place, letter) in text.iter_mut().enumerate() {
        if !matches!(place, 8 | 13 | 18 | 23) {
            *letter = digits.next().unwrap_or(b'0');
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Random decisions that are drawn one after the other for one place.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(key: u64) -> Self {
        Self(key)
    }

    /// Returns a number evenly distributed in `0..limit`; 0 if there is nothing to choose from.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = mix(self.0, 0);
        // The high half of the product is even enough, and cheaper than a remainder.
        ((u128::from(self.0) * u128::from(limit)) >> 64) as u64
    }

    /// Returns true in `percent` of 100 places.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns the index of one of `weights`, each as often as its value says.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}
