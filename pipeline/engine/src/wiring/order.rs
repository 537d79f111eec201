//! An order in which every stage comes after what it reads, or the ring that forbids one.

use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Returns the positions of all stages in an order that can run and keeps the manifest's where it can.
pub(super) fn order(manifest: &Manifest, errors: &mut Vec<Diagnostic>) -> Vec<usize> {
    let mut visit =
        Visit { manifest, marks: vec![Mark::New; manifest.stages.len()], path: Vec::new(), order: Vec::new(), errors };
    for stage in 0..manifest.stages.len() {
        visit.stage(stage);
    }
    visit.order
}

struct Visit<'a> {
    manifest: &'a Manifest,
    marks: Vec<Mark>,
    path: Vec<usize>,
    order: Vec<usize>,
    errors: &'a mut Vec<Diagnostic>,
}

impl Visit<'_> {
    fn stage(&mut self, stage: usize) {
        match self.marks[stage] {
            Mark::Done => return,
            Mark::Open => return self.ring(stage),
            Mark::New => {}
        }
        self.marks[stage] = Mark::Open;
        self.path.push(stage);
        for dependency in self.dependencies(stage) {
            self.stage(dependency);
        }
        self.path.pop();
        self.marks[stage] = Mark::Done;
        self.order.push(stage);
    }

    fn dependencies(&self, stage: usize) -> Vec<usize> {
        let stages = &self.manifest.stages;
        let references = stages[stage].inputs.iter().flat_map(|input| &input.references);
        references
            .filter_map(|reference| {
                let id = reference.text.split('.').next()?;
                stages.iter().position(|entry| entry.id.text == id)
            })
            .collect()
    }

    /// Tells a ring in the direction the data would flow.
    fn ring(&mut self, stage: usize) {
        let start = self.path.iter().position(|&open| open == stage).unwrap_or_default();
        let id = |&stage: &usize| self.manifest.stages[stage].id.text.clone();
        let mut ids: Vec<String> = self.path[start..].iter().rev().map(id).collect();
        ids.rotate_right(1);
        ids.push(ids[0].clone());
        let message = format!("stages feed each other in a ring: {}", ids.join(" -> "));
        let span = &self.manifest.stages[stage].id.span;
        self.errors.push(Diagnostic::new(message).at(span));
    }
}
