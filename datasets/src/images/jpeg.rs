//! Finds JPEG files that end before their image does.
//!
//! Decoders fill what is missing with gray and say nothing, so completeness is checked before decoding: every
//! segment must be there up to the end-of-image marker, and the scan of a sequential image must hold every block.
//! A progressive image that lacks its last scans but has the end marker is a valid, coarser image and passes.

mod scan;

use scan::{Component, Frame, HuffmanTables, Scan};

/// What is wrong with a JPEG file's structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JpegFault {
    /// The file ends early; how.
    Truncated(&'static str),
    /// The structure is not JPEG's; why.
    Malformed(&'static str),
}

const INSIDE_HEADER: JpegFault = JpegFault::Truncated("ends inside a header");
const INSIDE_SCAN: JpegFault = JpegFault::Truncated("ends without an end-of-image marker");
const SHORT_SCAN: JpegFault = JpegFault::Truncated("has fewer blocks than its size needs");
const BAD_SEGMENT: JpegFault = JpegFault::Malformed("a header segment is shorter than its content");

/// Checks that the JPEG image in `bytes` is all there.
///
/// # Errors
/// [`JpegFault::Truncated`] when something is missing at the end, [`JpegFault::Malformed`] when a segment that
/// this check needs is inconsistent.
pub(super) fn check_complete(bytes: &[u8]) -> Result<(), JpegFault> {
    let mut reader = SegmentReader { bytes, at: 0 };
    let mut state = State::default();
    loop {
        match reader.marker()? {
            0xd8 | 0x01 | 0xd0..=0xd7 => {}
            0xd9 if state.scans > 0 => return Ok(()),
            0xd9 => return Err(JpegFault::Truncated("has no image data before its end marker")),
            0xda => {
                let header = reader.segment()?;
                state.check_scan(header, reader.scan_data()?)?;
            }
            marker => state.segment(marker, reader.segment()?)?,
        }
    }
}

/// What the segments so far have said.
#[derive(Debug, Default)]
struct State {
    tables: HuffmanTables,
    /// The frame of a sequential Huffman-coded image; other processes are left to the decoder.
    frame: Option<Frame>,
    restart_interval: usize,
    scans: usize,
}

impl State {
    fn segment(&mut self, marker: u8, body: &[u8]) -> Result<(), JpegFault> {
        match marker {
            0xc0 | 0xc1 => self.frame = Some(frame(body).ok_or(BAD_SEGMENT)?),
            0xc4 => self.tables.read(body).ok_or(BAD_SEGMENT)?,
            0xdd => self.restart_interval = word(body, 0).ok_or(BAD_SEGMENT)?,
            _ => {}
        }
        Ok(())
    }

    fn check_scan(&mut self, header: &[u8], data: &[u8]) -> Result<(), JpegFault> {
        self.scans += 1;
        let Some(frame) = &self.frame else {
            return Ok(());
        };
        let components = scan_components(header, frame).ok_or(BAD_SEGMENT)?;
        let scan =
            Scan { frame, components: &components, tables: &self.tables, restart_interval: self.restart_interval };
        if scan.is_whole(data) { Ok(()) } else { Err(SHORT_SCAN) }
    }
}

struct SegmentReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> SegmentReader<'a> {
    /// Passes to the next marker and returns its code; bytes between segments and fill bytes are passed over.
    fn marker(&mut self) -> Result<u8, JpegFault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let start = rest.iter().position(|&byte| byte == 0xff).ok_or(INSIDE_SCAN)?;
        let fill = rest[start..].iter().position(|&byte| byte != 0xff).ok_or(INSIDE_SCAN)?;
        self.at += start + fill + 1;
        Ok(rest[start + fill])
    }

    /// Returns the body of the segment whose length field comes next.
    fn segment(&mut self) -> Result<&'a [u8], JpegFault> {
        let length = word(self.bytes, self.at).ok_or(INSIDE_HEADER)?;
        let end = self.at + length;
        let body = self.bytes.get(self.at + 2..end.max(self.at + 2)).ok_or(INSIDE_HEADER)?;
        self.at = end.max(self.at + 2);
        Ok(body)
    }

    /// Returns the entropy-coded bytes up to the next marker that is no restart marker.
    fn scan_data(&mut self) -> Result<&'a [u8], JpegFault> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
        let length = rest.windows(2).position(ends).ok_or(INSIDE_SCAN)?;
        self.at += length;
        Ok(&rest[..length])
    }
}

/// Returns the big-endian 16-bit number at `at`.
fn word(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])))
}

/// Reads the body of a start-of-frame segment (ITU-T T.81 B.2.2).
fn frame(body: &[u8]) -> Option<Frame> {
    let (height, width, count) = (word(body, 1)?, word(body, 3)?, usize::from(*body.get(5)?));
    let components = (0..count)
        .map(|index| {
            let [id, sampling] = *body.get(6 + 3 * index..8 + 3 * index)? else { return None };
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            let valid = (1..=4).contains(&across) && (1..=4).contains(&down);
            valid.then_some(Component { id, across, down, dc: 0, ac: 0 })
        })
        .collect::<Option<Vec<Component>>>()?;
    (width > 0 && height > 0 && !components.is_empty()).then_some(Frame { width, height, components })
}

/// Reads the components of a start-of-scan segment (ITU-T T.81 B.2.3).
fn scan_components(header: &[u8], frame: &Frame) -> Option<Vec<Component>> {
    let count = usize::from(*header.first()?);
    let component = |index: usize| {
        let [id, tables] = *header.get(1 + 2 * index..3 + 2 * index)? else { return None };
        let known = frame.components.iter().find(|component| component.id == id)?;
        Some(Component { dc: usize::from(tables >> 4), ac: usize::from(tables & 15), ..*known })
    };
    (0..count).map(component).collect()
}
