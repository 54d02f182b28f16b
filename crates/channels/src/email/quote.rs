//! Text folded: what was written now, what was quoted, the signature.
//!
//! The pieces are the whole text in its order; folding hides and never loses. Where nothing would
//! be left to see, nothing is folded.

mod words;

use words::{attribution, header_line, is_dated, is_separator, is_sign_off};

/// The line that our own notifications carry above the quoted conversation.
pub const DELIMITER: &str = "-- Please write above this line --";

/// How many lines an attribution (`On … wrote:`) may be broken over.
const ATTRIBUTION_LINES: usize = 3;

/// How many lines a signature may have before it is taken for a text.
const SIGNATURE_LINES: usize = 15;

/// A text in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// The pieces; joined they are the text.
    pub pieces: Vec<Piece>,
}

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Why it is there.
    pub kind: Kind,
    /// Its lines, with their ends.
    pub text: String,
}

/// Why a piece of a text is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The author wrote it now.
    Written,
    /// It is from an earlier mail.
    Quoted,
    /// It says who the author is, or which app they use.
    Signature,
}

impl Folded {
    /// Returns what the author wrote now.
    pub fn visible(&self) -> String {
        let written = self
            .pieces
            .iter()
            .filter(|piece| piece.kind == Kind::Written);
        let text: String = written.map(|piece| piece.text.as_str()).collect();
        text.trim().to_owned()
    }

    /// Returns the text that was folded.
    pub fn whole(&self) -> String {
        self.pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect()
    }
}

/// Folds a text.
pub fn fold(text: &str) -> Folded {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut kinds = vec![Kind::Written; lines.len()];
    mark_quotes(&lines, &mut kinds);
    mark_signatures(&lines, &mut kinds);
    let says = |line: &str| line.chars().any(char::is_alphanumeric) || !line.is_ascii();
    let mut written = lines
        .iter()
        .zip(&kinds)
        .filter(|(_, kind)| **kind == Kind::Written);
    if !written.any(|(line, _)| says(line.trim())) {
        kinds.fill(Kind::Written);
    }
    let mut folded = Folded::default();
    for (line, kind) in lines.into_iter().zip(kinds) {
        match folded.pieces.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(line),
            _ => folded.pieces.push(Piece {
                kind,
                text: line.to_owned(),
            }),
        }
    }
    folded
}

fn mark_quotes(lines: &[&str], kinds: &mut [Kind]) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim();
        if is_quoted(line) {
            kinds[at] = Kind::Quoted;
            at += 1;
        } else if line.contains(DELIMITER) || starts_history(lines, at) {
            kinds[at..].fill(Kind::Quoted);
            return;
        } else if let Some(length) = attribution_at(lines, at) {
            let behind = at + length;
            let next = (behind..lines.len()).find(|next| !lines[*next].trim().is_empty());
            if next.is_some_and(|next| is_quoted(lines[next].trim())) {
                // Answers may follow below, so only the marked lines are quoted.
                kinds[at..behind].fill(Kind::Quoted);
                at = behind;
            } else if lines[at..behind].iter().any(|line| is_dated(line)) {
                kinds[at..].fill(Kind::Quoted);
                return;
            } else {
                at = behind;
            }
        } else {
            at += 1;
        }
    }
    absorb_blank_lines(lines, kinds);
}

/// Gives blank lines between two quoted ones to the quote.
fn absorb_blank_lines(lines: &[&str], kinds: &mut [Kind]) {
    let mut last_quoted: Option<usize> = None;
    for at in 0..lines.len() {
        if kinds[at] == Kind::Quoted {
            if let Some(last) = last_quoted {
                kinds[last..at].fill(Kind::Quoted);
            }
            last_quoted = Some(at);
        } else if !lines[at].trim().is_empty() {
            last_quoted = None;
        }
    }
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>')
}

/// Returns whether everything from here on is an earlier mail.
fn starts_history(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim();
    if is_separator(line) {
        return true;
    }
    let first = header_line(line);
    if first.is_none_or(|field| !field.opens()) {
        return false;
    }
    let block = lines[at..].iter().take(8);
    let fields: Vec<_> = block
        .map(|line| line.trim())
        .take_while(|line| !line.is_empty())
        .filter_map(header_line)
        .collect();
    let distinct = |field| fields.iter().filter(|known| **known == field).count() > 0;
    let kinds = words::Field::ALL
        .into_iter()
        .filter(|field| distinct(*field));
    kinds.count() >= 3
}

/// Returns how many lines an attribution takes from here on.
fn attribution_at(lines: &[&str], at: usize) -> Option<usize> {
    let mut joined = String::new();
    for length in 1..=ATTRIBUTION_LINES {
        let line = lines.get(at + length - 1)?.trim();
        if line.is_empty() || is_quoted(line) || joined.len() + line.len() > 400 {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if attribution(&joined) {
            return Some(length);
        }
    }
    None
}

fn mark_signatures(lines: &[&str], kinds: &mut [Kind]) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_end_matches(['\r', '\n']);
        let end = (at..lines.len())
            .find(|end| kinds[*end] == Kind::Quoted)
            .unwrap_or(lines.len());
        let delimiter = line == "-- " || line == "--";
        let last = || {
            lines[at + 1..end.max(at + 1)]
                .iter()
                .all(|line| line.trim().is_empty())
        };
        let signs = delimiter && end - at <= SIGNATURE_LINES || is_sign_off(line.trim()) && last();
        if kinds[at] == Kind::Written && signs {
            kinds[at..end].fill(Kind::Signature);
            at = end;
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, visible: &str) {
        let folded = fold(text);
        assert_eq!(folded.whole(), text);
        assert_eq!(folded.visible(), visible, "{text:?}");
    }

    #[test]
    fn quotes_of_many_apps_are_folded() {
        check("Hello\n\nOn Mon, 2 Mar 2026, C wrote:\n> Hi\n", "Hello");
        check(
            "Hallo\n\nAm 02.03.2026 um 10:00 schrieb Kunde 12 <c@example.org>:\n> Hi\n",
            "Hallo",
        );
        check(
            "Bonjour\n\nLe lun. 2 mars 2026 à 10:00, C <c@example.org> a écrit :\n\n> Hi\n",
            "Bonjour",
        );
        check(
            "Hi\n\nOn Mon, 2 Mar 2026 at 10:00, Customer 12\n<c@example.org> wrote:\n\nold\nwords\n",
            "Hi",
        );
        check("Hi\n\n-----Original Message-----\nFrom: C\nold\n", "Hi");
        check(
            "Hi\n\n-----Ursprüngliche Nachricht-----\nVon: C\nold\n",
            "Hi",
        );
        check(
            "Hi\n\nFrom: C\nSent: Monday\nTo: D\nSubject: x\n\nold\n",
            "Hi",
        );
        check(
            "Hi\n\nVon: C\nGesendet: Montag\nAn: D\nBetreff: x\n\nold\n",
            "Hi",
        );
        check(
            "Hi\n________________________________\nDe : C\nEnvoyé : lundi\nÀ : D\nObjet : x\n\nold\n",
            "Hi",
        );
        check(&format!("Hi\n{DELIMITER}\nanything\n"), "Hi");
    }

    #[test]
    fn answers_below_and_between_quotes_stay() {
        check("On Mon, C wrote:\n> Hi\nHello", "Hello");
        check("> one?\nyes\n\n> two?\nno\n", "yes\n\nno");
    }

    #[test]
    fn signatures_are_folded_after_the_text() {
        check("Hello\n\n-- \nCustomer 12\nexample.org\n", "Hello");
        check(
            "Hello\n\nSent from my iPhone\n\nOn Monday, C wrote:\n\n> Hi\n",
            "Hello",
        );
        check("Hallo\n\nVon meinem iPhone gesendet\n", "Hallo");
    }

    #[test]
    fn nothing_is_folded_where_nothing_would_be_left() {
        check("> only a quote\n", "> only a quote");
        check("Sent from my iPhone", "Sent from my iPhone");
        check("-- \nC", "-- \nC");
        check("", "");
    }

    #[test]
    fn words_that_only_look_like_quotes_stay() {
        check(
            "From Hotmail you get ads.\nOn Monday I wrote\n",
            "From Hotmail you get ads.\nOn Monday I wrote",
        );
        check(
            "Please send it to: Customer 12\nSubject: lamps\n",
            "Please send it to: Customer 12\nSubject: lamps",
        );
    }
}
