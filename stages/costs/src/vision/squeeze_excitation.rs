use spaces::Arithmetic;

use super::drawing::{Drawing, Filter, Map};

/// Channels of a map over channels between its two layers.
const REDUCTION: u64 = 16;

/// Weighs the channels of the map by its mean: two 1x1 convolutions with bias on a map of one position. They multiply
/// in shift and add blocks too.
pub(super) fn squeeze_excitation(drawing: &mut Drawing) {
    let map = drawing.map;
    drawing.map = Map { edge: 1, ..map };
    let filter = |channels| Filter { bias: true, ..Filter::new(Arithmetic::Multiply, channels, 1) };
    drawing.filter("squeeze", filter(map.channels / REDUCTION));
    drawing.relu("squeeze_relu");
    drawing.filter("excite", filter(map.channels));
    drawing.map = map;
}
