use std::fmt;

/// A table or figure of the paper; what the text alone says stands with the one it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaperItem {
    /// A table by its number.
    Table(u8),
    /// A figure by its number.
    Figure(u8),
}

impl PaperItem {
    pub(super) const TABLE_3: Self = Self::Table(3);
    pub(super) const TABLE_4: Self = Self::Table(4);
    pub(super) const TABLE_7: Self = Self::Table(7);
    pub(super) const TABLE_11: Self = Self::Table(11);

    /// All tables and figures with figures to compare, tables first. Figures 2 and 3 are drawings; 7 and 8, weights of
    /// trained supernets, have no numbers.
    pub const ALL: [Self; 17] = [
        Self::Table(1),
        Self::Table(2),
        Self::TABLE_3,
        Self::TABLE_4,
        Self::Table(5),
        Self::Table(6),
        Self::TABLE_7,
        Self::Table(8),
        Self::Table(9),
        Self::Table(10),
        Self::TABLE_11,
        Self::Figure(1),
        Self::Figure(4),
        Self::Figure(5),
        Self::Figure(6),
        Self::Figure(9),
        Self::Figure(10),
    ];
}

impl fmt::Display for PaperItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(number) => write!(formatter, "Table {number}"),
            Self::Figure(number) => write!(formatter, "Figure {number}"),
        }
    }
}
