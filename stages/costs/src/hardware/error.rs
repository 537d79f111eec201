use thiserror::Error;

/// Why a text is no hardware description.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum HardwareError {
    /// No preset has this name.
    #[error("no hardware preset is called `{name}`; there are {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The text is longer than any description.
    #[error("hardware `{name}` has {bytes} bytes, at most {limit} are read")]
    Length {
        /// Name of the hardware.
        name: String,
        /// Bytes of the text.
        bytes: usize,
        /// Most bytes that are read.
        limit: usize,
    },
    /// The text is no TOML, misses a constant or has an unknown key; the reason says where.
    #[error("hardware `{name}`: {}", reason.to_string().trim_end())]
    Syntax {
        /// Name of the hardware.
        name: String,
        /// What the parser says, with line and column.
        reason: Box<toml::de::Error>,
    },
    /// The text is written for another version of the format.
    #[error("hardware `{name}` has version {found}, wanted {wanted}")]
    Version {
        /// Name of the hardware.
        name: String,
        /// Version in the text.
        found: u32,
        /// The version that is read.
        wanted: u32,
    },
    /// A constant is infinite or no number.
    #[error("hardware `{name}`: `{place}` is {value}, wanted a finite number")]
    NotFinite {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
        /// What was found.
        value: f64,
    },
    /// A constant is below 0.
    #[error("hardware `{name}`: `{place}` is {value}, wanted more than 0")]
    Negative {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
        /// What was found.
        value: f64,
    },
    /// A constant is 0.
    #[error("hardware `{name}`: `{place}` is 0; what shall cost nothing is chosen in `[assumptions]`")]
    Zero {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
    },
    /// A constant exceeds what the model computes with.
    #[error("hardware `{name}`: `{place}` is {value}, at most {limit} is accepted")]
    TooLarge {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
        /// What was found.
        value: f64,
        /// Largest value.
        limit: f64,
    },
    /// A constant has more than six decimals.
    #[error("hardware `{name}`: `{place}` is {value}, which is no multiple of 0.000001")]
    TooFine {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
        /// What was found.
        value: f64,
    },
    /// A constant does not say where it comes from.
    #[error("hardware `{name}`: the source of `{place}` is empty")]
    NoSource {
        /// Name of the hardware.
        name: String,
        /// Path of the constant.
        place: String,
    },
}
