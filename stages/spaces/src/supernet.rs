use std::collections::HashSet;

use crate::block::{Builder, Cell, Entry};
use crate::hybrid_cnn::{CellSet, HybridCnn, head};
use crate::{FeatureMap, Node, Parameter, Space, Task};

/// Every node that some path of a supernet runs, each once, with the tensors it owns.
///
/// Nodes of searchable layers carry their [`crate::Site`]; two nodes with the same site are the same node.
#[derive(Clone, Debug)]
pub struct SupernetPlan {
    /// Nodes with their tensors; indices in `inputs` mean nothing here.
    pub nodes: Vec<(Node, Vec<Parameter>)>,
}

impl Space {
    /// Returns the nodes of the space's supernet.
    pub fn supernet(&self, task: Task) -> SupernetPlan {
        match self {
            Space::HybridCnn(space) => space.supernet(task),
        }
    }
}

impl HybridCnn {
    fn supernet(&self, task: Task) -> SupernetPlan {
        let mut plan = SupernetPlan { nodes: Vec::new() };
        let mut seen = HashSet::new();
        let mut builder = Builder::new(task.input);
        let stem = self.stem(&mut builder);
        let maps = self.maps(builder.nodes[stem].output);
        for level in (0..self.levels.len()).filter(|&level| self.holds(Cell { layer: 0, level }, Entry::Keep)) {
            self.adapter(&mut builder, level, stem);
        }
        plan.add(builder, &mut seen);
        for (cell, entry) in self.cells() {
            for &operator in &self.levels[cell.level].operators {
                let mut builder = Builder::new(self.block_input(cell, entry, &maps));
                builder.block(cell, operator, entry, self.widths(cell.level), 0);
                plan.add(builder, &mut seen);
            }
        }
        let mut builder = Builder::new(maps[self.levels.len() - 1]);
        head(&mut builder, 0, task.classes);
        plan.add(builder, &mut seen);
        plan
    }

    /// Size of each level's map between blocks.
    pub(crate) fn maps(&self, stem: FeatureMap) -> Vec<FeatureMap> {
        let halve = |map: &FeatureMap, level: usize| if level == 0 { *map } else { map.windowed(3, 2, 1) };
        let step = |map: &mut FeatureMap, level: usize| {
            *map = halve(map, level);
            Some(map.with_channels(self.levels[level].channels))
        };
        (0..self.levels.len()).scan(stem, step).collect()
    }

    pub(crate) fn block_input(&self, cell: Cell, entry: Entry, maps: &[FeatureMap]) -> FeatureMap {
        match (entry, cell.layer) {
            (Entry::Down, _) => maps[cell.level - 1],
            (Entry::Keep, 0) => maps[cell.level].with_channels(self.widths(cell.level).bottleneck),
            (Entry::Keep, _) => maps[cell.level],
        }
    }

    fn cells(&self) -> Vec<(Cell, Entry)> {
        let cells = (0..self.layers).flat_map(|layer| (0..self.levels.len()).map(move |level| Cell { layer, level }));
        let entries = cells.flat_map(|cell| [(cell, Entry::Keep), (cell, Entry::Down)]);
        entries.filter(|&(cell, entry)| self.holds(cell, entry)).collect()
    }

    fn holds(&self, cell: Cell, entry: Entry) -> bool {
        match (self.cells, entry) {
            (_, Entry::Down) if cell.level == 0 => false,
            (CellSet::All, Entry::Keep | Entry::Down) => true,
            (CellSet::Reachable, entry) => self.allocations().iter().any(|allocation| uses(allocation, cell, entry)),
        }
    }
}

/// Whether an architecture with this allocation passes through the cell by this entry.
fn uses(allocation: &[usize], cell: Cell, entry: Entry) -> bool {
    let start: usize = allocation[..cell.level].iter().sum();
    let layers = start..start + allocation[cell.level];
    match entry {
        Entry::Down => start > 0 && start == cell.layer && !layers.is_empty(),
        Entry::Keep => layers.contains(&cell.layer) && (cell.layer == 0 || cell.layer > start),
    }
}

impl SupernetPlan {
    fn add(&mut self, builder: Builder, seen: &mut HashSet<String>) {
        let graph = builder.finish();
        for (index, node) in graph.nodes.iter().enumerate().skip(1) {
            let key = node.site.as_ref().map_or_else(|| node.name.clone(), crate::Site::private_key);
            if seen.insert(key) {
                self.nodes.push((node.clone(), graph.parameters_of(index)));
            }
        }
    }
}
