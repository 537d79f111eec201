use std::path::Path;

use costs::{Accelerator, LayerCost, Problem, RepeatedProblem, Tiling};
use csv::{ReaderBuilder, StringRecord};
use spaces::Arithmetic;

use super::CostingError;
use crate::small_file::read_text;

/// What is read of each row besides the operator.
const SIZES: [&str; 9] = ["batch", "in_h", "in_w", "in_c", "kernel", "out_c", "out_e", "out_f", "stride"];

/// What is written of each row behind them.
const FIGURES: [&str; 23] = [
    "energy_mJ",
    "latency_s",
    "ifmap_mJ",
    "weight_mJ",
    "ofmap_mJ",
    "comp_mJ",
    "dram_mJ",
    "gb_mJ",
    "noc_mJ",
    "rf_mJ",
    "pe_limit",
    "N0",
    "N3",
    "M0",
    "M1",
    "M2",
    "M3",
    "C0",
    "C1",
    "C2",
    "E1",
    "E3",
    "seen_in",
];

/// Returns the costs of the layers in a CSV file as CSV.
///
/// The columns `op` (`conv`, `linear`, `matmul`, `shift`, `add`), `batch` (N), `in_h`, `in_w`, `in_c` (C), `kernel`,
/// `out_c` (M), `out_e`, `out_f` and `stride` are read, in any order; lines with `#` in front are skipped. Every row is
/// one dense problem of the array. Written are these columns, energies in mJ by data and by level, the latency in
/// seconds, the limit of processing elements and the tiling, and `seen_in` as it was read.
///
/// # Errors
/// A file that cannot be read, a missing column, a value that is no size, or a layer without a cost; with its line.
pub fn single_layers(path: &Path, accelerator: &Accelerator) -> Result<String, CostingError> {
    let text = read_text(path).map_err(|error| CostingError::unreadable(path, error))?;
    let mut reader = ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let at = |line: u64, message: String| CostingError::Row { path: path.to_owned(), line, message };
    let broken = |error: csv::Error| at(error.position().map_or(1, csv::Position::line), error.to_string());
    let header = reader.headers().map_err(broken)?.clone();
    let columns = Columns::of(&header).map_err(|message| at(1, message))?;
    let mut table = vec![[&["op"], &SIZES[..], &FIGURES[..]].concat().join(",")];
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = columns.row(&record).map_err(|message| at(line, message))?;
        let cost = accelerator.problem_cost(row.problem(accelerator)).map_err(|error| at(line, error.to_string()))?;
        table.push(row.text(&cost, accelerator));
    }
    Ok(table.join("\n") + "\n")
}

/// Where the columns that are read stand.
struct Columns {
    operator: usize,
    sizes: [usize; SIZES.len()],
    seen_in: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let find = |name: &str| header.iter().position(|column| column.trim() == name);
        let wanted = |name: &str| find(name).ok_or_else(|| format!("wants a column `{name}`, found none"));
        let mut sizes = [0; SIZES.len()];
        for (place, name) in sizes.iter_mut().zip(SIZES) {
            *place = wanted(name)?;
        }
        Ok(Self { operator: wanted("op")?, sizes, seen_in: find("seen_in") })
    }

    fn row(&self, record: &StringRecord) -> Result<Row, String> {
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let operator = cell(self.operator).to_owned();
        let arithmetic = match operator.as_str() {
            "conv" | "linear" | "fc" | "matmul" => Arithmetic::Multiply,
            "shift" | "shift_q" => Arithmetic::Shift,
            "add" => Arithmetic::Add,
            other => return Err(format!("`op` wants conv, linear, matmul, shift or add, found `{other}`")),
        };
        let mut sizes = [0; SIZES.len()];
        for ((size, name), &column) in sizes.iter_mut().zip(SIZES).zip(&self.sizes) {
            let text = cell(column);
            *size = text.parse().map_err(|_| format!("`{name}` wants a whole number from 1 on, found `{text}`"))?;
        }
        let seen_in = self.seen_in.map_or_else(String::new, |column| cell(column).to_owned());
        Ok(Row { operator, arithmetic, sizes, seen_in })
    }
}

/// One layer.
struct Row {
    operator: String,
    arithmetic: Arithmetic,
    /// In the order of [`SIZES`].
    sizes: [u64; SIZES.len()],
    seen_in: String,
}

impl Row {
    fn problem(&self, accelerator: &Accelerator) -> RepeatedProblem {
        let [batch, height, width, in_channels, kernel, out_channels, out_height, out_width, stride] = self.sizes;
        let problem = Problem {
            class: accelerator.hardware().class(self.arithmetic),
            batch,
            out_channels,
            in_channels,
            out_height,
            out_width,
            height,
            width,
            kernel_height: kernel,
            kernel_width: kernel,
            stride,
        };
        RepeatedProblem { problem, times: 1 }
    }

    fn text(&self, cost: &LayerCost, accelerator: &Accelerator) -> String {
        let (level, data) = (cost.energy.by_level, cost.energy.by_data);
        let figures = [
            cost.energy.total_mj,
            cost.latency_ms / 1e3,
            data.input_mj,
            data.weight_mj,
            data.output_mj,
            level.arithmetic_mj,
            level.dram_mj,
            level.buffer_mj,
            level.network_mj,
            level.register_file_mj,
        ];
        let tiling = cost.schedule.map(|schedule| factors(schedule.tiling)).unwrap_or_default();
        let cells = std::iter::once(self.operator.clone())
            .chain(self.sizes.map(|size| size.to_string()))
            .chain(figures.map(|figure| figure.to_string()))
            .chain([accelerator.hardware().elements_below(accelerator.bits()).to_string()])
            .chain(tiling.map(|factor| factor.to_string()))
            .chain([self.seen_in.clone()]);
        cells.collect::<Vec<_>>().join(",")
    }
}

const fn factors(tiling: Tiling) -> [u64; 11] {
    let Tiling { n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3 } = tiling;
    [n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3]
}
