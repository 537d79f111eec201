use engine::{Artifact, ArtifactError, Table};
use spaces::{Tensor, Values, Weights};

/// Most values of one tensor; a larger product of sizes is not believed.
const LARGEST_TENSOR: usize = 1 << 32;

/// Returns weights as rows: name, type, shape, and the numbers as `values` (floats, zero points) or `codes` (bytes).
pub(super) fn weights_to_table(weights: Weights) -> Table {
    let mut names = Vec::new();
    let mut kinds = Vec::new();
    let mut shapes = Vec::new();
    let mut values = Vec::new();
    let mut codes = Vec::new();
    for (name, tensor) in weights.tensors {
        names.push(name);
        shapes.push(tensor.shape.iter().map(|&size| size as u32).collect::<Vec<u32>>());
        let (kind, floats, bytes) = match tensor.values {
            Values::F32(floats) => ("f32", Some(floats), None),
            Values::U8(bytes) => ("u8", Some(bytes.into_iter().map(f32::from).collect()), None),
            Values::I8(bytes) => ("i8", None, Some(bytes)),
        };
        kinds.push(kind.to_owned());
        values.push(floats);
        codes.push(bytes);
    }
    let table = Table::new().with("name", names).with("dtype", kinds).with("shape", shapes);
    table.with("values", values).with("codes", codes)
}

/// Reads the rows that [`weights_to_table`] wrote.
pub(super) fn weights_from_table<A: Artifact>(table: &Table) -> Result<Weights, ArtifactError> {
    let names: Vec<String> = table.get("name")?;
    let kinds: Vec<String> = table.get("dtype")?;
    let shapes: Vec<Vec<u32>> = table.get("shape")?;
    let values: Vec<Option<Vec<f32>>> = table.get("values")?;
    let codes: Vec<Option<Vec<i8>>> = table.get("codes")?;
    let mut weights = Weights::default();
    let rows = names.into_iter().zip(kinds).zip(shapes).zip(values).zip(codes);
    for ((((name, kind), shape), values), codes) in rows {
        let values = match (kind.as_str(), values, codes) {
            ("f32", Some(values), None) => Values::F32(values),
            ("u8", Some(values), None) => Values::U8(values.into_iter().map(|value| value as u8).collect()),
            ("i8", None, Some(codes)) => Values::I8(codes),
            (kind, _, _) => {
                let message = format!("tensor `{name}` of dtype `{kind}` wants f32 or u8 `values`, or i8 `codes`");
                return Err(ArtifactError::content::<A>(message));
            }
        };
        let shape: Vec<usize> = shape.into_iter().map(|size| size as usize).collect();
        check_size::<A>(&name, &shape, values.len())?;
        weights.tensors.insert(name, Tensor { shape, values });
    }
    Ok(weights)
}

/// Checks that a tensor has as many values as its shape says.
pub(super) fn check_size<A: Artifact>(name: &str, shape: &[usize], found: usize) -> Result<(), ArtifactError> {
    let wanted = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match wanted.filter(|&wanted| wanted <= LARGEST_TENSOR && wanted == found) {
        Some(_) => Ok(()),
        None => {
            let message = format!("tensor `{name}` of shape {shape:?} has {found} values");
            Err(ArtifactError::content::<A>(message))
        }
    }
}
