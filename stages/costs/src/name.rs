use thiserror::Error;

/// Least similarity of Jaro and Winkler, between 0 and 1, at which a name is taken for a misspelt one.
const SIMILARITY: f64 = 0.8;

/// Why a name is no network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing is called that.
    #[error("no network is called `{name}`; {}", hint(.similar, .names))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The name it resembles.
        similar: Option<String>,
        /// What there is.
        names: Vec<String>,
    },
    /// The network does not read pictures of that size.
    #[error(
        "`{network}` wants pictures of {smallest} to {largest} rows and columns, a multiple of {multiple_of}, found \
         {image_size}"
    )]
    ImageSize {
        /// The network.
        network: &'static str,
        /// Smallest height and width.
        smallest: u64,
        /// Largest height and width.
        largest: u64,
        /// What divides height and width.
        multiple_of: u64,
        /// What was asked for.
        image_size: u64,
    },
}

fn hint(similar: &Option<String>, names: &[String]) -> String {
    match similar {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("there are `{}`", names.join("`, `")),
    }
}

impl NameError {
    /// Returns that nothing is called `name`. What there is, is given by name and other names.
    pub(crate) fn unknown<'a, A: AsRef<str> + 'a>(
        name: &str,
        known: impl Iterator<Item = (&'a str, &'a [A])> + Clone,
    ) -> Self {
        let score = |known: &str| strsim::jaro_winkler(&letters(name), &letters(known));
        let all = known.clone().flat_map(|(name, others)| std::iter::once(name).chain(others.iter().map(A::as_ref)));
        let best = all.map(|known| (score(known), known)).max_by(|(one, _), (other, _)| one.total_cmp(other));
        let similar = best.filter(|(score, _)| *score >= SIMILARITY).map(|(_, known)| known.to_owned());
        Self::Unknown { name: name.to_owned(), similar, names: known.map(|(name, _)| name.to_owned()).collect() }
    }
}

impl NameError {
    /// Returns the error of having looked in two lists.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown { name, similar, names }, Self::Unknown { similar: also, names: more, .. }) => {
                Self::Unknown { name, similar: similar.or(also), names: [names, more].concat() }
            }
            (error @ Self::ImageSize { .. }, _) | (_, error @ Self::ImageSize { .. }) => error,
        }
    }
}

/// Returns what of a name distinguishes it: lower-case letters and digits.
pub(crate) fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
