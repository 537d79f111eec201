use super::{HybridCnn, Level, stem_map};
use crate::{FeatureMap, Operator, SpaceError, Task};

/// Largest number accepted for any size, so that a typing error cannot ask for terabytes.
const LARGEST: usize = 1 << 16;
/// Most layers and most levels.
const LONGEST: usize = 256;

pub(super) fn validate(space: &HybridCnn, task: Task) -> Result<(), SpaceError> {
    check(space)?;
    sizes(task)?;
    maps(space, task)
}

/// What can be told without knowing the pictures.
pub(super) fn check(space: &HybridCnn) -> Result<(), SpaceError> {
    numbers(space)?;
    for (at, level) in space.levels.iter().enumerate() {
        operators(at, level)?;
        channels(space, at, level)?;
    }
    allocations(space)
}

fn sizes(task: Task) -> Result<(), SpaceError> {
    within("classes", task.classes, 1 << 20)?;
    let sizes = [task.input.channels, task.input.height, task.input.width];
    sizes.into_iter().try_for_each(|size| within("input", size, LARGEST))
}

fn within(parameter: &'static str, found: usize, max: usize) -> Result<(), SpaceError> {
    match (1..=max).contains(&found) {
        true => Ok(()),
        false => Err(SpaceError::Number { parameter, found, min: 1, max }),
    }
}

fn numbers(space: &HybridCnn) -> Result<(), SpaceError> {
    if space.levels.is_empty() {
        return Err(SpaceError::NoLevels);
    }
    within("levels", space.levels.len(), 16)?;
    within("layers", space.layers, LONGEST)?;
    within("stem.channels", space.stem.channels, LARGEST)?;
    within("stem.kernel", space.stem.kernel, 31)?;
    within("stem.stride", space.stem.stride, 31)?;
    within("bottleneck", space.bottleneck, LARGEST)?;
    within("head_channels", space.head_channels, LARGEST)
}

fn operators(at: usize, level: &Level) -> Result<(), SpaceError> {
    let mut seen = level.operators.clone();
    seen.sort_unstable();
    seen.dedup();
    match seen.len() == level.operators.len() && !seen.is_empty() {
        true => Ok(()),
        false => Err(SpaceError::Operators { level: at }),
    }
}

fn channels(space: &HybridCnn, at: usize, level: &Level) -> Result<(), SpaceError> {
    let refuse = |channels, what, divisor| Err(SpaceError::Channels { level: at, channels, what, divisor });
    if level.channels == 0 || level.channels > LARGEST {
        let (found, max) = (level.channels, LARGEST);
        return Err(SpaceError::Number { parameter: "levels.channels", found, min: 1, max });
    }
    if !level.channels.is_multiple_of(space.bottleneck) {
        return refuse(level.channels, "`bottleneck`", space.bottleneck);
    }
    let widths = space.widths(at);
    if level.operators.contains(&Operator::Attention) && !widths.bottleneck.is_multiple_of(widths.heads) {
        return refuse(widths.bottleneck, "the number of heads", widths.heads);
    }
    Ok(())
}

fn allocations(space: &HybridCnn) -> Result<(), SpaceError> {
    for (level, description) in space.levels.iter().enumerate() {
        let (min, max) = (description.layers.min, description.layers.max);
        if min > max {
            return Err(SpaceError::Range { level, min, max });
        }
        if max > LONGEST {
            return Err(SpaceError::Number { parameter: "levels.layers.max", found: max, min: 0, max: LONGEST });
        }
    }
    if space.levels.last().is_some_and(|level| level.layers.min == 0) {
        return Err(SpaceError::Last);
    }
    let least = space.levels.iter().map(|level| level.layers.min).sum();
    let most = space.levels.iter().map(|level| level.layers.max).sum();
    if space.layers < least || space.layers > most || space.allocations().is_empty() {
        return Err(SpaceError::Layers { layers: space.layers, least, most });
    }
    Ok(())
}

/// The map of every level must exist, and must not depend on the way that leads to it: a first layer at a
/// coarser level comes through an adapter that divides without remainder.
fn maps(space: &HybridCnn, task: Task) -> Result<(), SpaceError> {
    let too_small = |level| SpaceError::TooSmall { input: task.input.to_string(), level };
    let edge = task.input.height.min(task.input.width);
    if edge + 2 * (space.stem.kernel / 2) < space.stem.kernel {
        return Err(too_small(0));
    }
    let mut map = stem_map(space.stem, task.input);
    if space.stem.pool {
        map = map.windowed(3, 2, 1);
    }
    let finest = map;
    for level in 1..space.levels.len() {
        if map.height.min(map.width) < 2 {
            return Err(too_small(level));
        }
        map = map.windowed(3, 2, 1);
        if space.may_start_at(level) && !divides(finest, level) {
            return Err(SpaceError::Adapter { level, map: finest.to_string(), stride: 1 << level });
        }
    }
    Ok(())
}

fn divides(map: FeatureMap, level: usize) -> bool {
    map.height.is_multiple_of(1 << level) && map.width.is_multiple_of(1 << level)
}
