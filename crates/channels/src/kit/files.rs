//! Files: a customer's by reference, ours by upload, within a message, or by a link.

use super::Subject;
use super::case::{Case, Miss, Verdict, calls, declared, ensure, failed};
use super::provider::{Asked, Reaction};
use super::writing::{PATIENCE, outgoing};
use crate::{
    Action, Download, FetchError, FileBytes, FileWay, Files, NoFiles, SendContext, SendError, Sent,
    Upload, Uploaded,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::StreamExt;
use interdesk_domain::id::FileId;
use interdesk_domain::message::{Content, Media, MediaKind, MediaSource};
use std::io;
use uuid::Uuid;

const GROUP: &str = "files";
const LINK: &str = "https://files.example.org/terms.txt";
const BYTES: &[u8] = b"the very bytes of it, not more";

/// How a provider speaks of files.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileAnswers {
    /// How it gives out a customer's file that it keeps; `None` where it keeps none.
    pub fetched: Option<Fetched>,
    /// The body that takes a file ahead of its message, and the id that it gives; `None` where files
    /// go another way.
    pub uploaded: Option<(&'static str, &'static str)>,
}

/// How a provider gives out a file.
#[derive(Debug, Clone, Copy)]
pub struct Fetched {
    /// Its id of the file.
    pub id: &'static str,
    /// The body that says where it is; empty where nobody has to be asked.
    pub answer: &'static str,
    /// How the address of the bytes ends.
    pub ends: &'static str,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        calls(
            GROUP,
            "a customer's file is found by the provider's id",
            |it| {
                Box::pin(async move {
                    let (found, _) = fetch(it, Ok(200)).await?;
                    let found = found.map_err(|error| failed(error.to_string()))?;
                    let ends = it.files.fetched.map_or("", |fetched| fetched.ends);
                    ensure(found.url.ends_with(ends), || found.url.clone())
                })
            },
        ),
        calls(
            GROUP,
            "where a file is told shows no token in a log",
            |it| {
                Box::pin(async move {
                    let (found, _) = fetch(it, Ok(200)).await?;
                    let shown = format!("{found:?}");
                    let token = it.credentials.access_token.clone().unwrap_or_default();
                    ensure(!shown.contains(&token), || shown.clone())
                })
            },
        ),
        calls(
            GROUP,
            "a provider that does not say where a file is is asked again",
            |it| {
                Box::pin(async move {
                    let (found, asked) = fetch(it, Err(())).await?;
                    declared(!asked.is_empty(), "nobody has to be asked")?;
                    let again = found.as_ref().is_err_and(|error| error.retryable);
                    ensure(again, || format!("{found:?}"))
                })
            },
        ),
        calls(
            GROUP,
            "a customer's link is read where it leads and without a token",
            |it| Box::pin(async move { link(it).await }),
        ),
    ];
    cases.extend(ours());
    cases
}

fn ours() -> Vec<Case> {
    vec![
        calls(GROUP, "ours is handed over ahead of its message", |it| {
            Box::pin(async move {
                let (answer, id) = uploads(it)?;
                let reaction = Reaction::Answer(200, "", answer.to_owned());
                let (uploaded, asked) = upload(it, reaction, &Kept).await;
                let uploaded = uploaded.map_err(|error| failed(error.to_string()))?;
                ensure(uploaded.provider_id == id, || format!("{uploaded:?}"))?;
                let whole = asked.iter().any(|asked| holds_bytes(&asked.body));
                ensure(whole, || "the bytes are not in it".to_owned())
            })
        }),
        calls(
            GROUP,
            "one that was cut off on its way is handed over again",
            |it| {
                Box::pin(async move {
                    uploads(it)?;
                    for reaction in [Reaction::Cut, Reaction::CutHead] {
                        again(upload(it, reaction, &Kept).await.0)?;
                    }
                    Ok(())
                })
            },
        ),
        calls(
            GROUP,
            "one that the desk cannot read at the moment is tried again",
            |it| {
                Box::pin(async move {
                    match it.channel.file_way() {
                        FileWay::Upload => {
                            let nothing = with(it, it.nowhere, &Away, async |context| {
                                handed(it, &context).await
                            });
                            again(nothing.await)
                        }
                        FileWay::Inline => {
                            let message = outgoing(it, Action::Write(stored()));
                            let nothing = with(it, it.nowhere, &Away, async |context| {
                                it.channel.send(&context, &message).await
                            });
                            again(nothing.await)
                        }
                        FileWay::Link => Err(by_link()),
                    }
                })
            },
        ),
        calls(GROUP, "ours goes within its message", |it| {
            Box::pin(async move {
                match it.channel.file_way() {
                    FileWay::Inline => {}
                    FileWay::Upload => {
                        return Err(Miss::NotApplicable("it is handed over ahead".to_owned()));
                    }
                    FileWay::Link => return Err(by_link()),
                }
                let (sent, asked) = write(it).await;
                sent.map_err(|error| failed(error.to_string()))?;
                let whole = asked.iter().any(|asked| holds_bytes(&asked.body));
                ensure(whole, || "the bytes are not in it".to_owned())
            })
        }),
    ]
}

async fn link(it: &Subject) -> Verdict {
    let media = media(MediaSource::Url(LINK.to_owned()));
    let found = with(it, it.nowhere, &NoFiles, async |context| {
        it.channel.fetch(&context, &media).await
    });
    match found.await {
        Ok(found) => {
            let plain = found.url == LINK && found.authorization.is_none();
            ensure(plain, || {
                format!("{} with {:?}", found.url, found.authorization.is_some())
            })
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Asks where a customer's file is: of a provider that says so, or of one that cuts the connection.
async fn fetch(
    it: &Subject,
    says: Result<u16, ()>,
) -> Result<(Result<Download, FetchError>, Vec<Asked>), Miss> {
    let Some(fetched) = it.files.fetched else {
        return Err(Miss::NotApplicable("the provider keeps none".to_owned()));
    };
    let media = media(MediaSource::ProviderId(fetched.id.to_owned()));
    let reaction = match says {
        Ok(status) => Reaction::Answer(status, "", fetched.answer.to_owned()),
        Err(()) => Reaction::Cut,
    };
    Ok(exchange(it, reaction, &NoFiles, async |context| {
        it.channel.fetch(&context, &media).await
    })
    .await)
}

async fn upload(
    it: &Subject,
    reaction: Reaction,
    files: &dyn Files,
) -> (Result<Uploaded, SendError>, Vec<Asked>) {
    exchange(it, reaction, files, async |context| {
        handed(it, &context).await
    })
    .await
}

async fn handed(it: &Subject, context: &SendContext<'_>) -> Result<Uploaded, SendError> {
    let (file, media) = (own(), media(MediaSource::Stored(own())));
    let upload = Upload {
        file,
        media: &media,
    };
    it.channel.upload(context, &upload).await
}

async fn write(it: &Subject) -> (Result<Sent, SendError>, Vec<Asked>) {
    let message = outgoing(it, Action::Write(stored()));
    let reaction = Reaction::Answer(200, "", it.answers.accepted.to_owned());
    exchange(it, reaction, &Kept, async |context| {
        it.channel.send(&context, &message).await
    })
    .await
}

async fn exchange<T>(
    it: &Subject,
    reaction: Reaction,
    files: &dyn Files,
    act: impl AsyncFnOnce(SendContext<'_>) -> T,
) -> (T, Vec<Asked>) {
    let (endpoint, provider) = (it.start)(vec![reaction]).await;
    let outcome = with(it, &endpoint, files, act).await;
    // Where nothing was asked the provider would wait for ever.
    let asked = tokio::time::timeout(PATIENCE * 5, provider).await;
    let asked = asked.map(Result::unwrap_or_default).unwrap_or_default();
    (outcome, asked)
}

async fn with<T>(
    it: &Subject,
    endpoint: &str,
    files: &dyn Files,
    act: impl AsyncFnOnce(SendContext<'_>) -> T,
) -> T {
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let client = client.unwrap_or_default();
    act(SendContext {
        client: &client,
        account_id: it.account_id,
        endpoint,
        credentials: &it.credentials,
        now: Subject::moment(),
        state: None,
        files,
        forbids: |_| false,
    })
    .await
}

fn uploads(it: &Subject) -> Result<(&'static str, &'static str), Miss> {
    match (it.channel.file_way(), it.files.uploaded) {
        (FileWay::Upload, Some(uploaded)) => Ok(uploaded),
        (FileWay::Upload, None) => Err(failed("the subject does not say how a file is taken")),
        (FileWay::Inline, _) => Err(Miss::NotApplicable("it goes within its message".to_owned())),
        (FileWay::Link, _) => Err(by_link()),
    }
}

fn by_link() -> Miss {
    Miss::NotApplicable("it is named by its link".to_owned())
}

/// Nobody saw the message, so it may be tried again without any doubt.
fn again<T: std::fmt::Debug>(outcome: Result<T, SendError>) -> Verdict {
    match outcome {
        Err(SendError::Refused { failure, .. }) if failure.retryable => Ok(()),
        other => Err(failed(format!("{other:?}"))),
    }
}

fn holds_bytes(body: &str) -> bool {
    let plain = String::from_utf8_lossy(BYTES);
    let folded: String = body.split_whitespace().collect();
    body.contains(plain.as_ref()) || folded.contains(&STANDARD.encode(BYTES))
}

fn own() -> FileId {
    FileId(Uuid::from_u128(5))
}

fn stored() -> Content {
    Content::Media {
        media: media(MediaSource::Stored(own())),
        caption: None,
    }
}

fn media(source: MediaSource) -> Media {
    Media {
        kind: MediaKind::Document,
        source,
        mime_type: Some("text/plain".to_owned()),
        file_name: Some("terms.txt".to_owned()),
        size: None,
        sha256: None,
    }
}

/// A desk whose files are away for a moment.
#[derive(Debug)]
struct Away;

#[async_trait::async_trait]
impl Files for Away {
    async fn open(&self, _: FileId) -> io::Result<FileBytes> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// A desk that keeps one file.
#[derive(Debug)]
struct Kept;

#[async_trait::async_trait]
impl Files for Kept {
    async fn open(&self, file: FileId) -> io::Result<FileBytes> {
        if file != own() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let bytes = futures::stream::iter([Ok(Bytes::from_static(BYTES))]);
        Ok(FileBytes {
            size: BYTES.len() as u64,
            mime_type: "text/plain".to_owned(),
            bytes: bytes.boxed(),
        })
    }
}
