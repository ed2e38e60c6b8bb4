//! Numbers that are used once: against replays (RFC 3711 3.3.2), and against a nonce used twice.

/// The highest number that was taken, and which of the 128 before it were.
#[derive(Debug, Default, Clone)]
pub struct Window {
    highest: Option<u64>,
    taken: u128,
}

impl Window {
    /// The highest number that was taken.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether a number can be taken. One that is too far behind to know cannot.
    pub fn is_new(&self, number: u64) -> bool {
        let Some(highest) = self.highest else {
            return true;
        };
        match highest.checked_sub(number) {
            None => true,
            Some(behind) => bit(behind).is_some_and(|bit| self.taken & bit == 0),
        }
    }

    /// Takes a number. False: it cannot be taken.
    pub fn take(&mut self, number: u64) -> bool {
        if !self.is_new(number) {
            return false;
        }
        let highest = *self.highest.get_or_insert(number);
        if let Some(ahead) = number.checked_sub(highest) {
            let shifted = u32::try_from(ahead)
                .ok()
                .and_then(|ahead| self.taken.checked_shl(ahead));
            self.taken = shifted.unwrap_or(0) | 1;
            self.highest = Some(number);
        } else if let Some(bit) = bit(highest - number) {
            self.taken |= bit;
        }
        true
    }
}

fn bit(behind: u64) -> Option<u128> {
    1_u128.checked_shl(u32::try_from(behind).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_once() {
        let mut window = Window::default();
        for number in [100, 102, 101, 99, 300, 299, 173] {
            assert!(window.is_new(number));
            assert!(window.take(number), "{number}");
            assert!(!window.is_new(number));
            assert!(!window.take(number), "{number}");
        }
        assert!(!window.take(172), "too far behind to know");
        assert!(!window.take(0));
        assert!(window.take(1 << 40));
        assert!(!window.take(300));
        assert_eq!(window.highest(), Some(1 << 40));
    }
}
