use onnx_protobuf::{Message, ModelProto, StringStringEntryProto};

use crate::LoweringError;

/// Key of the entry that ends every file: the BLAKE3 digest of all bytes before it.
const KEY: &str = "shiftaddnas.digest";

/// Returns the bytes of a model with their digest behind them, as one more metadata entry.
///
/// The encoding allows it: what is appended to a message adds to its lists.
pub(super) fn sealed(mut model: Vec<u8>) -> Result<Vec<u8>, LoweringError> {
    let seal = seal(&model).map_err(|error| LoweringError::Encode(error.into()))?;
    model.extend(seal);
    Ok(model)
}

/// Returns the digest of a whole file, its seal included, as another file names it.
pub(crate) fn digest(file: &[u8]) -> String {
    blake3::hash(file).to_hex().to_string()
}

/// Returns whether the bytes are as [`sealed`] gave them: no bit lost, nothing written by another program.
pub(super) fn is_intact(bytes: &[u8]) -> bool {
    let Ok(any_seal) = seal(&[]) else { return false };
    let Some(end) = bytes.len().checked_sub(any_seal.len()) else { return false };
    let (model, found) = bytes.split_at(end);
    seal(model).is_ok_and(|seal| seal == found)
}

/// Returns the encoded entry; it is of the same length for all models.
fn seal(model: &[u8]) -> protobuf::Result<Vec<u8>> {
    let value = blake3::hash(model).to_hex().to_string();
    let entry = StringStringEntryProto { key: KEY.to_owned(), value, ..StringStringEntryProto::new() };
    ModelProto { metadata_props: vec![entry], ..ModelProto::new() }.write_to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_flipped_bit_breaks_the_seal() {
        let intact = sealed(b"model".to_vec()).unwrap();
        assert!(is_intact(&intact));
        for at in 0..intact.len() {
            let mut damaged = intact.clone();
            damaged[at] ^= 1;
            assert!(!is_intact(&damaged), "byte {at}");
        }
        assert!(!is_intact(b"model") && !is_intact(&intact[..intact.len() - 1]));
    }
}
