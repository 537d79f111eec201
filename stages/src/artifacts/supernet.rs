use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table};
use networks::{Device, NamedTensor, Network, Sharing, ShiftForm};
use serde::{Deserialize, Serialize};
use spaces::{Space, Task};

use super::weights_table::check_size;

/// What is needed to build a supernet besides its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupernetSettings {
    /// Its space.
    pub space: Space,
    /// Picture size and classes.
    pub task: Task,
    /// Weight sharing.
    pub sharing: Sharing,
    /// How shift layers are trained.
    pub shift: ShiftForm,
}

/// A trained supernet: one row per tensor.
pub struct Supernet {
    /// How it was built.
    pub settings: SupernetSettings,
    /// Key, shape and values of every trained tensor, in key order.
    pub tensors: Vec<NamedTensor>,
}

impl Artifact for Supernet {
    const FORMAT: &'static str = "supernet";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "One network that holds all paths of a space, with shared weights";
}

impl Publish for Supernet {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("settings", &super::json_table::<Self, _>("settings", &self.settings)?)?;
        folder.write_table("tensors", &tensors_to_table(self.tensors))
    }
}

impl Open for Supernet {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let settings = super::json_value::<Self, _>(&folder.table("settings")?, "settings")?;
        Ok(Self { settings, tensors: tensors_from_table::<Self>(&folder.table("tensors")?)? })
    }
}

impl Supernet {
    /// Returns the network with its trained tensors.
    pub fn network(&self, device: &Device) -> Network {
        let SupernetSettings { space, task, sharing, shift } = &self.settings;
        let mut network = Network::supernet(&space.supernet(*task), sharing.clone(), *shift, 0, device);
        for (key, shape, values) in &self.tensors {
            network.parameters.insert(key.clone(), shape.clone(), values.clone());
        }
        network
    }
}

/// Returns one row per tensor.
pub(super) fn tensors_to_table(tensors: Vec<NamedTensor>) -> Table {
    let (mut keys, mut shapes, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, shape, numbers) in tensors {
        keys.push(key);
        shapes.push(shape.into_iter().map(|size| size as u32).collect::<Vec<u32>>());
        values.push(numbers);
    }
    Table::new().with("name", keys).with("shape", shapes).with("values", values)
}

/// Reads the rows that [`tensors_to_table`] wrote.
pub(super) fn tensors_from_table<A: Artifact>(table: &Table) -> Result<Vec<NamedTensor>, ArtifactError> {
    let keys: Vec<String> = table.get("name")?;
    let shapes: Vec<Vec<u32>> = table.get("shape")?;
    let values: Vec<Vec<f32>> = table.get("values")?;
    let rows = keys.into_iter().zip(shapes).zip(values);
    let tensors = rows.map(|((key, shape), values)| {
        let shape: Vec<usize> = shape.into_iter().map(|size| size as usize).collect();
        check_size::<A>(&key, &shape, values.len()).map(|()| (key, shape, values))
    });
    tensors.collect()
}
