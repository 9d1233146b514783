//! The checked-in table of what was measured. Each test owns one section of it; what the test measures must be what stands there, to the
//! letter, so that a change of quality is a change somebody has to look at. `FIGURES=renew` writes the measured section instead.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

const NAME: &str = "sim/FIGURES.md";

/// Whether a measured figure meets its goal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Met,
    Missed,
    /// Measured, and held against nothing.
    Told,
}

impl Verdict {
    #[must_use]
    pub fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }

    /// A figure with its verdict: what is missed is said in so many words.
    #[must_use]
    pub fn mark(self, figure: &str) -> String {
        match self {
            Self::Met | Self::Told => figure.to_owned(),
            Self::Missed => format!("**{figure} missed**"),
        }
    }
}

/// One section: a heading, some words, a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    title: String,
    text: String,
}

impl Section {
    #[must_use]
    pub fn new(title: &str, words: &str, columns: &[&str]) -> Self {
        let mut text = format!("{words}\n\n| {} |\n|", columns.join(" | "));
        for _ in columns {
            text.push_str("---|");
        }
        text.push('\n');
        Self { title: title.to_owned(), text }
    }

    pub fn row(&mut self, cells: &[String]) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }

    /// Compares the section with the checked-in table, or renews it there.
    ///
    /// # Panics
    /// When they differ, with both.
    pub fn settle(&self) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(NAME);
        if std::env::var("FIGURES").is_ok_and(|wish| wish == "renew") {
            self.renew(&path);
            return;
        }
        let text = std::fs::read_to_string(&path).expect("the table of figures is there");
        let known = section(&text, &self.title).unwrap_or_default();
        assert!(
            known.trim() == self.text.trim(),
            "{}: measured is not what {NAME} says.\n\n{}\n\nthe table says:\n\n{known}\n\nIf the change is meant, look at it and \
             renew the table: FIGURES=renew cargo nextest run --workspace -E 'binary(sim) & test(quality)'",
            self.title,
            self.text
        );
    }

    /// Tests run beside one another: the file is locked while one of them writes its section.
    fn renew(&self, path: &PathBuf) {
        let mut file = File::options().read(true).write(true).open(path).expect("the table of figures is there");
        file.lock().expect("the table can be locked");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("the table is text");
        let renewed = with(&text, &self.title, &self.text);
        file.rewind().and_then(|()| file.set_len(0)).expect("the table can be written");
        file.write_all(renewed.as_bytes()).expect("the table can be written");
    }
}

fn heading(title: &str) -> String {
    format!("\n## {title}\n")
}

/// What stands under a heading, up to the next.
fn section<'a>(text: &'a str, title: &str) -> Option<&'a str> {
    let heading = heading(title);
    let start = text.find(&heading)? + heading.len();
    let rest = &text[start..];
    Some(rest.find("\n## ").map_or(rest, |end| &rest[..end]))
}

/// The text with one section replaced, or added in the order of the titles.
fn with(text: &str, title: &str, body: &str) -> String {
    let (head, rest) = text.split_once("\n## ").unwrap_or((text, ""));
    let mut sections: Vec<(String, String)> = rest
        .split("\n## ")
        .filter_map(|section| section.split_once('\n'))
        .map(|(title, body)| (title.to_owned(), body.trim().to_owned()))
        .filter(|(known, _)| known != title)
        .collect();
    sections.push((title.to_owned(), body.trim().to_owned()));
    sections.sort();
    let mut renewed = head.trim_end().to_owned();
    for (title, body) in sections {
        let _ = write!(renewed, "\n\n## {title}\n\n{body}");
    }
    renewed.push('\n');
    renewed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_again_where_it_was_written() {
        let mut one = Section::new("B", "Words.", &["a", "b"]);
        one.row(&["1".to_owned(), Verdict::Missed.mark("2")]);
        let text = with("# Figures\n\nHead.\n", "B", &one.text);
        let text = with(&text, "A", "other");
        assert!(text.starts_with("# Figures\n\nHead.\n\n## A\n\nother\n\n## B\n\nWords.\n\n| a | b |\n|---|---|\n"));
        assert_eq!(section(&text, "B").unwrap().trim(), one.text.trim());
        assert_eq!(section(&text, "A").unwrap().trim(), "other");
        assert_eq!(with(&text, "B", &one.text), text);
    }
}
