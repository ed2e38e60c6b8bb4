/// Reads bits, most significant first. `None` past the end.
pub struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// `count` bits, at most 32.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        debug_assert!(count <= 32);
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.position = self.position.checked_add(count)?;
        (self.position <= self.bytes.len() * 8).then_some(())
    }

    /// Unsigned Exp-Golomb code `ue(v)`, which is also `uvlc()` of AV1; below 2³²−1.
    pub fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1_u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Signed Exp-Golomb code `se(v)`.
    pub fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?;
        let magnitude = i32::try_from(code / 2 + code % 2).ok()?;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_exp_golomb() {
        // 1 | 010 | 011 | 00100 | 1 …
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_1000]);
        assert_eq!(
            [
                bits.unsigned(),
                bits.unsigned(),
                bits.unsigned(),
                bits.unsigned()
            ]
            .map(Option::unwrap),
            [0, 1, 2, 3]
        );
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!(
            [bits.signed(), bits.signed(), bits.signed(), bits.signed()].map(Option::unwrap),
            [0, 1, -1, 2]
        );
    }

    #[test]
    fn the_end_is_the_end() {
        let mut bits = Bits::new(&[0xff]);
        assert_eq!(bits.bits(8), Some(255));
        assert_eq!(bits.bit(), None);
        assert_eq!(Bits::new(&[0; 20]).unsigned(), None);
        assert_eq!(Bits::new(&[0]).skip(9), None);
    }
}
