use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stages::costing::{
    BitWidth, CostSheet, CostSubject, CostingError, FeatureMap, SheetRow, Sources, SpaceFile, accelerator,
    single_layers,
};

use crate::columns::columns;
use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

/// Tell what a network costs: counts, energy and latency of every layer on an accelerator
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  shiftaddnas cost T0_mix_v4 --hw shiftaddnas-pe192
  shiftaddnas cost en-de@350ms_update --hw shiftaddnas-nlp --sources one
  shiftaddnas cost D.AAD --space pipeline/manifests/quickstart.toml --input 1x28x28 --classes 10
  shiftaddnas cost model.onnx --bits 8 --json")]
pub(crate) struct CostArgs {
    /// A published network's name, an exported .onnx file, or with --space an architecture
    #[arg(value_name = "NETWORK", required_unless_present = "layers")]
    network: Option<String>,

    /// The accelerator: a preset (shiftaddnas-pe168, shiftaddnas-pe192, shiftaddnas-nlp, corrected) or a TOML file
    #[arg(long = "hw", value_name = "PRESET|FILE", default_value = "corrected")]
    hardware: String,

    /// Width of numbers on the accelerator
    #[arg(long, value_name = "N", default_value = "32")]
    bits: Bits,

    /// Rows and columns of the pictures of published vision networks
    #[arg(long, value_name = "N", default_value_t = 224)]
    image_size: u64,

    /// How many encoder layers each decoder layer of a translation network attends to
    #[arg(long, value_name = "HOW", default_value = "own")]
    sources: SourcesArg,

    /// The manifest whose space the architecture is of
    #[arg(long, value_name = "MANIFEST")]
    space: Option<PathBuf>,

    /// Channels, rows and columns of the pictures of --space
    #[arg(long, value_name = "CxHxW", default_value = "3x224x224", value_parser = feature_map)]
    input: FeatureMap,

    /// Classes of the pictures of --space
    #[arg(long, value_name = "N", default_value_t = 1000)]
    classes: usize,

    /// Cost the single layers of this CSV file instead; its columns: op, batch, in_h, in_w, in_c, kernel, out_c,
    /// out_e, out_f, stride
    #[arg(long, value_name = "ROWS.csv", conflicts_with = "network", requires = "csv")]
    layers: Option<PathBuf>,

    /// Write CSV, as --layers wants
    #[arg(long, requires = "layers")]
    csv: bool,

    /// Write one object of JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Write the layers as a table into this new folder too
    #[arg(long, value_name = "DIR", conflicts_with = "layers")]
    parquet: Option<PathBuf>,
}

/// Width of numbers.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bits {
    /// 8-bit integers
    #[value(name = "8")]
    Eight,
    /// 32-bit floating point
    #[value(name = "32")]
    ThirtyTwo,
}

/// Which encoder layers are attended to.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SourcesArg {
    /// As many as the network's own setting
    Own,
    /// The last one, as in the paper's Table 3
    One,
}

pub(super) fn execute(args: &CostArgs, output: &mut Output) -> Result<Exit, CommandError> {
    if let Some(folder) = &args.parquet {
        super::must_be_new(folder)?;
    }
    let bits = match args.bits {
        Bits::Eight => BitWidth::Eight,
        Bits::ThirtyTwo => BitWidth::ThirtyTwo,
    };
    let accelerator = accelerator(&args.hardware, bits).map_err(wrong)?;
    if let Some(path) = &args.layers {
        write!(output, "{}", single_layers(path, &accelerator).map_err(wrong)?)?;
        return Ok(Exit::DONE);
    }
    let network = subject(args).network().map_err(wrong)?;
    let sheet = CostSheet::new(&network, &accelerator).map_err(wrong)?;
    match args.json {
        true => writeln!(output, "{}", serde_json::json!(sheet))?,
        false => write!(output, "{}", text(&sheet))?,
    }
    if let Some(folder) = &args.parquet {
        engine::publish_at(folder, sheet)?;
    }
    Ok(Exit::DONE)
}

fn subject(args: &CostArgs) -> CostSubject {
    CostSubject {
        text: args.network.clone().unwrap_or_default(),
        image_size: args.image_size,
        sources: match args.sources {
            SourcesArg::Own => Sources::Own,
            SourcesArg::One => Sources::One,
        },
        space: SpaceFile { manifest: args.space.clone(), input: args.input, classes: args.classes },
    }
}

fn wrong(error: CostingError) -> CommandError {
    CommandError::Cost(error)
}

/// Reads `CxHxW`.
fn feature_map(text: &str) -> Result<FeatureMap, String> {
    let sizes: Vec<usize> = text.split('x').map_while(|size| size.parse().ok().filter(|&size| size > 0)).collect();
    match (sizes.as_slice(), text.matches('x').count()) {
        (&[channels, height, width], 2) => Ok(FeatureMap { channels, height, width }),
        _ => Err("wanted three sizes such as 3x224x224".to_owned()),
    }
}

fn text(sheet: &CostSheet) -> String {
    let heading =
        ["layer", "operator", "arithmetic", "MACs", "params", "bytes", "energy mJ", "of which DRAM", "latency ms"];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    cells.extend(sheet.layers.iter().filter(|row| row.macs > 0 || row.params > 0).map(cells_of));
    let totals = &sheet.totals;
    let line = |name: &str, value: String| vec![name.to_owned(), value];
    let sums = [
        line("network", sheet.network.clone()),
        line("hardware", format!("{}, {} bits, {}", sheet.hardware, sheet.bits, &sheet.hardware_digest[..12])),
        line("params", format!("{} (the authors count {})", totals.params, totals.official_params)),
        line(
            "MACs: multiply / shift / add",
            [totals.macs_multiply, totals.macs_shift, totals.macs_add].map(|macs| macs.to_string()).join(" / "),
        ),
        line(
            "multiplications / shifts / additions",
            [totals.multiplications, totals.shifts, totals.additions].map(|count| count.to_string()).join(" / "),
        ),
        line("operations as the authors count them", totals.official_flops.to_string()),
        line("size", format!("{} B", totals.size_bytes)),
        line("energy", format!("{:.4} mJ", totals.energy_mj)),
        line("latency", format!("{:.4} ms", totals.latency_ms)),
    ];
    format!("{}\n{}", columns(&cells), columns(&sums))
}

fn cells_of(row: &SheetRow) -> Vec<String> {
    vec![
        row.layer.clone(),
        row.operator.clone().unwrap_or_default(),
        row.arithmetic.clone().unwrap_or_default(),
        row.macs.to_string(),
        row.params.to_string(),
        row.size_bytes.to_string(),
        format!("{:.6}", row.energy_mj),
        format!("{:.6}", row.dram_mj),
        format!("{:.6}", row.latency_ms),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_three_positive_numbers() {
        assert_eq!(feature_map("1x28x20"), Ok(FeatureMap { channels: 1, height: 28, width: 20 }));
        for wrong in ["", "3x224", "3x0x4", "3x4x5x6", "ax2x3", "3x4x5x"] {
            assert!(feature_map(wrong).is_err(), "{wrong}");
        }
    }
}
