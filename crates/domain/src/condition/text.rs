//! Words in texts and tags of languages.

/// Tells whether a text holds a word or a phrase, whatever the case and the marks between words.
///
/// Whole words count, except in scripts that write no spaces between them.
pub(super) fn contains_words(text: &str, phrase: &str) -> bool {
    let phrase: Vec<String> = words(phrase);
    if phrase.is_empty() {
        return false;
    }
    if phrase.iter().any(|word| word.chars().any(is_unspaced)) {
        return words(text).join(" ").contains(&phrase.join(" "));
    }
    words(text)
        .windows(phrase.len())
        .any(|window| window == phrase)
}

/// Tells whether a BCP 47 tag is a language or one of its kinds: `de-AT` is `de`.
pub(super) fn is_language(tag: &str, wanted: &str) -> bool {
    let mut parts = tag.split('-');
    wanted.split('-').all(|part| {
        parts
            .next()
            .is_some_and(|found| found.eq_ignore_ascii_case(part))
    })
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Tells whether a letter is of a script without spaces: Thai to Myanmar, Khmer, kana, Han.
fn is_unspaced(letter: char) -> bool {
    matches!(letter as u32, 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff
        | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_count_whatever_the_case_and_the_marks() {
        for (text, phrase, expect) in [
            ("Where is my REFUND?", "refund", true),
            ("refunded", "refund", false),
            ("I want my money, back!", "money back", true),
            ("back money", "money back", false),
            ("ÄRGER mit der Rechnung", "ärger", true),
            ("我要退款谢谢", "退款", true),
            ("anything", "", false),
            ("anything", "!?", false),
        ] {
            assert_eq!(contains_words(text, phrase), expect, "{text} / {phrase}");
        }
    }

    #[test]
    fn a_language_holds_its_kinds_and_not_the_other_way() {
        assert!(is_language("de-AT", "de"));
        assert!(is_language("DE", "de"));
        assert!(!is_language("de", "de-AT"));
        assert!(!is_language("den", "de"));
    }
}
