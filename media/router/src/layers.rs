//! Which encodings of a group may serve a wish (chime-meetings B.7, C.7).
//!
//! **Invariant: while any encoding of a group arrives, only arriving ones are chosen.**

/// An encoding that may be forwarded: declared active and not too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Its index in the router.
    pub encoding: usize,
    /// Place among its siblings.
    pub layer: u8,
    pub max_kbps: u32,
    /// It sent packets lately.
    pub arrives: bool,
}

/// Drops those that do not arrive, unless none does: then any may be the first.
pub fn arriving(layers: &mut Vec<Layer>) {
    if layers.iter().any(|layer| layer.arrives) {
        layers.retain(|layer| layer.arrives);
    }
}

/// For a wish that names a layer: that one, or the next below it, or the next above. `layers` ascend.
pub fn named(layers: &[Layer], wanted: u8) -> Option<Layer> {
    let above = layers.partition_point(|layer| layer.layer <= wanted);
    above
        .checked_sub(1)
        .and_then(|below| layers.get(below))
        .or(layers.get(above))
        .copied()
}

/// For a wish that leaves the choice: drops those above the target, but for the lowest.
pub fn within(layers: &mut Vec<Layer>, target_kbps: u32) {
    if target_kbps == 0 {
        return;
    }
    let lowest = layers.first().copied();
    layers.retain(|layer| layer.max_kbps <= target_kbps);
    if layers.is_empty() {
        layers.extend(lowest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder(arrives: [bool; 3]) -> Vec<Layer> {
        let mut layers: Vec<Layer> = [300, 600, 1200]
            .into_iter()
            .zip(arrives)
            .enumerate()
            .map(|(index, (max_kbps, arrives))| Layer {
                encoding: index,
                layer: index as u8,
                max_kbps,
                arrives,
            })
            .collect();
        arriving(&mut layers);
        layers
    }

    #[test]
    fn a_named_layer_or_the_best_sibling_that_arrives() {
        // what arrives, wanted, served
        let cases = [
            ([true, true, true], 1, 1),
            ([true, true, false], 2, 1),
            ([true, false, false], 2, 0),
            ([true, false, true], 1, 0),
            ([false, false, true], 0, 2),
            ([false, true, true], 0, 1),
            ([false, false, false], 2, 2),
        ];
        for (arrives, wanted, served) in cases {
            let layer = named(&ladder(arrives), wanted).unwrap();
            assert_eq!(layer.encoding, served, "{arrives:?} {wanted}");
        }
        assert_eq!(named(&[], 0), None);
    }

    #[test]
    fn a_target_leaves_what_it_covers_but_never_nothing() {
        let cases = [(0, 3), (299, 1), (300, 1), (600, 2), (1199, 2), (10_000, 3)];
        for (target, left) in cases {
            let mut layers = ladder([true; 3]);
            within(&mut layers, target);
            assert_eq!(layers.len(), left, "{target}");
            assert_eq!(layers[0].encoding, 0);
        }
        let mut layers = ladder([false, true, true]);
        within(&mut layers, 300);
        assert_eq!(layers[0].encoding, 1);
    }
}
