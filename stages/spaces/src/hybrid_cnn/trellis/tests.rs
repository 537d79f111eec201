use std::collections::BTreeSet;

use super::*;
use crate::{
    AttentionForm, CellSet, Compute, Genome, LayerRange, Level, Node, PathWeighting, SearchSpace, Space, Stem,
};

fn level(channels: usize, operators: &[Operator], min: usize, max: usize) -> Level {
    Level { channels, operators: operators.to_vec(), layers: LayerRange { min, max } }
}

fn space(layers: usize, levels: Vec<Level>) -> HybridCnn {
    HybridCnn {
        stem: Stem { channels: 8, kernel: 3, stride: 1, pool: false },
        layers,
        levels,
        bottleneck: 2,
        head_channels: 8,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    }
}

const TASK: Task = Task { input: FeatureMap { channels: 3, height: 16, width: 16 }, classes: 5 };

/// Spaces whose first levels may be left out, whose levels have one layer or many, and whose maps have odd edges.
fn spaces() -> [HybridCnn; 3] {
    use Operator::{Add, Attention, Conv, Shift};
    [
        space(3, vec![level(8, &[Conv, Add], 1, 2), level(16, &[Attention, Shift], 1, 2)]),
        space(4, vec![level(8, &[Conv], 0, 2), level(16, &[Add, Shift], 0, 3), level(16, &Operator::ALL, 1, 4)]),
        space(1, vec![level(8, &Operator::ALL, 1, 1)]),
    ]
}

/// Every way through the trellis: the genome, and the pieces.
fn ways(trellis: &Trellis) -> Vec<(Genome, Vec<usize>)> {
    let mut ways = vec![(0, Vec::new(), Vec::new())];
    for edges in &trellis.choices {
        let longer = |(state, genome, pieces): &(usize, Vec<u16>, Vec<usize>)| {
            let (state, genome, pieces) = (*state, genome.clone(), pieces.clone());
            let leaving = edges.iter().filter(move |edge| edge.from == state);
            leaving.map(move |edge| {
                let genome = [genome.as_slice(), &[edge.choice]].concat();
                (edge.to, genome, [pieces.as_slice(), &edge.pieces].concat())
            })
        };
        ways = ways.iter().flat_map(longer).collect();
    }
    ways.into_iter().map(|(_, genome, pieces)| (Genome(genome), pieces)).collect()
}

#[test]
fn the_ways_are_exactly_the_points_of_the_space() {
    for space in spaces() {
        Space::HybridCnn(space.clone()).validate(TASK).unwrap();
        let genomes: Vec<Genome> = ways(&space.trellis(TASK)).into_iter().map(|(genome, _)| genome).collect();
        assert_eq!(genomes.len() as u128, space.size());
        assert!(genomes.iter().all(|genome| space.contains(genome) == Ok(())));
        let distinct: BTreeSet<&Genome> = genomes.iter().collect();
        assert_eq!(distinct.len(), genomes.len());
    }
}

#[test]
fn the_pieces_of_a_way_are_the_network_of_its_genome() {
    let told = |graph: &Graph, nodes: &mut Vec<(Compute, FeatureMap, FeatureMap)>| {
        let behind_the_input = |(_, node): &(usize, &Node)| node.compute != Compute::Input;
        let told = graph.nodes.iter().enumerate().filter(behind_the_input);
        nodes.extend(told.map(|(index, node)| (node.compute, graph.input_of(index), node.output)));
    };
    for space in spaces() {
        let trellis = space.trellis(TASK);
        for (genome, pieces) in ways(&trellis) {
            let (mut found, mut wanted) = (Vec::new(), Vec::new());
            pieces.iter().for_each(|&piece| told(&trellis.pieces[piece], &mut found));
            told(&space.graph(&genome, TASK), &mut wanted);
            assert_eq!(found, wanted, "{}", space.format(&genome));
        }
    }
}
