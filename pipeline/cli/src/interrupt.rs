//! INT and TERM: the first asks the run to stop at a safe point, the second ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use engine::Interrupt;

use crate::console;
use crate::error::CommandError;

/// What a shell reports of a program that INT has ended: 128 + 2.
const AT_ONCE: i32 = 130;

/// Returns the wish to stop that the signals express from now on.
///
/// # Errors
/// When the system gives no signal handler.
pub(crate) fn listen() -> Result<Interrupt, CommandError> {
    let interrupt = Interrupt::default();
    let asked = AtomicBool::new(false);
    let wish = interrupt.clone();
    let handler = move || {
        if asked.swap(true, Ordering::Relaxed) {
            at_once();
        }
        wish.request();
        console::log("stopping at the next safe point; once more to stop at once");
    };
    ctrlc::set_handler(handler)
        .map_err(|source| CommandError::Environment { action: "listen to signals", source: source.into() })?;
    Ok(interrupt)
}

#[expect(clippy::disallowed_methods, reason = "a second signal must not wait for `main`, which waits for stages")]
fn at_once() -> ! {
    std::process::exit(AT_ONCE)
}
