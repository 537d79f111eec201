//! Sentences among tags: the SGM and XML files of WMT and IWSLT.

use super::lines::{Lines, MOST_LINE_BYTES};
use super::text_error::{LineProblem, TextError};

const ENTITIES: [(&str, &str); 5] = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
/// Lines of the training text of IWSLT that are about a talk and not part of it.
const ABOUT: [&str; 7] = ["<url>", "<talkid>", "<keywords>", "<speaker>", "<reviewer", "<translator", "<doc"];
const AROUND: [&str; 4] = ["<title>", "</title>", "<description>", "</description>"];

/// Puts the next segment into `segment`, entities resolved and lines joined by spaces; false after the last one.
///
/// # Errors
/// When a line is no text or a segment is not closed.
pub(super) fn next_segment(lines: &mut Lines, segment: &mut String) -> Result<bool, TextError> {
    segment.clear();
    loop {
        let Some(line) = lines.next_line()? else { return Ok(false) };
        let Some((_, tag)) = line.split_once("<seg") else { continue };
        let content = tag.split_once('>').map_or("", |(_, content)| content);
        match content.split_once("</seg>") {
            Some((content, _)) => segment.push_str(content),
            None => {
                segment.push_str(content);
                close_segment(lines, segment)?;
            }
        }
        resolve(segment);
        return Ok(true);
    }
}

fn close_segment(lines: &mut Lines, segment: &mut String) -> Result<(), TextError> {
    loop {
        let Some(line) = lines.next_line()? else { return Err(lines.error(LineProblem::OpenSegment)) };
        if line.contains("<seg") {
            return Err(lines.error(LineProblem::OpenSegment));
        }
        segment.push(' ');
        if let Some((content, _)) = line.split_once("</seg>") {
            segment.push_str(content);
            return Ok(());
        }
        segment.push_str(line);
        if segment.len() > MOST_LINE_BYTES {
            return Err(lines.error(LineProblem::TooLong { most: MOST_LINE_BYTES }));
        }
    }
}

fn resolve(segment: &mut String) {
    if segment.contains('&') {
        for (entity, character) in ENTITIES {
            *segment = segment.replace(entity, character);
        }
    }
    let trimmed = segment.trim();
    if trimmed.len() < segment.len() {
        *segment = trimmed.to_owned();
    }
}

/// Puts the next line that is spoken text, a title or a description into `sentence`; false after the last one.
///
/// # Errors
/// When a line is no text.
pub(super) fn next_untagged(lines: &mut Lines, sentence: &mut String) -> Result<bool, TextError> {
    sentence.clear();
    loop {
        let Some(line) = lines.next_line()? else { return Ok(false) };
        if ABOUT.iter().any(|tag| line.contains(tag)) || line.trim_start().starts_with("</") {
            continue;
        }
        sentence.push_str(line);
        for tag in AROUND {
            if sentence.contains(tag) {
                *sentence = sentence.replace(tag, "");
            }
        }
        *sentence = sentence.trim().to_owned();
        return Ok(true);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    type Next = fn(&mut Lines, &mut String) -> Result<bool, TextError>;

    fn read(next: Next, text: &'static str) -> Result<Vec<String>, String> {
        let mut lines = Lines::new(PathBuf::from("a.sgm"), Box::new(text.as_bytes()));
        let (mut sentence, mut found) = (String::new(), Vec::new());
        while next(&mut lines, &mut sentence).map_err(|error| error.to_string())? {
            found.push(sentence.clone());
        }
        Ok(found)
    }

    #[test]
    fn segments_are_read_with_their_entities() {
        let text =
            "<doc>\n<p>\n<seg id=\"1\">A &amp; B</seg>\n<seg id=\"2\"> one\ntwo </seg>\n<seg id=\"3\"></seg>\n</p>";
        assert_eq!(read(next_segment, text).unwrap(), ["A & B", "one two", ""]);
    }

    #[test]
    fn a_segment_without_end_is_an_error() {
        let error = read(next_segment, "<seg id=\"1\">a\n<seg id=\"2\">b</seg>\n").unwrap_err();
        assert!(error.starts_with("`a.sgm`, line 2: `<seg>` wants its `</seg>`"), "{error}");
        assert!(read(next_segment, "<seg id=\"1\">a\n").is_err());
    }

    #[test]
    fn what_is_about_a_talk_is_left_out() {
        let text =
            "<url>http://x</url>\n<keywords>a, b</keywords>\n<talkid>1</talkid>\n<title>A talk</title>\nOne.\n\nTwo.\n";
        assert_eq!(read(next_untagged, text).unwrap(), ["A talk", "One.", "", "Two."]);
    }
}
