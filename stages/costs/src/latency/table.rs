use super::{BlockType, Encoding, LatencyError};

/// Measured latencies of networks on one device.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyTable {
    /// How a row becomes numbers.
    pub encoding: Encoding,
    /// The rows, in the order of the file.
    pub rows: Vec<LatencyRow>,
}

/// One network and how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyRow {
    /// The network.
    pub query: LatencyQuery,
    /// The whole latency in milliseconds, above 0; for an encoder-decoder the sum of both means.
    pub latency_ms: f64,
    /// Encoder and decoder apart, where they were measured apart.
    pub parts: Option<LatencyParts>,
}

/// What a predictor is asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyQuery {
    /// Numbers in the order of [`Encoding::features`], not yet divided by a norm.
    pub numbers: Vec<f64>,
    /// The types of the blocks, where the rows have them.
    pub stacks: Option<Stacks>,
}

/// The types of the blocks, at most [`LONGEST_STACK`](super::LONGEST_STACK) in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stacks {
    /// Of the encoder, first layer first.
    pub encoder: Vec<BlockType>,
    /// Of the decoder, first layer first.
    pub decoder: Vec<BlockType>,
}

/// Latency of the halves of an encoder-decoder in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyParts {
    /// Mean of the encoder.
    pub latency_mean_encoder: f64,
    /// Mean of the decoder.
    pub latency_mean_decoder: f64,
    /// Standard deviation of the encoder.
    pub latency_std_encoder: f64,
    /// Standard deviation of the decoder.
    pub latency_std_decoder: f64,
}

/// Encoded rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Encoded inputs, one list a row, all of one length.
    pub inputs: Vec<Vec<f64>>,
    /// Latencies in milliseconds.
    pub latencies_ms: Vec<f64>,
}

impl LatencyTable {
    /// Returns the rows as numbers.
    ///
    /// # Errors
    /// If a row was made by hand and does not fit the encoding.
    pub fn samples(&self) -> Result<Samples, LatencyError> {
        let inputs = self.rows.iter().map(|row| self.encoding.encode(&row.query)).collect::<Result<_, _>>()?;
        Ok(Samples { inputs, latencies_ms: self.rows.iter().map(|row| row.latency_ms).collect() })
    }
}

impl Samples {
    /// Returns the samples at these positions.
    pub fn select(&self, positions: &[usize]) -> Self {
        Self {
            inputs: positions.iter().map(|&at| self.inputs[at].clone()).collect(),
            latencies_ms: positions.iter().map(|&at| self.latencies_ms[at]).collect(),
        }
    }

    /// Returns the values of one input over all samples.
    pub(super) fn column(&self, input: usize) -> impl Iterator<Item = f64> + Clone + '_ {
        self.inputs.iter().map(move |inputs| inputs[input])
    }

    /// Returns how many inputs a sample has.
    pub(super) fn width(&self) -> usize {
        self.inputs.first().map_or(0, Vec::len)
    }
}
