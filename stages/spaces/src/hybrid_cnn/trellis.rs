use std::collections::HashMap;

use super::{HybridCnn, head};
use crate::block::{Builder, Cell, Entry};
use crate::trellis::{Edge, Trellis};
use crate::{FeatureMap, Graph, Operator, Task};

/// What a piece depends on: a layer's position only matters at the front, whose input is the adapter's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Stem,
    Adapter { level: usize },
    Block { place: Place, level: usize, operator: Operator, entry: Entry },
    Head,
}

/// Where in the chain a block stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Front,
    Behind,
}

/// What is decided before a layer: its level's predecessor, and how many layers that level has by then.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Start,
    At { level: usize, used: usize },
}

/// A layer's level and entry.
#[derive(Clone, Copy)]
struct Step {
    level: usize,
    used: usize,
    entry: Entry,
}

impl HybridCnn {
    /// Returns the space as a layered graph.
    pub(crate) fn trellis(&self, task: Task) -> Trellis {
        let mut pieces = Pieces::new(self, task);
        let mut states = vec![State::Start];
        let mut choices = Vec::with_capacity(self.layers);
        for layer in 0..self.layers {
            let mut after = Numbering::default();
            let mut edges = Vec::new();
            for (from, &state) in states.iter().enumerate() {
                for step in self.steps(state).into_iter().filter(|step| self.may_end(layer, step)) {
                    let to = after.number(State::At { level: step.level, used: step.used });
                    edges.extend(self.operators(step.level).map(|(choice, operator)| {
                        let parts = self.parts(layer, step, operator);
                        Edge { from, to, choice, pieces: parts.into_iter().map(|part| pieces.number(part)).collect() }
                    }));
                }
            }
            choices.push(edges);
            states = after.states;
        }
        Trellis { pieces: pieces.graphs, choices }
    }

    /// Returns the steps that a layer may take: stay while the level has room, or one level coarser once it has enough.
    fn steps(&self, state: State) -> Vec<Step> {
        let first = |level: usize| Step { level, used: 1, entry: Entry::Keep };
        let optional = |level: &usize| self.levels[..*level].iter().all(|finer| finer.layers.min == 0);
        let steps: Vec<Step> = match state {
            State::Start => (0..self.levels.len()).filter(optional).map(first).collect(),
            State::At { level, used } => {
                let stay = Step { level, used: used + 1, entry: Entry::Keep };
                let coarser = Step { level: level + 1, used: 1, entry: Entry::Down };
                let leaves = used >= self.levels[level].layers.min && coarser.level < self.levels.len();
                [Some(stay), leaves.then_some(coarser)].into_iter().flatten().collect()
            }
        };
        steps.into_iter().filter(|step| step.used <= self.levels[step.level].layers.max).collect()
    }

    /// Returns whether an architecture may end with this step if `layer` is the last one.
    fn may_end(&self, layer: usize, step: &Step) -> bool {
        let enough = step.used >= self.levels[step.level].layers.min;
        layer + 1 < self.layers || (step.level + 1 == self.levels.len() && enough)
    }

    fn operators(&self, level: usize) -> impl Iterator<Item = (u16, Operator)> {
        let first = self.offset(level);
        let offered = self.levels[level].operators.iter().enumerate();
        offered.map(move |(at, &operator)| ((first + at) as u16, operator))
    }

    fn parts(&self, layer: usize, step: Step, operator: Operator) -> Vec<Part> {
        let Step { level, entry, .. } = step;
        let place = if layer == 0 { Place::Front } else { Place::Behind };
        let mut parts = if layer == 0 { vec![Part::Stem, Part::Adapter { level }] } else { Vec::new() };
        parts.push(Part::Block { place, level, operator, entry });
        if layer + 1 == self.layers {
            parts.push(Part::Head);
        }
        parts
    }
}

/// States of one boundary between layers, numbered as they are met.
#[derive(Default)]
struct Numbering {
    numbers: HashMap<State, usize>,
    states: Vec<State>,
}

impl Numbering {
    fn number(&mut self, state: State) -> usize {
        let states = &mut self.states;
        *self.numbers.entry(state).or_insert_with(|| {
            states.push(state);
            states.len() - 1
        })
    }
}

/// Graphs of parts, built once each.
struct Pieces<'a> {
    space: &'a HybridCnn,
    task: Task,
    stem: FeatureMap,
    maps: Vec<FeatureMap>,
    numbers: HashMap<Part, usize>,
    graphs: Vec<Graph>,
}

impl<'a> Pieces<'a> {
    fn new(space: &'a HybridCnn, task: Task) -> Self {
        let mut builder = Builder::new(task.input);
        let stem = space.stem(&mut builder);
        let stem = builder.nodes[stem].output;
        Self { space, task, stem, maps: space.maps(stem), numbers: HashMap::new(), graphs: Vec::new() }
    }

    fn number(&mut self, part: Part) -> usize {
        if let Some(&number) = self.numbers.get(&part) {
            return number;
        }
        let graph = self.build(part);
        self.graphs.push(graph);
        self.numbers.insert(part, self.graphs.len() - 1);
        self.graphs.len() - 1
    }

    fn build(&self, part: Part) -> Graph {
        let space = self.space;
        let (input, last) = (self.input(part), 0);
        let mut builder = Builder::new(input);
        match part {
            Part::Stem => space.stem(&mut builder),
            Part::Adapter { level } => space.adapter(&mut builder, level, last),
            Part::Block { level, operator, entry, .. } => {
                builder.block(Cell { layer: 0, level }, operator, entry, space.widths(level), last)
            }
            Part::Head => head(&mut builder, last, self.task.classes),
        };
        builder.finish()
    }

    fn input(&self, part: Part) -> FeatureMap {
        match part {
            Part::Stem => self.task.input,
            Part::Adapter { .. } => self.stem,
            Part::Block { place, level, entry, .. } => {
                let layer = match place {
                    Place::Front => 0,
                    Place::Behind => 1,
                };
                self.space.block_input(Cell { layer, level }, entry, &self.maps)
            }
            Part::Head => self.maps[self.maps.len() - 1],
        }
    }
}

#[cfg(test)]
mod tests;
