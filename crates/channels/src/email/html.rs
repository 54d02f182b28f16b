//! HTML of strangers: made safe, made text, quotes folded.
//!
//! What goes out is written anew from a list of allowed elements and attributes, with everything
//! else escaped: safety rests on the writer and not on how a browser would have read the input.
//! There are no raw-text elements, no foreign elements (SVG, MathML), no styles and no scripts in
//! the output, so nothing can change its meaning when it is parsed again.

mod allow;
mod clean;
mod dom;
mod text;

pub use clean::{Cleaned, clean};
pub use text::to_text;

use super::quote::{Folded, Kind};

/// Returns a folded text as HTML: everything is there, what is not written now is folded.
pub fn from_folded(folded: &Folded) -> String {
    let mut out = String::new();
    for piece in &folded.pieces {
        let html = from_text(&piece.text);
        match piece.kind {
            Kind::Written => out.push_str(&html),
            Kind::Quoted | Kind::Signature => {
                out.push_str(FOLD);
                out.push_str(&html);
                out.push_str("</details>");
            }
        }
    }
    out
}

/// What stands before something that is folded.
const FOLD: &str = "<details class=\"quoted\"><summary>…</summary>";

/// Returns plain text as HTML.
pub fn from_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<p>");
    for (number, line) in text.trim_end().lines().enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        escape(line, &mut out);
    }
    out.push_str("</p>");
    out
}

/// Writes text so that it is only ever text, also within quoted attributes.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{FFFD}'),
            // Readers of HTML make a line end of it anyway.
            '\r' => out.push('\n'),
            c => out.push(c),
        }
    }
}
