//! Long texts in parts that a reader can put together again.

use crate::{Capabilities, Length, LongText};
use interdesk_domain::message::Content;
use unicode_segmentation::UnicodeSegmentation;

/// Splits a text into parts that the provider takes.
///
/// The parts joined are the text. No grapheme (what a reader takes for one sign: an emoji of a
/// family, a letter with its accents) is cut, unless it alone is longer than a part may be. Where the
/// second half of a part has the end of a line, or else of a word, the part ends there.
pub fn split(text: &str, limit: Length) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !limit.holds_beginning(rest) {
        let (part, behind) = rest.split_at(first_part(rest, limit));
        parts.push(part);
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// Returns where the first part of a text ends that does not fit.
fn first_part(text: &str, limit: Length) -> usize {
    let mut length = 0;
    let (mut hard, mut word, mut line) = (0, 0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        length += limit.unit.measure(grapheme);
        if length > limit.most {
            break;
        }
        hard = at + grapheme.len();
        if length * 2 > limit.most {
            let is_space = |sign: &str| sign.chars().all(char::is_whitespace);
            word = if is_space(grapheme) { hard } else { word };
            line = if grapheme.contains('\n') { hard } else { line };
        }
    }
    match [line, word, hard].into_iter().find(|end| *end > 0) {
        Some(end) => end,
        None => giant_grapheme(text, limit),
    }
}

/// Returns where to cut a grapheme that is longer than a part: at least one character goes.
fn giant_grapheme(text: &str, limit: Length) -> usize {
    let mut length = 0;
    let mut end = 0;
    for (at, character) in text.char_indices() {
        length += limit.unit.measure(character.encode_utf8(&mut [0; 4]));
        if length > limit.most && end > 0 {
            break;
        }
        end = at + character.len_utf8();
    }
    end
}

impl Length {
    /// Returns whether a text is short enough, without counting more of it than necessary.
    fn holds_beginning(self, text: &str) -> bool {
        // No unit counts more than the bytes.
        text.len() <= self.most || self.holds(text)
    }
}

impl Capabilities {
    /// Returns what to send for a content: itself, or the parts of a text that is too long where
    /// the channel wants it so.
    pub fn parts(&self, content: Content) -> Vec<Content> {
        let Content::Text { text } = &content else {
            return vec![content];
        };
        if self.long_text == LongText::Refuse || self.max_text.holds(text) {
            return vec![content];
        }
        let parts = split(text, self.max_text).into_iter();
        // A part without a word would be refused, and nobody misses it.
        let parts = parts.filter(|part| !part.trim().is_empty());
        parts
            .map(|part| Content::Text {
                text: part.to_owned(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel;
    use interdesk_domain::inbox::ChannelKind;
    use proptest::prelude::*;

    const FAMILY: &str = "👩‍👩‍👧‍👦";

    #[test]
    fn parts_end_with_lines_then_words_then_signs() {
        let limit = Length::characters(10);
        assert_eq!(split("short", limit), ["short"]);
        assert_eq!(split("", limit), Vec::<&str>::new());
        assert_eq!(
            split("one two\nfour five", limit),
            ["one two\n", "four five"]
        );
        assert_eq!(split("seven eight nine", limit), ["seven ", "eight nine"]);
        assert_eq!(split("abcdefghijkl", limit), ["abcdefghij", "kl"]);
        // A space in the first half would make parts too short.
        assert_eq!(split("a bcdefghijkl", limit), ["a bcdefghi", "jkl"]);
    }

    #[test]
    fn families_flags_accents_and_line_ends_stay_whole() {
        let text = format!("{FAMILY}{FAMILY}");
        assert_eq!(split(&text, Length::characters(10)), [FAMILY, FAMILY]);
        assert_eq!(split("🇩🇪🇫🇷", Length::utf16(6)), ["🇩🇪", "🇫🇷"]);
        assert_eq!(
            split("e\u{301}e\u{301}", Length::bytes(5)),
            ["e\u{301}", "e\u{301}"]
        );
        assert_eq!(
            split("ab\r\ncd", Length::characters(3)),
            ["ab", "\r\n", "cd"]
        );
    }

    #[test]
    fn a_sign_longer_than_a_part_is_the_only_one_that_is_cut() {
        let tower = format!("e{}", "\u{301}".repeat(25));
        let parts = split(&tower, Length::characters(10));
        assert_eq!(parts.concat(), tower);
        assert_eq!(parts.len(), 3);
        assert_eq!(split("😀", Length::utf16(1)), ["😀"]);
    }

    #[test]
    fn channels_say_whether_a_long_text_goes_in_parts() {
        for kind in ChannelKind::ALL {
            let capabilities = channel(kind).capabilities();
            let most = capabilities.max_text.most;
            let text = format!("{}{}x", "a".repeat(most), " ".repeat(most));
            let long = || Content::Text { text: text.clone() };
            let parts = capabilities.parts(long());
            match capabilities.long_text {
                LongText::Split => assert_eq!(parts.len(), 2, "{kind:?}"),
                LongText::Refuse => assert_eq!(parts, [long()], "{kind:?}"),
            }
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let signs = vec![
            "a",
            "é",
            "e\u{301}",
            "ß",
            " ",
            "\n",
            "\r\n",
            "😀",
            FAMILY,
            "🇩🇪",
            "🇫",
            "שָׁ",
            "لا",
            "한",
            "\u{1112}\u{1161}",
            "\u{200B}",
            "\u{200F}",
            "\0",
            "क्षि",
            "👍🏽",
        ];
        let sign = prop_oneof![
            9 => prop::sample::select(signs).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(sign, 0..200).prop_map(|signs| signs.concat())
    }

    fn limits() -> impl Strategy<Value = Length> {
        (1_usize..60, 0..3).prop_map(|(most, unit)| match unit {
            0 => Length::characters(most),
            1 => Length::utf16(most + 1),
            _ => Length::bytes(most + 3),
        })
    }

    proptest! {
        #[test]
        fn joined_parts_are_the_text_and_each_fits(text in texts(), limit in limits()) {
            let parts = split(&text, limit);
            prop_assert_eq!(parts.concat(), text.as_str());
            for part in parts {
                prop_assert!(!part.is_empty());
                prop_assert!(limit.holds(part), "{part:?} is over {limit:?}");
            }
        }

        #[test]
        fn no_grapheme_that_fits_is_cut(text in texts(), limit in limits()) {
            let mut ends: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            ends.push(text.len());
            let mut at = 0;
            for part in split(&text, limit) {
                at += part.len();
                let inside = ends.binary_search(&at).is_err();
                let after = ends.partition_point(|end| *end < at);
                if inside {
                    let grapheme = &text[ends[after - 1]..ends[after]];
                    prop_assert!(!limit.holds(grapheme), "{grapheme:?} is cut by {limit:?}");
                }
            }
        }
    }
}
