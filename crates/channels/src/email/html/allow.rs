//! Which elements and attributes may stay.

/// Elements that are kept; others are opened, their content stays.
const KEPT: [&str; 68] = [
    "a",
    "abbr",
    "address",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that go with everything in them.
const DROPPED: [&str; 27] = [
    "applet",
    "audio",
    "base",
    "canvas",
    "datalist",
    "embed",
    "frame",
    "frameset",
    "iframe",
    "link",
    "math",
    "meta",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "optgroup",
    "option",
    "plaintext",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
];

const VOID: [&str; 15] = [
    "area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param",
    "source", "track", "wbr",
];

/// Elements that begin a line of their own.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "html",
    "li",
    "main",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

pub(super) fn is_dropped(name: &str) -> bool {
    DROPPED.contains(&name)
}

pub(super) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name) || matches!(name, "ol" | "hr")
}

/// Returns whether an element's beginning ends another that was not closed.
pub(super) fn closes(beginning: &str, open: &str) -> bool {
    match open {
        "p" => is_block(beginning),
        "li" => beginning == "li",
        "dt" | "dd" => matches!(beginning, "dt" | "dd"),
        "td" | "th" => matches!(beginning, "td" | "th" | "tr" | "tbody" | "tfoot"),
        "tr" => matches!(beginning, "tr" | "tbody" | "tfoot"),
        _ => false,
    }
}

/// Returns whether an attribute of an element may stay with this value.
pub(super) fn keeps(element: &str, attribute: &str, value: &str) -> bool {
    let short = value.len() <= 64;
    let plain = || {
        short
            && value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_%. #".contains(c))
    };
    match (element, attribute) {
        (_, "dir") => matches!(value, "ltr" | "rtl" | "auto"),
        ("details", "class") => value == "quoted",
        (_, "lang") => plain(),
        (_, "title") | ("img", "alt") => value.len() <= 1_000,
        ("td" | "th", "colspan" | "rowspan") | ("col" | "colgroup", "span") | ("ol", "start") => {
            value.parse::<u16>().is_ok_and(|number| number <= 1_000)
        }
        ("td" | "th" | "tr" | "table" | "div" | "p" | "img" | "col", "align" | "valign")
        | ("td" | "th" | "table" | "img" | "col" | "hr", "width" | "height")
        | ("table", "border" | "cellpadding" | "cellspacing")
        | ("td" | "th" | "tr" | "table", "bgcolor")
        | ("font", "color" | "size" | "face") => plain(),
        _ => false,
    }
}

/// Returns a link where it leads out of the page and nowhere else.
pub(super) fn link(target: &str) -> Option<String> {
    let target: String = target.trim().chars().filter(|c| !c.is_control()).collect();
    let scheme = target.split_once(':')?.0.to_ascii_lowercase();
    let leads_out = matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel");
    (leads_out && target.len() <= 4_096).then_some(target)
}

/// What an image shows.
pub(super) enum Picture {
    /// A part of the mail, by its content id.
    Part(String),
    /// Bytes within the page.
    Data(String),
    /// Something elsewhere: loading it would tell its server who reads.
    Remote(String),
    /// Nothing that may be shown.
    Nothing,
}

pub(super) fn picture(source: &str) -> Picture {
    let source = source.trim();
    let Some((scheme, rest)) = source.split_once(':') else {
        return Picture::Nothing;
    };
    let data = [
        "image/png;base64,",
        "image/jpeg;base64,",
        "image/gif;base64,",
        "image/webp;base64,",
    ];
    let base64 = |text: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || "+/=,;".contains(c);
        text.len() <= 262_144 && text[6..].chars().all(letter)
    };
    match scheme.to_ascii_lowercase().as_str() {
        "cid" => content_id(rest).map_or(Picture::Nothing, Picture::Part),
        "http" | "https" if source.len() <= 4_096 => Picture::Remote(source.to_owned()),
        "data" if data.iter().any(|kind| rest.starts_with(kind)) && base64(rest) => {
            Picture::Data(source.to_owned())
        }
        _ => Picture::Nothing,
    }
}

/// Returns the id of a `cid:` address; some writers encode its `@`, some keep the brackets.
fn content_id(rest: &str) -> Option<String> {
    let id = rest.trim().trim_start_matches('<').trim_end_matches('>');
    let id = id.replace("%40", "@");
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>%".contains(c);
    let fits = !id.is_empty() && id.len() <= 1_000 && id.chars().all(plain);
    fits.then_some(id)
}
