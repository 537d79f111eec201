//! Artifacts read by programs that are not ours.

use std::fs;

use engine::RunReport;
use serde_json::{Value, json};
use stages::artifacts::{DatasetDescription, SelectionData, Supernet};

use crate::python::Python;
use crate::workbench::{Workbench, artifact, step};
use crate::workspace;

/// The first steps of the line: pictures, tensors, logs.
fn tables() -> (Workbench, RunReport) {
    let bench = Workbench::new(&workspace::manifest("valid/line.toml"));
    let report = bench.done(&[]);
    for (id, port) in [("data", "dataset"), ("supernet", "supernet"), ("supernet", "log"), ("winner", "subnet")] {
        let folder = &step(&report, id).outputs[port].folder;
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{id}-{port}-{}", entry.file_name().display());
            fs::copy(entry.path(), bench.path(&name)).unwrap();
        }
    }
    (bench, report)
}

/// Returns what the readers must find: the rows of a split, the sum of its labels, and the sum of its bytes.
fn expected(report: &RunReport) -> Value {
    let data: SelectionData = artifact(report, "data", "dataset");
    let description: &DatasetDescription = &data.description;
    assert_eq!(description.classes.len(), 4);
    let train = data.train().unwrap();
    let labels: u32 = train.labels().iter().sum();
    let bytes: u64 = (0..train.len()).flat_map(|at| train.pixels(at)).map(|&byte| u64::from(byte)).sum();
    json!({ "rows": train.len(), "labels": labels, "bytes": bytes })
}

const ARROW: &str = "
import sys, json, glob, pyarrow.parquet as parquet
for path in glob.glob(sys.argv[1] + '/*.parquet'):
    parquet.read_table(path).validate(full=True)
train = parquet.read_table(sys.argv[1] + '/data-dataset-train.parquet')
total = sum(sum(pixels) for pixels in train['pixels'].to_pylist())
print(json.dumps({'rows': train.num_rows, 'labels': sum(train['label'].to_pylist()), 'bytes': total}))
";

const PANDAS: &str = "
import sys, json, pandas
train = pandas.read_parquet(sys.argv[1] + '/data-dataset-train.parquet')
total = sum(sum(pixels) for pixels in train['pixels'])
print(json.dumps({'rows': len(train), 'labels': int(train['label'].sum()), 'bytes': total}))
";

const DUCKDB: &str = "
import sys, json, duckdb
query = 'select label, pixels from read_parquet(?)'
train = duckdb.execute(query, [sys.argv[1] + '/data-dataset-train.parquet']).fetchall()
labels, total = sum(label for label, _ in train), sum(sum(pixels) for _, pixels in train)
print(json.dumps({'rows': len(train), 'labels': labels, 'bytes': total}))
";

/// One row per tensor: the largest weight of every tensor is one query.
const WEIGHTS: &str = "
import sys, json, duckdb
query = 'select name, list_max(values) from read_parquet(?) where name like ? order by name'
found = duckdb.execute(query, [sys.argv[1] + '/supernet-supernet-tensors.parquet', '%.factors']).fetchall()
print(json.dumps(found))
";

fn reads(packages: &[&str], script: &str) {
    let Some(python) = Python::with(packages) else { return };
    let (bench, report) = tables();
    let found: Value = serde_json::from_str(&python.run(script, &bench.path(""))).unwrap();
    assert_eq!(found, expected(&report));
}

#[test]
fn arrow_reads_every_table_and_counts_the_same_bytes() {
    reads(&["pyarrow"], ARROW);
}

#[test]
fn pandas_reads_the_same_pictures() {
    reads(&["pandas", "pyarrow"], PANDAS);
}

#[test]
fn duckdb_asks_the_same_pictures() {
    reads(&["duckdb"], DUCKDB);
}

#[test]
fn a_question_about_weights_is_one_query() {
    let Some(python) = Python::with(&["duckdb"]) else { return };
    let (bench, report) = tables();
    let found: Vec<(String, f32)> = serde_json::from_str(&python.run(WEIGHTS, &bench.path(""))).unwrap();
    let supernet: Supernet = artifact(&report, "supernet", "supernet");
    let factors = supernet.tensors.into_iter().filter(|(name, ..)| name.ends_with(".factors"));
    let largest = factors.map(|(name, _, values)| (name, values.into_iter().fold(f32::MIN, f32::max)));
    assert_eq!(found, largest.collect::<Vec<_>>());
}
