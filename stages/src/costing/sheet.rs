use costs::{Accelerator, BitWidth, Macs, Network, NetworkCost};
use engine::{Artifact, ArtifactError, FolderWriter, Publish, Table};
use serde::Serialize;

use super::CostingError;

/// What a network costs on a hardware: a row per layer, and the totals.
#[derive(Clone, Debug, Serialize)]
pub struct CostSheet {
    /// The network.
    pub network: String,
    /// Name of the hardware.
    pub hardware: String,
    /// Digest of its constants, switches and bit width; sheets of different ones are not compared.
    pub hardware_digest: String,
    /// Width of numbers.
    pub bits: u32,
    /// The sums.
    pub totals: Totals,
    /// The layers in execution order.
    pub layers: Vec<SheetRow>,
}

/// The sums over a network's layers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Totals {
    /// Trained scalars.
    pub params: u64,
    /// Multiply-accumulates that multiply.
    pub macs_multiply: u64,
    /// Those that shift.
    pub macs_shift: u64,
    /// Those that add.
    pub macs_add: u64,
    /// Multiplications.
    pub multiplications: u64,
    /// Shifts.
    pub shifts: u64,
    /// Additions.
    pub additions: u64,
    /// Trained scalars as the paper's authors count them.
    pub official_params: u64,
    /// Operations as the paper's authors count them.
    pub official_flops: u64,
    /// Bytes of the trained scalars at the bit width.
    pub size_bytes: u64,
    /// Energy in mJ; lower is better.
    pub energy_mj: f64,
    /// Latency in ms; lower is better.
    pub latency_ms: f64,
}

/// One layer.
#[derive(Clone, Debug, Serialize)]
pub struct SheetRow {
    /// Name.
    pub layer: String,
    /// Operator of the block that owns it.
    pub operator: Option<String>,
    /// How weights and inputs meet.
    pub arithmetic: Option<String>,
    /// Multiply-accumulates of that arithmetic.
    pub macs: u64,
    /// Trained scalars.
    pub params: u64,
    /// Operations as the paper's authors count them.
    pub official_flops: u64,
    /// Bytes of the trained scalars at the bit width.
    pub size_bytes: u64,
    /// Energy in mJ.
    pub energy_mj: f64,
    /// Energy of the arithmetic, mJ.
    pub arithmetic_mj: f64,
    /// Energy of DRAM, mJ.
    pub dram_mj: f64,
    /// Energy of the buffer, mJ.
    pub buffer_mj: f64,
    /// Energy of the array's network, mJ.
    pub network_mj: f64,
    /// Energy of the register files, mJ.
    pub register_file_mj: f64,
    /// Energy of inputs in all memories, mJ.
    pub input_mj: f64,
    /// Energy of weights in all memories, mJ.
    pub weight_mj: f64,
    /// Energy of outputs and partial sums in all memories, mJ.
    pub output_mj: f64,
    /// Latency in ms.
    pub latency_ms: f64,
}

impl CostSheet {
    /// Returns what a network costs.
    ///
    /// # Errors
    /// If a layer has no cost on the hardware, or a count exceeds 64 bits.
    pub fn new(network: &Network, accelerator: &Accelerator) -> Result<Self, CostingError> {
        let cost = accelerator.network_cost(network)?;
        let rows = network.layers.iter().zip(&cost.layers);
        let layers =
            rows.map(|(layer, row)| SheetRow::new(layer, row, accelerator.bits())).collect::<Result<_, _>>()?;
        Ok(Self {
            network: network.name.clone(),
            hardware: accelerator.hardware().name().to_owned(),
            hardware_digest: accelerator.digest().to_string(),
            bits: accelerator.bits().bits(),
            totals: Totals::new(network, &cost, accelerator.bits())?,
            layers,
        })
    }
}

impl Totals {
    fn new(network: &Network, cost: &NetworkCost, bits: BitWidth) -> Result<Self, CostingError> {
        let (macs, official): (Macs, _) = (network.macs()?, network.official());
        Ok(Self {
            params: network.params(),
            macs_multiply: macs.multiply,
            macs_shift: macs.shift,
            macs_add: macs.add,
            multiplications: macs.multiply,
            shifts: macs.shift,
            additions: macs.additions(),
            official_params: official.params,
            official_flops: official.flops,
            size_bytes: network.size_bytes(bits),
            energy_mj: cost.energy.total_mj,
            latency_ms: cost.latency_ms,
        })
    }
}

impl SheetRow {
    fn new(layer: &costs::Layer, row: &costs::LayerRow, bits: BitWidth) -> Result<Self, CostingError> {
        let (energy, level, data) = (row.cost.energy, row.cost.energy.by_level, row.cost.energy.by_data);
        Ok(Self {
            layer: layer.name.clone(),
            operator: layer.operator.map(|operator| operator.name().to_owned()),
            arithmetic: layer.work.arithmetic().map(|arithmetic| arithmetic.name().to_owned()),
            macs: layer.work.macs()?,
            params: layer.params,
            official_flops: layer.official.flops,
            size_bytes: layer.size_bytes(bits),
            energy_mj: energy.total_mj,
            arithmetic_mj: level.arithmetic_mj,
            dram_mj: level.dram_mj,
            buffer_mj: level.buffer_mj,
            network_mj: level.network_mj,
            register_file_mj: level.register_file_mj,
            input_mj: data.input_mj,
            weight_mj: data.weight_mj,
            output_mj: data.output_mj,
            latency_ms: row.cost.latency_ms,
        })
    }
}

impl Artifact for CostSheet {
    const FORMAT: &'static str = "cost-sheet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Counts, energy and latency of every layer of a network on a hardware";
}

impl Publish for CostSheet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("layers", &self.layer_table())
    }
}

impl CostSheet {
    fn layer_table(&self) -> Table {
        let rows = &self.layers;
        let every = |text: &str| vec![text.to_owned(); rows.len()];
        let texts = |text: fn(&SheetRow) -> Option<String>| rows.iter().map(text).collect::<Vec<_>>();
        let counts = |count: fn(&SheetRow) -> u64| rows.iter().map(count).collect::<Vec<_>>();
        let numbers = |number: fn(&SheetRow) -> f64| rows.iter().map(number).collect::<Vec<_>>();
        Table::new()
            .with("network", every(&self.network))
            .with("hardware", every(&self.hardware))
            .with("hardware_digest", every(&self.hardware_digest))
            .with("bits", vec![u64::from(self.bits); rows.len()])
            .with("layer", rows.iter().map(|row| row.layer.clone()).collect::<Vec<_>>())
            .with("operator", texts(|row| row.operator.clone()))
            .with("arithmetic", texts(|row| row.arithmetic.clone()))
            .with("macs", counts(|row| row.macs))
            .with("params", counts(|row| row.params))
            .with("official_flops", counts(|row| row.official_flops))
            .with("size_bytes", counts(|row| row.size_bytes))
            .with("energy_mj", numbers(|row| row.energy_mj))
            .with("arithmetic_mj", numbers(|row| row.arithmetic_mj))
            .with("dram_mj", numbers(|row| row.dram_mj))
            .with("buffer_mj", numbers(|row| row.buffer_mj))
            .with("network_mj", numbers(|row| row.network_mj))
            .with("register_file_mj", numbers(|row| row.register_file_mj))
            .with("input_mj", numbers(|row| row.input_mj))
            .with("weight_mj", numbers(|row| row.weight_mj))
            .with("output_mj", numbers(|row| row.output_mj))
            .with("latency_ms", numbers(|row| row.latency_ms))
    }
}
