use std::fs;
use std::path::Path;

/// Returns a file of figures, or says that there is none.
#[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
pub(crate) fn reference(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference").join(name);
    let text = fs::read_to_string(&path);
    if text.is_err() {
        eprintln!("skipped: there is no {}", path.display());
    }
    text.ok()
}
