//! Classifies pictures with an exported model: `classify MODEL.onnx PICTURES`, where the second file holds
//! pictures of 32-bit little-endian floats in 0..1, channel by channel.

use std::error::Error;
use std::{env, fs};

use exports::Runner;

#[expect(clippy::print_stdout, reason = "the example's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let [model, pictures] =
        env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "classify MODEL PICTURES")?;
    let mut runner = Runner::load(model)?;
    let picture = runner.summary().input;
    let mut values: Vec<f32> =
        fs::read(pictures)?.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    if let Some(normalization) = &runner.metadata().normalization {
        values = normalization.apply(&values, picture);
    }
    let batch = values.len() / picture.values();
    for prediction in runner.classify(&values, batch)? {
        let name = prediction.name.unwrap_or_else(|| prediction.class.to_string());
        println!("{name} {:.1} %", prediction.probability * 100.0);
    }
    Ok(())
}
