//! Walks a tar archive in constant memory.
//!
//! Only plain members are given; long-name and extended headers are passed over rather than collected,
//! so an archive cannot make this reader hold more than one 512-byte block.

use std::io::{self, ErrorKind, Read};

use tar::Header;

use crate::stream::read_full;

const BLOCK: u64 = 512;
/// Headers after which an archive is taken for a bomb; the sets read this way have fewer than ten members.
const MAX_HEADERS: usize = 10_000;

/// One plain file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TarMember {
    /// The last part of its path.
    pub(crate) name: String,
    /// Its length in bytes, as its header declares.
    pub(crate) size: u64,
}

/// A tar archive; reading it gives the bytes of the current member.
pub(crate) struct TarStream<R> {
    reader: R,
    left: u64,
    padding: u64,
    headers: usize,
}

impl<R: Read> TarStream<R> {
    /// Starts at the first block of `reader`.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, left: 0, padding: 0, headers: 0 }
    }

    /// Passes over what is left of the current member and returns the next plain one, or none at the end.
    ///
    /// # Errors
    /// When a header is no tar header or the stream ends inside a member.
    pub(crate) fn next_member(&mut self) -> io::Result<Option<TarMember>> {
        loop {
            let rest = self.left.saturating_add(self.padding);
            self.pass_over(rest)?;
            let mut header = Header::new_old();
            match read_full(&mut self.reader, header.as_mut_bytes())? {
                0 => return Ok(None),
                512 => {}
                _ => return Err(ErrorKind::UnexpectedEof.into()),
            }
            if header.as_bytes().iter().all(|&byte| byte == 0) {
                return Ok(None);
            }
            check_sum(&header)?;
            self.headers += 1;
            if self.headers > MAX_HEADERS {
                let reason = format!("the archive has more than {MAX_HEADERS} members");
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
            self.left = header.entry_size()?;
            self.padding = self.left.wrapping_neg() % BLOCK;
            if header.entry_type().is_file() {
                return Ok(Some(TarMember { name: last_part(&header.path_bytes()), size: self.left }));
            }
        }
    }

    fn pass_over(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.reader.by_ref().take(count), &mut io::sink())?;
        (self.left, self.padding) = (0, 0);
        if passed == count { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

impl<R: Read> Read for TarStream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.by_ref().take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// The sum of all header bytes, with the eight bytes of the sum itself taken as spaces.
fn check_sum(header: &Header) -> io::Result<()> {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let bytes = header.as_bytes();
    let found = sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]);
    if found == header.cksum()? {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::InvalidData, "the checksum of a tar header is wrong"))
}

fn last_part(path: &[u8]) -> String {
    let start = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    String::from_utf8_lossy(&path[start..]).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn members_are_given_in_order_whether_read_or_not() {
        let bytes = archive(&[("f/a.bin", &[1; 600]), ("f/b.bin", &[]), ("c.txt", &[3; 512])]);
        let mut stream = TarStream::new(bytes.as_slice());
        let mut seen = Vec::new();
        while let Some(member) = stream.next_member().unwrap() {
            let mut content = Vec::new();
            if member.name != "a.bin" {
                stream.read_to_end(&mut content).unwrap();
            }
            seen.push((member.name, member.size, content.len()));
        }
        let wanted = [("a.bin", 600, 0), ("b.bin", 0, 0), ("c.txt", 512, 512)];
        assert_eq!(seen, wanted.map(|(name, size, read)| (name.to_owned(), size, read)));
    }

    #[test]
    fn a_long_name_is_passed_over() {
        let long = format!("{}/a.bin", "x".repeat(300));
        let bytes = archive(&[(&long, &[1; 4])]);
        let member = TarStream::new(bytes.as_slice()).next_member().unwrap().unwrap();
        assert_eq!(member.size, 4);
    }

    #[test]
    fn an_archive_cut_inside_a_member_is_an_error() {
        let bytes = archive(&[("a.bin", &[1; 2000])]);
        let mut stream = TarStream::new(&bytes[..1000]);
        stream.next_member().unwrap();
        assert_eq!(stream.next_member().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            noise in prop::collection::vec(any::<u8>(), 0..2048),
            place in 0usize..2048,
            byte in any::<u8>(),
        ) {
            let mut damaged = archive(&[("a.bin", &[1; 600]), ("b.bin", &[2; 10])]);
            let place = place % damaged.len();
            damaged[place] = byte;
            for bytes in [noise, damaged] {
                let mut stream = TarStream::new(bytes.as_slice());
                let mut members = 0;
                while let Ok(Some(_)) = stream.next_member() {
                    members += 1;
                }
                prop_assert!(members <= bytes.len() / 512);
            }
        }
    }
}
