//! The words around what was looked for, in pieces.

/// Stand around what was found.
const MARKS: [char; 2] = ['\u{E000}', '\u{E001}'];

/// Cuts a text at its marks.
pub(super) fn marked(text: &str) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut is_match = false;
    for piece in text.split(MARKS) {
        if !piece.is_empty() {
            pieces.push((piece.to_owned(), is_match));
        }
        is_match = !is_match;
    }
    pieces
}

/// Cuts a lower-case text around the first place where it has what was looked for; one that is only
/// nearly so remains whole.
pub(super) fn within(text: &str, wanted: &str) -> Vec<(String, bool)> {
    let wanted = wanted.to_lowercase();
    let Some((before, after)) = text.split_once(wanted.trim()) else {
        return vec![(text.to_owned(), false)];
    };
    let pieces = [(before, false), (wanted.trim(), true), (after, false)];
    let pieces = pieces.into_iter().filter(|(piece, _)| !piece.is_empty());
    pieces
        .map(|(piece, is_match)| (piece.to_owned(), is_match))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_text_and_matches_stand_apart() {
        let pieces = marked("a \u{E000}parcel\u{E001} of \u{E000}tea\u{E001}");
        let found: Vec<_> = pieces.iter().filter(|(_, is_match)| *is_match).collect();
        assert_eq!(found.len(), 2);
        let whole: String = pieces.into_iter().map(|(piece, _)| piece).collect();
        assert_eq!(whole, "a parcel of tea");
        assert_eq!(within("customer 12", "Omer")[1], ("omer".to_owned(), true));
        assert_eq!(within("customer 12", "cust 12").len(), 1);
        assert_eq!(within("12", "12"), [("12".to_owned(), true)]);
        assert!(marked("").is_empty());
    }
}
