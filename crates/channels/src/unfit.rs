//! What makes a content unfit to be sent, told before anything is called: where, and what would mend
//! it.

use crate::{Length, SendError, refusal};
use interdesk_domain::message::{
    CallInvitation, Card, CardButton, Carousel, Content, FormRequest, Link,
};

/// Why a content is not carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which member of the content it is about, from the outermost on, list places as numbers; empty
    /// where it is about the whole.
    pub path: Vec<String>,
    /// What is wrong, and what would mend it.
    pub detail: String,
}

impl Unfit {
    /// Tells what is wrong with the whole.
    pub fn whole(detail: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            detail: detail.into(),
        }
    }

    /// Tells what is wrong with one member; `path` divides its steps with dots.
    pub fn at(path: &str, detail: impl Into<String>) -> Self {
        Self {
            path: path.split('.').map(str::to_owned).collect(),
            detail: detail.into(),
        }
    }
}

impl From<Unfit> for SendError {
    fn from(unfit: Unfit) -> Self {
        let detail = match unfit.path.is_empty() {
            true => unfit.detail,
            false => format!("{}: {}", unfit.path.join("."), unfit.detail),
        };
        refusal::unsupported(detail)
    }
}

/// Refuses what no channel could carry: words, buttons or addresses that are not there.
pub fn sound(content: &Content) -> Result<(), Unfit> {
    match content {
        Content::Link(link) => self::link(link),
        Content::FormRequest(form) => self::form(form),
        Content::LocationRequest(request)
        | Content::ContactRequest(request)
        | Content::CallPermissionRequest(request) => {
            said("text", &request.text)?;
            request
                .title
                .as_deref()
                .map_or(Ok(()), |title| said("title", title))
        }
        Content::CallInvitation(invitation) => self::invitation(invitation),
        Content::Carousel(carousel) => self::carousel(carousel),
        _ => Ok(()),
    }
}

fn link(link: &Link) -> Result<(), Unfit> {
    said("text", &link.text)?;
    said("title", &link.title)?;
    opens("url", &link.url)?;
    match (&link.header, &link.media) {
        (Some(_), Some(_)) => {
            let detail = "a heading and a file have one place: leave out one of them";
            Err(Unfit::at("media", detail))
        }
        _ => Ok(()),
    }
}

fn form(form: &FormRequest) -> Result<(), Unfit> {
    said("text", &form.text)?;
    said("title", &form.title)?;
    said("form", &form.form)?;
    let Some(data) = &form.data else {
        return Ok(());
    };
    match serde_json::from_str(data) {
        Ok(serde_json::Value::Object(members)) if !members.is_empty() => Ok(()),
        _ => {
            let detail =
                "it has to be the text of a JSON object with a member: write one or leave it out";
            Err(Unfit::at("data", detail))
        }
    }
}

fn invitation(invitation: &CallInvitation) -> Result<(), Unfit> {
    said("text", &invitation.text)?;
    if let Some(title) = &invitation.title {
        said("title", title)?;
    }
    match invitation.minutes {
        Some(0) => Err(Unfit::at(
            "minutes",
            "it has to be 1 at least: raise it or leave it out",
        )),
        _ => Ok(()),
    }
}

fn carousel(carousel: &Carousel) -> Result<(), Unfit> {
    said("text", &carousel.text)?;
    if carousel.cards.is_empty() {
        return Err(Unfit::at("cards", "there is no card: add one"));
    }
    for (place, card) in carousel.cards.iter().enumerate() {
        self::card(&format!("cards.{place}"), card)?;
    }
    Ok(())
}

fn card(path: &str, card: &Card) -> Result<(), Unfit> {
    let buttons = format!("{path}.buttons");
    if card.buttons.is_empty() {
        return Err(Unfit::at(&buttons, "the card has no button: add one"));
    }
    for (place, button) in card.buttons.iter().enumerate() {
        let path = format!("{buttons}.{place}");
        said(&format!("{path}.title"), button.title())?;
        match button {
            CardButton::Link { url, .. } => opens(&format!("{path}.url"), url)?,
            CardButton::Choice(choice) => said(&format!("{path}.id"), &choice.id)?,
        }
    }
    Ok(())
}

/// Refuses a text without a word.
pub(crate) fn said(path: &str, text: &str) -> Result<(), Unfit> {
    match text.trim().is_empty() {
        true => Err(Unfit::at(path, "it is empty: write something")),
        false => Ok(()),
    }
}

/// Refuses a text that is longer than the provider documents.
pub(crate) fn short(path: &str, text: &str, limit: Length) -> Result<(), Unfit> {
    if limit.holds(text) {
        return Ok(());
    }
    let (length, most) = (limit.unit.measure(text), limit.most);
    let detail = format!("it has {length} characters, the app takes at most {most}: shorten it");
    Err(Unfit::at(path, detail))
}

/// Refuses an address that no browser opens.
fn opens(path: &str, address: &str) -> Result<(), Unfit> {
    let known = url::Url::parse(address).is_ok_and(|url| {
        let opens = matches!(url.scheme(), "https" | "http");
        opens && url.has_host()
    });
    match known {
        true => Ok(()),
        false => {
            let detail = "it is no web address: write one that begins with https://";
            Err(Unfit::at(path, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interdesk_domain::message::Request;

    fn place(content: &Content) -> String {
        let unfit = sound(content).expect_err("a refusal");
        assert!(unfit.detail.contains(": "), "{unfit:?}");
        unfit.path.join(".")
    }

    fn link() -> Link {
        Link {
            text: "Look at this".to_owned(),
            header: None,
            media: None,
            footer: None,
            title: "Look".to_owned(),
            url: "https://example.org/a?b=c#d".to_owned(),
        }
    }

    #[test]
    fn an_address_that_no_browser_opens_is_refused_by_its_place() {
        assert_eq!(sound(&Content::Link(link())), Ok(()));
        for url in [
            "",
            "example.org",
            "javascript:alert(1)",
            "https://",
            "tel:1",
        ] {
            let link = Link {
                url: url.to_owned(),
                ..link()
            };
            assert_eq!(place(&Content::Link(link)), "url", "{url}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let form = |data: &str| {
            Content::FormRequest(FormRequest {
                text: "Fill it in".to_owned(),
                header: None,
                footer: None,
                form: "12".to_owned(),
                token: None,
                title: "Open".to_owned(),
                screen: None,
                data: Some(data.to_owned()),
            })
        };
        assert_eq!(sound(&form("{\"a\":1}")), Ok(()));
        for data in ["", "{}", "[1]", "{", "null"] {
            assert_eq!(place(&form(data)), "data", "{data}");
        }
        let blank = Request {
            text: " ".to_owned(),
            title: None,
        };
        assert_eq!(place(&Content::LocationRequest(blank)), "text");
        let never = CallInvitation {
            text: "Call us".to_owned(),
            minutes: Some(0),
            ..CallInvitation::default()
        };
        assert_eq!(place(&Content::CallInvitation(never)), "minutes");
        let mut none = Carousel {
            text: "Leaf".to_owned(),
            cards: Vec::new(),
        };
        assert_eq!(place(&Content::Carousel(none.clone())), "cards");
        none.cards.push(Card {
            media: interdesk_domain::message::Media {
                kind: interdesk_domain::message::MediaKind::Image,
                source: interdesk_domain::message::MediaSource::Url("https://a.example".to_owned()),
                mime_type: None,
                file_name: None,
                size: None,
                sha256: None,
            },
            text: None,
            buttons: vec![CardButton::Link {
                title: "Look".to_owned(),
                url: "ftp://a.example".to_owned(),
            }],
        });
        assert_eq!(place(&Content::Carousel(none)), "cards.0.buttons.0.url");
    }
}
