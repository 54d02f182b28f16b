//! Files: `getFile` names an address for an hour; ours go within the call that shows them.

use super::{errors, send::method};
use crate::http::{self, Answer};
use crate::json::{self, Fields};
use crate::{Action, Download, FetchError, Outgoing, SendContext, SendError, Uploaded};
use interdesk_domain::id::FileId;
use interdesk_domain::message::{Content, Media, MediaSource};
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde_json::Value;

/// The largest file that Telegram gives out.
const MOST: u64 = 20 * 1024 * 1024;

/// Asks where the bytes can be read now.
pub(super) async fn fetch(
    context: &SendContext<'_>,
    media: &Media,
) -> Result<Download, FetchError> {
    let MediaSource::ProviderId(id) = &media.source else {
        return Download::of_link(media);
    };
    let too_large = || FetchError::never("Telegram gives out files of at most 20 MB");
    if media.size.is_some_and(|size| size > MOST) {
        return Err(too_large());
    }
    let token = http::token(context, "bot token")?;
    let base = context.endpoint.trim_end_matches('/');
    let request = context.client.get(format!("{base}/bot{token}/getFile"));
    let request = request.query(&[("file_id", id)]);
    let answer = http::call(request, context.now).await?;
    let root = answer.object("Telegram")?;
    if !root.flag("ok") {
        let words = root.words("description").unwrap_or_default();
        return Err(match words.to_lowercase().contains("too big") {
            true => too_large(),
            false => errors::refused(&answer, &root).into(),
        });
    }
    let file = root.object("result").unwrap_or_default();
    let path = file.words("file_path").filter(|path| is_below(path));
    let path = path.ok_or_else(|| FetchError::later("Telegram named no address"))?;
    Ok(Download {
        size: file.integer("file_size").and_then(|it| it.try_into().ok()),
        ..Download::open(format!("{base}/file/bot{token}/{path}"))
    })
}

fn is_below(path: &str) -> bool {
    let mut steps = path.split('/');
    !path.contains(['\\', '?', '#', ':']) && steps.all(|step| !step.is_empty() && step != "..")
}

/// A file that goes within a call.
pub(super) struct Carried<'a> {
    file: FileId,
    media: &'a Media,
}

/// Returns the file of the desk that a message carries.
pub(super) fn carried(outgoing: &Outgoing) -> Option<Carried<'_>> {
    let (Action::Write(content) | Action::Replace { content, .. }) = &outgoing.action else {
        return None;
    };
    let media = match content {
        Content::Media { media, .. } => media,
        Content::Link(link) => link.media.as_ref()?,
        _ => return None,
    };
    match media.source {
        MediaSource::Stored(file) => Some(Carried { file, media }),
        _ => None,
    }
}

impl Carried<'_> {
    /// Writes a call as a form, the file beside the other parameters.
    pub(super) async fn attach(
        &self,
        context: &SendContext<'_>,
        request: RequestBuilder,
        body: &Value,
    ) -> Result<RequestBuilder, SendError> {
        let mut form = Form::new();
        for (name, value) in body.as_object().into_iter().flatten() {
            form = match value {
                Value::Null => form,
                Value::String(text) => form.text(name.clone(), text.clone()),
                other => form.text(name.clone(), other.to_string()),
            };
        }
        let (_, name) = method(self.media.kind);
        let part = http::part(context, self.file, self.media).await?;
        Ok(request
            .timeout(http::WITH_FILE)
            .multipart(form.part(name, part)))
    }

    /// Returns the id under which Telegram keeps it from now on.
    pub(super) fn kept(&self, answer: &Answer) -> Option<(FileId, Uploaded)> {
        let (_, root) = json::root(answer.body.as_deref()?).ok()?;
        let message = root.object("result")?;
        let (_, name) = method(self.media.kind);
        let id = |file: &Fields<'_>| file.id("file_id");
        let provider_id = match name {
            // The sizes of one picture; the last is the largest.
            "photo" => message.objects("photo").last().and_then(id),
            _ => message.object(name).as_ref().and_then(id),
        }?;
        let uploaded = Uploaded {
            provider_id,
            expires_at: None,
        };
        Some((self.file, uploaded))
    }
}
