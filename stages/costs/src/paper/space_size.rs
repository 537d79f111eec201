use spaces::HybridTransformer;

use super::PaperError;
use crate::{VisionSpace, vision_spaces};

/// Operators at every level, as Table 2 prints them.
const ALL_OPERATORS: [u32; 4] = [4; 4];

/// Returns the number of architectures of a space: `en-de`, `en-fr` and `hat` of translation, `table-2` as it is
/// printed, otherwise a name of [`vision_spaces`].
pub(super) fn space_size(name: &str) -> Result<u128, PaperError> {
    let size = match name {
        "en-de" => HybridTransformer::en_de_v3().size().ok(),
        "en-fr" => HybridTransformer::en_fr_v1().size().ok(),
        "hat" => HybridTransformer::hat().size().ok(),
        "table-2" => VisionSpace { operators: ALL_OPERATORS, ..vision_spaces()[0] }.size(),
        released => vision_spaces().iter().find(|space| space.name == released).and_then(VisionSpace::size),
    };
    size.ok_or_else(|| PaperError::text("space", name))
}
