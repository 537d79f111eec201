//! What an ONNX file costs: its layers as `exports` reads them, in the words of `costs`.

use costs::{CostError, Layer, Linear, Module, Network, Official, Role, Window};
use exports::{LayersError, OnnxLayer, OnnxWork, layers};

/// Largest count of one layer, so that all that is counted from it fits 64 bits.
const LARGEST_COUNT: u64 = 1 << 60;

/// Why an ONNX file has no cost.
#[derive(Debug, thiserror::Error)]
pub enum OnnxNetworkError {
    /// Its layers cannot be read.
    #[error("the layers of the ONNX model are not known")]
    Layers(#[from] LayersError),
    /// A layer without a count.
    #[error("layer `{layer}` has no count")]
    Layer {
        /// Name of the layer.
        layer: String,
        /// Why not.
        #[source]
        source: CostError,
    },
    /// A layer or network whose counts are not exact.
    #[error("`{part}` wants counts of at most {limit}")]
    TooLarge {
        /// Name of the layer or network.
        part: String,
        /// Largest count.
        limit: u64,
    },
}

/// Returns the network of an ONNX file, of this program or of another, for one picture or sentence.
///
/// Layers have the names of their nodes and no operator of a search space. What `exports::layers` documents holds:
/// normalisations that an export folded are the biases or factors they became, so the params of one of our files are
/// those of the folded network, and the figures of the authors' counter miss what folding removed.
///
/// # Errors
/// If the layers cannot be read, or a count is not exact in 64 bits.
pub fn onnx_network(bytes: &[u8], name: &str) -> Result<Network, OnnxNetworkError> {
    let layers = layers(bytes)?.into_iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let network = Network { name: name.to_owned(), layers };
    let sum = |sum: u64, layer: &Layer| sum.checked_add(layer.official.flops)?.checked_add(layer.params);
    match network.layers.iter().try_fold(0, sum) {
        Some(sum) if sum <= LARGEST_COUNT => Ok(network),
        Some(_) | None => Err(OnnxNetworkError::TooLarge { part: network.name, limit: LARGEST_COUNT }),
    }
}

fn layer(layer: OnnxLayer) -> Result<Layer, OnnxNetworkError> {
    let OnnxLayer { name, work, weights, biases, .. } = layer;
    let module = module(work, biases > 0);
    let source = |source| OnnxNetworkError::Layer { layer: name.clone(), source };
    let macs = module.work().macs().map_err(source)?;
    let too_large = || OnnxNetworkError::TooLarge { part: name.clone(), limit: LARGEST_COUNT };
    let params = weights.checked_add(biases).ok_or_else(too_large)?;
    if macs.max(uncounted(work).ok_or_else(too_large)?) > LARGEST_COUNT {
        return Err(too_large());
    }
    let official = Official { params, flops: module.official_flops() };
    Ok(Layer { name, operator: None, work: module.work(), params, official })
}

/// Returns what the authors' counter books for work without a strict count; `None` beyond 64 bits.
const fn uncounted(work: OnnxWork) -> Option<u64> {
    match work {
        OnnxWork::Window(_) | OnnxWork::Matrix { .. } | OnnxWork::Product { .. } | OnnxWork::Free => Some(0),
        OnnxWork::BatchNorm { channels, positions } => channels.checked_mul(positions),
        OnnxWork::Relu { values } => Some(values),
        OnnxWork::Pool { kernel, outputs } => match kernel.checked_pow(2) {
            Some(taps) => taps.checked_mul(outputs),
            None => None,
        },
    }
}

const fn module(work: OnnxWork, bias: bool) -> Module {
    match work {
        OnnxWork::Window(window) => Module::Window {
            window: Window {
                arithmetic: window.arithmetic,
                in_channels: window.in_channels,
                out_channels: window.out_channels,
                height: window.height,
                width: window.width,
                out_height: window.out_height,
                out_width: window.out_width,
                kernel: window.kernel,
                stride: window.stride,
                groups: window.groups,
            },
            bias,
        },
        OnnxWork::Matrix { arithmetic, rows, inputs, outputs } => {
            Module::Linear { linear: Linear { arithmetic, rows, inputs, outputs, role: Role::Plain }, bias }
        }
        OnnxWork::Product { batch, rows, inner, columns } => Module::Product { batch, rows, inner, columns },
        OnnxWork::BatchNorm { channels, positions } => Module::BatchNorm { channels, positions },
        OnnxWork::Relu { values } => Module::Relu { values },
        OnnxWork::Pool { kernel, outputs } => Module::Pool { kernel, outputs },
        OnnxWork::Free => Module::Free,
    }
}
