//! Counts the blocks of a sequential Huffman-coded scan without decoding them (ITU-T T.81, annex F.2.2).

/// Table destinations 0 to 3 exist for each class.
const DESTINATIONS: usize = 4;

/// Size and components of a sequential image.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
}

/// A component's sampling factors and, in a scan, its table destinations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    pub(super) id: u8,
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// The Huffman tables in force: the DC ones, then the AC ones.
#[derive(Debug, Default)]
pub(super) struct HuffmanTables([Option<Huffman>; 2 * DESTINATIONS]);

impl HuffmanTables {
    /// Reads the body of a table segment (B.2.4.2), or returns none when it is inconsistent.
    pub(super) fn read(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((&place, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols)?;
            let (class, destination) = (usize::from(place >> 4), usize::from(place & 15));
            if class > 1 || destination >= DESTINATIONS {
                return None;
            }
            self.0[class * DESTINATIONS + destination] = Some(Huffman::new(counts, symbols));
            body = rest;
        }
        Some(())
    }

    fn dc(&self, destination: usize) -> Option<&Huffman> {
        self.0.get(..DESTINATIONS)?.get(destination)?.as_ref()
    }

    fn ac(&self, destination: usize) -> Option<&Huffman> {
        self.0.get(DESTINATIONS..)?.get(destination)?.as_ref()
    }
}

/// A canonical code.
#[derive(Debug)]
struct Huffman {
    /// For each length, the first 16-bit prefix that no code of this or a smaller length has.
    limits: [u32; 17],
    /// For each length, what is subtracted from a code to give its symbol's index, modulo 2^32.
    first: [u32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Self {
        let (mut limits, mut first) = ([0; 17], [0; 17]);
        let (mut code, mut index) = (0u32, 0u32);
        for (length, &count) in (1..=16).zip(counts) {
            first[length] = code.wrapping_sub(index);
            code += u32::from(count);
            index += u32::from(count);
            limits[length] = code << (16 - length);
            code <<= 1;
        }
        Self { limits, first, symbols: symbols.to_vec() }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, Stop> {
        let prefix = bits.peek();
        let length = (1..=16).find(|&length| prefix < self.limits[length]).ok_or(Stop::Undecided)?;
        bits.skip(length as u32)?;
        let index = (prefix >> (16 - length)).wrapping_sub(self.first[length]);
        self.symbols.get(index as usize).copied().ok_or(Stop::Undecided)
    }
}

/// Why counting ends before the last block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// There are no more bits.
    Exhausted,
    /// The bits mean nothing; the decoder will say what is wrong.
    Undecided,
}

/// One scan and everything its data depends on.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub(super) frame: &'a Frame,
    pub(super) components: &'a [Component],
    pub(super) tables: &'a HuffmanTables,
    /// Units between restart markers, or 0.
    pub(super) restart_interval: usize,
}

impl Scan<'_> {
    /// Returns whether `data` does not run out before the last block of the scan.
    pub(super) fn is_whole(&self, data: &[u8]) -> bool {
        self.count(&mut Bits::new(data)) != Err(Stop::Exhausted)
    }

    fn count(&self, bits: &mut Bits<'_>) -> Result<(), Stop> {
        let units = self.units();
        for unit in 0..units {
            if self.restart_interval > 0 && unit > 0 && unit % self.restart_interval == 0 {
                bits.restart()?;
            }
            for component in self.components {
                let blocks = if self.components.len() == 1 { 1 } else { component.across * component.down };
                let dc = self.tables.dc(component.dc).ok_or(Stop::Undecided)?;
                let ac = self.tables.ac(component.ac).ok_or(Stop::Undecided)?;
                for _ in 0..blocks {
                    block(dc, ac, bits)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the minimum coded units (A.2): single blocks when the scan has one component.
    fn units(&self) -> usize {
        let widest = self.frame.components.iter().map(|component| component.across).max().unwrap_or(1);
        let tallest = self.frame.components.iter().map(|component| component.down).max().unwrap_or(1);
        match self.components {
            [one] => {
                let columns = (self.frame.width * one.across).div_ceil(widest);
                let rows = (self.frame.height * one.down).div_ceil(tallest);
                columns.div_ceil(8) * rows.div_ceil(8)
            }
            _ => self.frame.width.div_ceil(8 * widest) * self.frame.height.div_ceil(8 * tallest),
        }
    }
}

/// Passes over one block: a DC difference, then AC runs up to coefficient 63.
fn block(dc: &Huffman, ac: &Huffman, bits: &mut Bits<'_>) -> Result<(), Stop> {
    let size = dc.symbol(bits)?;
    bits.skip(u32::from(size & 15))?;
    let mut coefficient = 1;
    while coefficient < 64 {
        let symbol = ac.symbol(bits)?;
        let (run, size) = (symbol >> 4, symbol & 15);
        match (run, size) {
            (15, 0) => coefficient += 16,
            (_, 0) => return Ok(()),
            (run, size) => {
                bits.skip(u32::from(size))?;
                coefficient += usize::from(run) + 1;
            }
        }
    }
    Ok(())
}

/// Entropy-coded bits up to the next restart marker, with stuffed zero bytes taken out.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    available: u32,
}

impl<'a> Bits<'a> {
    fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, available: 0 }
    }

    /// Returns the next 16 bits, with zeros behind the end.
    fn peek(&mut self) -> u32 {
        self.fill();
        let aligned = if self.available >= 16 {
            self.buffer >> (self.available - 16)
        } else {
            self.buffer << (16 - self.available)
        };
        (aligned & 0xffff) as u32
    }

    fn skip(&mut self, count: u32) -> Result<(), Stop> {
        self.fill();
        self.available = self.available.checked_sub(count).ok_or(Stop::Exhausted)?;
        Ok(())
    }

    /// Passes behind the next restart marker.
    fn restart(&mut self) -> Result<(), Stop> {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let is_restart = |pair: &[u8]| pair[0] == 0xff && matches!(pair[1], 0xd0..=0xd7);
        let marker = rest.windows(2).position(is_restart).ok_or(Stop::Exhausted)?;
        self.at += marker + 2;
        (self.buffer, self.available) = (0, 0);
        Ok(())
    }

    fn fill(&mut self) {
        while self.available <= 48 {
            let Some(&byte) = self.data.get(self.at) else { return };
            let stuffed = byte == 0xff;
            if stuffed && self.data.get(self.at + 1) != Some(&0) {
                return;
            }
            self.at += 1 + usize::from(stuffed);
            self.buffer = (self.buffer << 8) | u64::from(byte);
            self.available += 8;
        }
    }
}
