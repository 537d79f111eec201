//! Translates the lines of standard input with an exported model: `translate FOLDER < source.txt`.

use std::error::Error;
use std::{env, io};

use exports::{Batching, Translator};
use translation::BeamSettings;

#[expect(clippy::print_stdout, reason = "the example's answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let [folder] = env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "translate FOLDER")?;
    let translator = Translator::load(folder)?;
    let lines = io::stdin().lines().collect::<Result<Vec<_>, _>>()?;
    for line in translator.translate(&lines, &BeamSettings::default(), &Batching::default(), &|_| {})? {
        println!("{line}");
    }
    Ok(())
}
