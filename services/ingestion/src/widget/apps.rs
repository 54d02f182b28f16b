//! Other apps: links by which a visitor goes on there, as the person that they are here.

use super::Widget;
use super::answer::Refusal;
use super::asked::answer;
use actix_web::{HttpRequest, HttpResponse, web};
use interdesk_channels::app_link::AppLinks;
use interdesk_channels::channel;
use serde_json::json;
use std::time::Duration;

/// How often a visitor may ask for links in an hour.
const MOST_PER_HOUR: u64 = 60;

/// `POST /widget/{inbox}/apps`: makes a link for each app whose inbox has a public name and shares the
/// chat's queue.
pub(super) async fn link(widget: web::Data<Widget>, request: HttpRequest) -> HttpResponse {
    answer(&widget, &request, async |asked| {
        let session = asked.session(&widget).await?;
        let (whose, hour) = (session.person(), Duration::from_secs(3_600));
        asked
            .limit(&widget, "apps", &whose, MOST_PER_HOUR, hour)
            .await?;
        let until = widget.intake.desk.now() + widget.settings.app_links;
        let beside = widget.intake.directory.list_beside(&asked.inbox).await;
        let beside = beside.map_err(|error| {
            tracing::warn!(%error, "the inboxes beside a web chat cannot be listed");
            Refusal::Busy
        })?;
        let links = beside.iter().filter_map(|inbox| {
            let (kind, credentials) = (inbox.mailbox.channel, &inbox.credentials);
            let token =
                AppLinks::to(kind, &credentials.webhook_secrets).token(session.id, until)?;
            let url = channel(kind).app_link(credentials, &token)?;
            Some(json!({ "network": kind.as_str(), "url": url, "until": until }))
        });
        let links: Vec<_> = links.collect();
        Ok(HttpResponse::Ok().json(json!({ "apps": links })))
    })
    .await
}
