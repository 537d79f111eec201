use std::fs::File;
use std::io::Read;
use std::path::Path;

use costs::{Accelerator, BitWidth, Hardware};

use super::CostingError;

/// Most bytes that are read of a file; a hardware description has a few thousand.
const MOST_BYTES: u64 = 1 << 17;

/// A hardware description by the name of a preset or by a file of one's own, and the width of numbers.
#[derive(Clone, Debug)]
pub struct HardwareChoice {
    /// Name of a preset or path of a TOML file.
    pub name: String,
    /// Width of numbers.
    pub bits: BitWidth,
}

impl HardwareChoice {
    /// Returns the accelerator.
    ///
    /// # Errors
    /// If it is neither a preset nor a file, or the file is wrong.
    pub fn accelerator(&self) -> Result<Accelerator, CostingError> {
        Ok(Accelerator::new(self.hardware()?, self.bits))
    }

    fn hardware(&self) -> Result<Hardware, CostingError> {
        let path = Path::new(&self.name);
        if Hardware::preset_names().contains(&self.name.as_str()) || !path.exists() {
            return Ok(Hardware::preset(&self.name)?);
        }
        Ok(Hardware::parse(&self.name, &read_text(path)?)?)
    }
}

/// Returns the text of a small file.
pub(crate) fn read_text(path: &Path) -> Result<String, CostingError> {
    let unreadable = |error| CostingError::unreadable(path, error);
    let mut text = String::new();
    let read = File::open(path).map_err(unreadable)?.take(MOST_BYTES + 1).read_to_string(&mut text);
    if read.map_err(unreadable)? as u64 > MOST_BYTES {
        return Err(CostingError::file(path, format!("is larger than {MOST_BYTES} bytes")));
    }
    Ok(text)
}
