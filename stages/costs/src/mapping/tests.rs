use super::*;

const PEG: Window = Window {
    arithmetic: Arithmetic::Multiply,
    in_channels: 64,
    out_channels: 64,
    height: 14,
    width: 14,
    out_height: 14,
    out_width: 14,
    kernel: 3,
    stride: 1,
    groups: 64,
};
const KERNEL: Local = Local { arithmetic: Arithmetic::Add, tokens: 30, width: 256, taps: 31, heads: 16 };

fn problem(preset: &str, work: Work) -> Option<RepeatedProblem> {
    Hardware::preset(preset).unwrap().problem(&work).unwrap()
}

fn linear(arithmetic: Arithmetic, role: Role) -> Work {
    Work::Linear(Linear { arithmetic, rows: 30, inputs: 256, outputs: 512, role })
}

#[test]
fn a_depth_wise_layer_is_dense_in_the_release_and_one_problem_per_channel_when_corrected() {
    let dense = problem("shiftaddnas-pe168", Work::Window(PEG)).unwrap();
    assert_eq!((dense.times, dense.problem.in_channels, dense.problem.out_channels), (1, 64, 64));
    let grouped = problem("corrected", Work::Window(PEG)).unwrap();
    assert_eq!((grouped.times, grouped.problem.in_channels, grouped.problem.out_channels), (64, 1, 1));
    assert_eq!(grouped.problem.macs() * grouped.times, Work::Window(PEG).macs().unwrap());
}

#[test]
fn a_product_has_a_batch_of_all_rows() {
    let product = problem("corrected", Work::Product { batch: 8, rows: 30, inner: 64, columns: 90 }).unwrap().problem;
    assert_eq!((product.batch, product.in_channels, product.out_channels), (240, 64, 90));
    assert_eq!((product.out_height, product.height, product.kernel_width), (1, 1, 1));
}

#[test]
fn the_released_translation_model_takes_every_projection_for_a_shift_layer() {
    let class = |branch| problem("shiftaddnas-nlp", linear(Arithmetic::Multiply, Role::Projection(branch)));
    let operation = |branch| class(branch).unwrap().problem.class.operation;
    for branch in [Arithmetic::Multiply, Arithmetic::Shift, Arithmetic::Add] {
        assert_eq!(class(branch).unwrap().problem.class.datapath, Arithmetic::Shift);
        let expected = if branch == Arithmetic::Shift { Arithmetic::Shift } else { Arithmetic::Multiply };
        assert_eq!(operation(branch), expected);
    }
    let own = problem("corrected", linear(Arithmetic::Multiply, Role::Projection(Arithmetic::Shift))).unwrap();
    assert_eq!((own.problem.class.datapath, own.problem.class.operation), (Arithmetic::Multiply, Arithmetic::Multiply));
}

#[test]
fn the_shift_matrix_is_free_in_the_release_only() {
    let matrix = linear(Arithmetic::Shift, Role::ShiftMatrix);
    assert_eq!(problem("shiftaddnas-nlp", matrix), None);
    assert_eq!(problem("corrected", matrix).unwrap().problem.class.datapath, Arithmetic::Shift);
}

#[test]
fn the_kernel_of_a_local_branch_is_a_stand_in_or_itself() {
    let stand_in = problem("shiftaddnas-nlp", Work::Local(KERNEL)).unwrap();
    let Problem { batch, in_channels, out_channels, height, width, kernel_height, kernel_width, class, .. } =
        stand_in.problem;
    assert_eq!((batch, in_channels, out_channels, height, width), (16, 16, 16, 30, 1));
    assert_eq!((kernel_height, kernel_width, class.memory), (5, 5, MemoryLevels::RegistersAndSums));
    let depth_wise = problem("corrected", Work::Local(KERNEL)).unwrap();
    assert_eq!((depth_wise.times, depth_wise.problem.kernel_height, depth_wise.problem.kernel_width), (256, 31, 1));
    assert_eq!(depth_wise.problem.macs() * depth_wise.times, Work::Local(KERNEL).macs().unwrap());
    let heads = Local { heads: 3, ..KERNEL };
    let refused = Hardware::preset("shiftaddnas-nlp").unwrap().problem(&Work::Local(heads)).unwrap_err();
    assert_eq!(refused, AcceleratorError::Heads { heads: 3, width: 256 });
}

#[test]
fn groups_must_divide_the_channels_and_free_work_is_no_problem() {
    let hardware = Hardware::preset("shiftaddnas-pe168").unwrap();
    for groups in [0, 3] {
        let refused = hardware.problem(&Work::Window(Window { groups, ..PEG })).unwrap_err();
        assert_eq!(refused, AcceleratorError::Groups { groups, in_channels: 64, out_channels: 64 });
    }
    assert_eq!(hardware.problem(&Work::Free).unwrap(), None);
}
