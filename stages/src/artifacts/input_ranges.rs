use engine::{ArtifactError, Table};
use networks::translation::InputRanges;

/// Returns the ranges as a table, one row per linear layer.
pub(super) fn ranges_to_table(ranges: InputRanges) -> Table {
    let (layers, ends): (Vec<String>, Vec<(f32, f32)>) = ranges.into_iter().unzip();
    let (low, high): (Vec<f32>, Vec<f32>) = ends.into_iter().unzip();
    Table::new().with("layer", layers).with("low", low).with("high", high)
}

/// Returns the ranges of such a table.
pub(super) fn ranges_from_table(table: &Table) -> Result<InputRanges, ArtifactError> {
    let (layers, low, high): (Vec<String>, Vec<f32>, Vec<f32>) =
        (table.get("layer")?, table.get("low")?, table.get("high")?);
    Ok(layers.into_iter().zip(low.into_iter().zip(high)).collect())
}
