//! Files: read and handed over with the bot's token, never by it in an address.

use super::errors;
use super::id;
use super::room::Homeserver;
use crate::http;
use crate::{Download, FetchError, SendContext, SendError, Upload, Uploaded, refusal};
use interdesk_domain::delivery::FailureReason;
use interdesk_domain::message::{Media, MediaSource};
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};

/// Finds where a customer's file can be read: at our own homeserver, which asks the others.
pub(super) fn fetch(context: &SendContext<'_>, media: &Media) -> Result<Download, FetchError> {
    let MediaSource::ProviderId(address) = &media.source else {
        return Download::of_link(media);
    };
    let (server, id) = id::mxc(address)
        .ok_or_else(|| FetchError::never("the file has no sound address (mxc://server/id)"))?;
    let token = http::token(context, "application service token")?;
    let base = context.endpoint.trim_end_matches('/');
    Ok(Download {
        url: format!(
            "{base}/_matrix/client/v1/media/download/{}/{id}",
            id::segment(server)
        ),
        authorization: Some(format!("Bearer {token}")),
        size: media.size,
        sha256: None,
    })
}

/// Hands a file to the homeserver, which keeps it for ever under an address of its own.
pub(super) async fn upload(
    context: &SendContext<'_>,
    file: &Upload<'_>,
) -> Result<Uploaded, SendError> {
    let homeserver = Homeserver::of(context)?;
    let opened = context.files.open(file.file).await.map_err(|_| {
        let detail = "the desk cannot read its own file at the moment";
        refusal::retryable(FailureReason::Other, detail, None)
    })?;
    let name = file.media.file_name.as_deref().unwrap_or("file");
    let request = homeserver
        .request(Method::POST, "/_matrix/media/v3/upload")
        .query(&[("filename", name)])
        .header(CONTENT_TYPE, &opened.mime_type)
        .header(CONTENT_LENGTH, opened.size)
        .body(reqwest::Body::wrap_stream(opened.bytes));
    // A file that arrived without our hearing of it is shown to nobody, so it may be sent again.
    let answer = http::call(request, context.now)
        .await
        .map_err(errors::preparing)?;
    let root = errors::check(&answer).map_err(errors::preparing)?;
    let address = root.words("content_uri").filter(|it| id::mxc(it).is_some());
    let provider_id =
        address.ok_or_else(|| errors::preparing(answer.unreadable("the homeserver")))?;
    Ok(Uploaded {
        provider_id,
        expires_at: None,
    })
}
