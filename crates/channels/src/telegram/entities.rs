//! Links behind words: the canonical text has no formatting, so the address joins the words.

use crate::json::Fields;

/// Puts the address of each `text_link` behind its words, in round brackets.
///
/// Places count UTF-16 code units (<https://core.telegram.org/bots/api#messageentity>). One that lies
/// within a sign or outside the text is left out, as is an address that the words themselves are.
pub(super) fn with_links(text: String, entities: &[Fields<'_>]) -> String {
    let mut links: Vec<(usize, String)> = entities
        .iter()
        .filter_map(|entity| link(&text, entity))
        .collect();
    if links.is_empty() {
        return text;
    }
    // From the end, so that places before it stay what they are.
    links.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
    let mut written = text;
    for (end, url) in links {
        written.insert_str(end, &format!(" ({url})"));
    }
    written
}

/// Returns where the words of a link end, in bytes, and its address.
fn link(text: &str, entity: &Fields<'_>) -> Option<(usize, String)> {
    if entity.text("type").as_deref() != Some("text_link") {
        return None;
    }
    let url = entity.words("url")?;
    let offset = usize::try_from(entity.integer("offset")?).ok()?;
    let length = usize::try_from(entity.integer("length")?).ok()?;
    let start = place(text, offset)?;
    let end = place(text, offset.checked_add(length)?)?;
    let words = text.get(start..end)?;
    let same = words.trim_end_matches('/') == url.trim_end_matches('/');
    // What is trimmed off words at their end stays behind the address.
    let end = start + words.trim_end().len();
    (!same && end > start).then_some((end, url))
}

/// Returns the place in bytes of a place in UTF-16 code units.
fn place(text: &str, units: usize) -> Option<usize> {
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(character.len_utf16())?;
    }
    (left == 0).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str, entities: &str) -> String {
        let body = format!(r#"{{"entities":{entities}}}"#);
        let (_, root) = json::root(&body).expect("JSON");
        with_links(text.to_owned(), &root.objects("entities"))
    }

    #[test]
    fn an_address_behind_words_joins_them_and_every_other_sign_stays() {
        let shop = r#"{"type":"text_link","offset":3,"length":4,"url":"https://example.org/shop"}"#;
        let two = format!(
            r#"[{shop},{{"type":"text_link","offset":12,"length":5,"url":"https://b.example"}}]"#
        );
        assert_eq!(
            read("😀 shop and other", &two),
            "😀 shop (https://example.org/shop) and other (https://b.example)"
        );
        for (text, entities) in [
            ("plain", "[]"),
            ("bold", r#"[{"type":"bold","offset":0,"length":4}]"#),
            (
                "https://example.org/",
                r#"[{"type":"text_link","offset":0,"length":20,"url":"https://example.org"}]"#,
            ),
            (
                "😀",
                r#"[{"type":"text_link","offset":1,"length":1,"url":"https://a.example"}]"#,
            ),
            (
                "a",
                r#"[{"type":"text_link","offset":0,"length":9,"url":"https://a.example"}]"#,
            ),
            (
                "a",
                r#"[{"type":"text_link","offset":-1,"length":1,"url":"https://a.example"}]"#,
            ),
            (
                "a",
                r#"[{"type":"text_link","offset":0,"length":0,"url":"https://a.example"}]"#,
            ),
        ] {
            assert_eq!(read(text, entities), text);
        }
    }
}
