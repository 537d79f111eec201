use std::io::Write;

use engine::Store;

use crate::console::Output;
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn execute(store: &Store, output: &mut Output) -> Result<Exit, CommandError> {
    let problems = store.verify();
    if problems.is_empty() {
        writeln!(output, "all artifacts are sound")?;
        return Ok(Exit::DONE);
    }
    problems.iter().try_for_each(|problem| writeln!(output, "{problem}"))?;
    Ok(Exit::CORRUPT)
}
