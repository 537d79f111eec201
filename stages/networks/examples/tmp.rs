use datasets::*;
use networks::training::*;
use networks::*;
use spaces::*;
use std::ops::ControlFlow;
use std::time::Instant;
fn main() {
    let source = open(SourceKind::FashionMnist, None, &SourceOptions::default()).unwrap();
    let load = |part| {
        let mut p = Pictures::new(source.shape(), 10);
        for e in source.examples(part).unwrap() {
            p.push(&e.unwrap()).unwrap();
        }
        p
    };
    let (train, test) = (load(Part::Train), load(Part::Test));
    let pix = Normalization::measure(&train);
    let arg: Vec<String> = std::env::args().collect();
    let ch: usize = arg[2].parse().unwrap();
    let epochs: usize = arg[3].parse().unwrap();
    let lr: f64 = arg[4].parse().unwrap();
    let ops = vec![Operator::Attention, Operator::Conv, Operator::Shift, Operator::Add];
    let mk = |c| Level { channels: c, operators: ops.clone(), layers: LayerRange { min: 1, max: 3 } };
    let space = Space::HybridCnn(
        serde_json::from_value(serde_json::json!({
      "stem": {"channels": 16, "kernel": 3, "stride": 2}, "layers": 4, "levels": [
        serde_json::to_value(mk(ch)).unwrap(), serde_json::to_value(mk(ch*2)).unwrap()], "head_channels": 8 }))
        .unwrap(),
    );
    let task = Task { input: FeatureMap { channels: 1, height: 28, width: 28 }, classes: 10 };
    space.validate(task).unwrap();
    let device = networks::device::device("flex").unwrap();
    let settings = TrainingSettings {
        epochs,
        batch_size: 64,
        learning_rate: lr,
        schedule: Schedule { warmup_epochs: 1.0, ..Default::default() },
        optimizer: Default::default(),
        label_smoothing: 0.1,
        augmentation: Augmentation { flip: Flip::Horizontal, crop_padding: 2, erase_probability: 0.0 },
        clip_norm: None,
        add_gradient_scale: Some(0.2),
    };
    let g = space.parse(&arg[1]);
    match g {
        Ok(genome) => {
            let graph = space.graph(&genome, task);
            let mut t = Trainer::new(Network::subnet(&graph, ShiftForm::Q, 1, &device), &settings, None, 1);
            let start = Instant::now();
            for _ in 0..epochs {
                let s = t.epoch(&train, &pix, |_| graph.clone(), |_, _| ControlFlow::Continue(())).unwrap();
                if s.epoch % 5 == 0 || s.epoch + 1 == epochs {
                    println!(
                        "{} loss {:.3} acc {:.3} {:.2}s",
                        s.epoch,
                        s.loss,
                        s.accuracy,
                        start.elapsed().as_secs_f32()
                    );
                }
            }
            let mut inf = Inference::of_path(&t.network, &graph, t.statistics.clone());
            println!("test {:.4} {} params", inf.accuracy(&test, &pix, 250), graph.trained_parameters());
            inf.recalibrate(&train, &pix, 250, 8);
            println!("recal {:.4}", inf.accuracy(&test, &pix, 250));
            let w = t.network.export(&graph, &t.statistics).unwrap();
            let (qg, q) =
                quantize(&graph, &w, &train.select(&(0..500).collect::<Vec<_>>()), &pix, 250, &device).unwrap();
            println!(
                "8bit {:.4}",
                accuracy(&QuantizedInference::new(&qg, &q, &device).unwrap().logits(&test, &pix, 250), &test)
            );
        }
        Err(_) => {
            use rand::SeedableRng;
            let plan = space.supernet(task);
            let mode = match arg[1].as_str() {
                "none" => SharingMode::None,
                "naive" => SharingMode::Naive,
                _ => SharingMode::Hws,
            };
            let net = Network::supernet(&plan, Sharing { mode, ..Default::default() }, ShiftForm::Q, 1, &device);
            println!("{} params, space {}", net.parameters.scalars(), space.size());
            let mut t = Trainer::new(net, &settings, Some(Prior::default()).filter(|_| arg[1] == "hws"), 1);
            let start = Instant::now();
            for _ in 0..epochs {
                let s = t
                    .epoch(
                        &train,
                        &pix,
                        |step| {
                            let mut r = rand_chacha::ChaCha12Rng::seed_from_u64(step as u64);
                            space.graph(&space.sample(&mut r), task)
                        },
                        |_, _| ControlFlow::Continue(()),
                    )
                    .unwrap();
                println!(
                    "{} loss {:.3} prior {:.3} acc {:.3} {:.2}s",
                    s.epoch,
                    s.loss,
                    s.prior,
                    s.accuracy,
                    start.elapsed().as_secs_f32()
                );
            }
            let start = Instant::now();
            for i in 0..8 {
                let mut r = rand_chacha::ChaCha12Rng::seed_from_u64(1000 + i);
                let genome = space.sample(&mut r);
                let graph = space.graph(&genome, task);
                let mut inf = Inference::of_path(&t.network, &graph, Statistics::default());
                inf.recalibrate(&train, &pix, 100, 8);
                println!(
                    "{} {:.4} {:.2}s",
                    space.format(&genome),
                    inf.accuracy(&test, &pix, 250),
                    start.elapsed().as_secs_f32()
                );
            }
        }
    }
}
