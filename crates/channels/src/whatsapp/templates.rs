//! Templates, as `GET /{business account}/message_templates` lists them.

use super::send::refused;
use crate::http::{self, Answer};
use crate::json::Fields;
use crate::{SendContext, SendError};
use interdesk_domain::message::{Place, Shape, Slot, SlotKind, TemplateNews};

/// How many pages are read at most: Meta keeps 6,000 templates, 200 on a page.
const PAGES: usize = 30;

/// Lists all templates of a business account.
pub(super) async fn list(
    context: &SendContext<'_>,
    business_account: &str,
) -> Result<Vec<TemplateNews>, SendError> {
    let token = http::token(context, "access token")?;
    let base = context.endpoint.trim_end_matches('/');
    let url = format!("{base}/{business_account}/message_templates");
    let mut listed = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let fields = "id,name,language,status,category,quality_score,rejected_reason,components";
        let mut query = vec![("fields", fields.to_owned()), ("limit", "200".to_owned())];
        query.extend(after.take().map(|after| ("after", after)));
        let request = context.client.get(&url).query(&query).bearer_auth(token);
        let answer = http::call(request, context.now).await?;
        let root = read(&answer)?;
        listed.extend(root.objects("data").iter().filter_map(template));
        let paging = root.object("paging").unwrap_or_default();
        let next = paging
            .has("next")
            .then(|| paging.object("cursors"))
            .flatten();
        after = next.and_then(|cursors| cursors.id("after"));
        if after.is_none() {
            return Ok(listed);
        }
    }
    Ok(listed)
}

/// Reads an answer of the Graph API.
pub(super) fn read(answer: &Answer) -> Result<Fields<'_>, SendError> {
    let root = answer.object("WhatsApp")?;
    match (answer.is_success(), root.object("error")) {
        (true, _) => Ok(root),
        (false, Some(error)) => Err(refused(answer, &error)),
        (false, None) => Err(answer.unexplained()),
    }
}

fn template(listed: &Fields<'_>) -> Option<TemplateNews> {
    let word = |name: &str| Some(listed.words(name)?.to_lowercase());
    let quality = listed.object("quality_score").unwrap_or_default();
    Some(TemplateNews {
        provider_id: listed.id("id"),
        name: listed.words("name")?,
        language: listed.words("language")?,
        status: word("status"),
        category: word("category"),
        quality: quality.words("score").map(|score| score.to_lowercase()),
        reason: listed.words("rejected_reason").filter(|it| it != "NONE"),
        shape: Some(shape(&listed.objects("components"))),
    })
}

fn shape(components: &[Fields<'_>]) -> Shape {
    let mut shape = Shape::default();
    for component in components {
        let text = component.words("text").unwrap_or_default();
        match component
            .text("type")
            .as_deref()
            .map(str::to_uppercase)
            .as_deref()
        {
            Some("HEADER") => shape.slots.extend(header(component, &text)),
            Some("BODY") => {
                shape.slots.extend(places(Place::Body, &text));
                shape.text = text;
            }
            Some("BUTTONS") => shape.slots.extend(buttons(&component.objects("buttons"))),
            _ => {}
        }
    }
    shape
}

fn header(component: &Fields<'_>, text: &str) -> Vec<Slot> {
    let kind = match component.text("format").as_deref() {
        Some("IMAGE") => SlotKind::Image,
        Some("VIDEO" | "GIF") => SlotKind::Video,
        Some("DOCUMENT") => SlotKind::Document,
        Some("LOCATION") => SlotKind::Location,
        _ => return places(Place::Header, text),
    };
    vec![Slot {
        place: Place::Header,
        name: None,
        kind,
    }]
}

/// A link with a place wants its rest, and a code to copy wants the code. That of a one-time password is
/// the rest of a link as well.
fn buttons(buttons: &[Fields<'_>]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (index, button) in buttons.iter().enumerate() {
        let Ok(index) = u8::try_from(index) else {
            break;
        };
        let kind = match button.text("type").as_deref() {
            Some("URL") if button.text("url").is_some_and(|url| url.contains("{{")) => {
                SlotKind::Text
            }
            Some("OTP") => SlotKind::Text,
            Some("COPY_CODE") => SlotKind::Code,
            _ => continue,
        };
        slots.push(Slot {
            place: Place::Button(index),
            name: None,
            kind,
        });
    }
    slots
}

/// Returns the places that a text has, each once, in the order of their numbers or, where they have
/// names, of their first standing.
fn places(place: Place, text: &str) -> Vec<Slot> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find("{{") {
        rest = &rest[begin + 2..];
        let Some(end) = rest.find("}}") else { break };
        let name = rest[..end].trim().to_owned();
        rest = &rest[end + 2..];
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    let counted = names
        .iter()
        .all(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let slot = |name: String| Slot {
        place,
        name: (!counted).then_some(name),
        kind: SlotKind::Text,
    };
    names.into_iter().map(slot).collect()
}

/// Returns what has to be filled in a template whose words changed.
pub(super) fn slots_of_news(value: &Fields<'_>, body: &str) -> Vec<Slot> {
    let title = value.words("message_template_title").unwrap_or_default();
    let mut slots = places(Place::Header, &title);
    slots.extend(places(Place::Body, body));
    let buttons = value.objects("message_template_buttons");
    for (index, button) in buttons.iter().enumerate() {
        let url = button.text("message_template_button_url");
        if let (Ok(index), true) = (
            u8::try_from(index),
            url.is_some_and(|url| url.contains("{{")),
        ) {
            slots.push(Slot {
                place: Place::Button(index),
                name: None,
                kind: SlotKind::Text,
            });
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_once_and_named_where_they_have_names() {
        let names = |text: &str| -> Vec<Option<String>> {
            let slots = places(Place::Body, text);
            slots.into_iter().map(|slot| slot.name).collect()
        };
        assert_eq!(names("{{1}} and {{2}}, {{1}} again"), [None, None]);
        let named = names("Hi {{first_name}}, {{ day }} {{first_name}}");
        assert_eq!(
            named,
            [Some("first_name".to_owned()), Some("day".to_owned())]
        );
        assert_eq!(names("{{"), []);
        assert_eq!(names("{{}} }} {"), []);
    }
}
