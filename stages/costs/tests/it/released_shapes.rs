use std::collections::HashMap;

use costs::{Network, Work, network};
use spaces::Arithmetic;

use crate::shared;

/// Returns what the hardware model is told of a layer: kind, batch, input edge and channels, kernel, output channels
/// and edge, stride. Groups are not in it.
fn shape(work: Work) -> Option<[String; 8]> {
    let (kind, sizes) = match work {
        Work::Window(window) => {
            let kind = match window.arithmetic {
                Arithmetic::Multiply => "conv",
                Arithmetic::Shift => "shift",
                Arithmetic::Add => "add",
            };
            let input = [1, window.height, window.in_channels];
            (kind, [input, [window.kernel, window.out_channels, window.out_height]].concat())
        }
        Work::Linear(linear) => ("linear", vec![linear.rows, 1, linear.inputs, 1, linear.outputs, 1]),
        Work::Product { batch, rows, inner, columns } => ("matmul", vec![batch * rows, 1, inner, 1, columns, 1]),
        Work::Local(_) | Work::Free => return None,
    };
    let stride = if let Work::Window(window) = work { window.stride } else { 1 };
    let mut fields = vec![kind.to_owned()];
    fields.extend(sizes.iter().chain([&stride]).map(u64::to_string));
    Some(fields.try_into().unwrap())
}

/// Returns how often each shape occurs.
fn shapes(network: &Network) -> HashMap<[String; 8], usize> {
    let mut found = HashMap::new();
    for shape in network.layers.iter().filter_map(|layer| shape(layer.work)) {
        *found.entry(shape).or_default() += 1;
    }
    found
}

/// Returns the fields of a row that say what layer it is of.
fn shape_of_row(header: &[&str], row: &[&str]) -> [String; 8] {
    let field = |name: &str| row[header.iter().position(|column| *column == name).unwrap()].to_owned();
    ["op", "batch", "in_h", "in_c", "kernel", "out_c", "out_e", "stride"].map(field)
}

#[test]
fn every_shape_that_the_authors_released_an_energy_of_is_a_layer_of_its_network() {
    let Some(text) = shared::reference("hardware_cv.csv") else { return };
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let mut checked = 0;
    for row in lines {
        let shape = shape_of_row(&header, &row);
        for seen_in in row.last().unwrap().split(';') {
            let (name, size) = seen_in.rsplit_once('-').unwrap();
            let network = network(name, size.parse().unwrap()).unwrap();
            assert!(shapes(&network).contains_key(&shape), "{seen_in} has no {shape:?}");
            checked += 1;
        }
    }
    assert_eq!(checked, 190);
}
