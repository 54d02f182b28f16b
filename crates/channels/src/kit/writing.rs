//! Everything that is declared goes out, and what is not declared is refused in words before anything
//! is called.

use super::case::{Case, Miss, Pending, Verdict, calls, declared, ensure, failed, pure};
use super::provider::{Asked, Reaction};
use super::sample::{FILES, contents, file, link};
use super::{Subject, text};
use crate::{Action, LongText, Outgoing, SendContext, SendError, Sent, Within, split};
use interdesk_domain::delivery::{Failure, FailureReason};
use interdesk_domain::id::AttemptId;
use interdesk_domain::message::{Content, Link, Media, MediaKind, MediaSource};
use std::time::Duration;
use uuid::Uuid;

const GROUP: &str = "writing";

/// Two tries of the message.
const ATTEMPTS: [AttemptId; 2] = [AttemptId(Uuid::from_u128(1)), AttemptId(Uuid::from_u128(2))];

/// Why there are no answers to what is only kept.
pub(super) const NOTHING_CALLED: &str = "it is fetched, nothing is called";

/// How long an answer may take.
pub(super) const PATIENCE: Duration = Duration::from_millis(500);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, content) in contents() {
        let kind = content.kind();
        cases.push(act(name, move |it| {
            let declared = it.channel.capabilities().content.contains(&kind);
            (Action::Write(content.clone()), declared)
        }));
    }
    for (name, kind) in FILES {
        cases.push(act(name, move |it| {
            let declared = it.channel.capabilities().file(kind).is_some();
            (Action::Write(file(kind)), declared)
        }));
    }
    cases.extend([
        act("a reaction", |it| {
            (react(it, "👍"), it.channel.capabilities().reactions)
        }),
        act("a reaction withdrawn", |it| {
            (react(it, ""), it.channel.capabilities().reactions)
        }),
        act("an edit", |it| {
            let target = it.target.to_owned();
            let content = text("Hello again");
            let possible = it.channel.capabilities().edits != Within::Never;
            (Action::Replace { target, content }, possible)
        }),
        act("a deletion", |it| {
            let target = it.target.to_owned();
            let possible = it.channel.capabilities().deletes != Within::Never;
            (Action::Delete { target }, possible)
        }),
        act("a read mark", |it| {
            let target = it.target.to_owned();
            (
                Action::MarkRead { target },
                it.channel.capabilities().mark_read,
            )
        }),
        act("typing", |it| {
            let last = Some(it.target.to_owned());
            (Action::Typing { last }, it.channel.capabilities().typing)
        }),
    ]);
    cases.extend(details());
    cases.extend(lengths());
    cases.extend(buttons());
    cases
}

/// What asks the customer to act.
fn buttons() -> Vec<Case> {
    let spoilt = |name, spoil: fn(&mut Link)| {
        calls(GROUP, name, move |it| {
            Box::pin(async move {
                let has = it.channel.capabilities().content.contains(&"link");
                declared(has, "no buttons that open an address")?;
                let mut link = link();
                spoil(&mut link);
                let message = outgoing(it, Action::Write(Content::Link(link)));
                expect(it, &message, FailureReason::UnsupportedContent).await
            })
        })
    };
    vec![
        spoilt("a button without words is refused", |link| {
            link.title = " ".to_owned();
        }),
        spoilt("an address that no browser opens is refused", |link| {
            link.url = "javascript:alert(1)".to_owned();
        }),
        pure(
            GROUP,
            "what is carried is not refused before it is sent",
            |it| {
                let declared = it.channel.capabilities().content;
                for (name, content) in contents() {
                    if declared.contains(&content.kind())
                        && let Err(unfit) = it.channel.judge(&content)
                    {
                        return Err(failed(format!("{name}: {}", unfit.detail)));
                    }
                }
                Ok(())
            },
        ),
        calls(
            GROUP,
            "what groups do not carry is refused for them",
            |it| {
                Box::pin(async move {
                    let capabilities = it.channel.capabilities();
                    declared(
                        capabilities.group_content.is_some(),
                        "groups carry the same, or there are none",
                    )?;
                    for (name, content) in contents() {
                        let kind = content.kind();
                        let alone = capabilities.content.contains(&kind);
                        if !alone || capabilities.kinds(true).contains(&kind) {
                            continue;
                        }
                        let mut message = outgoing(it, Action::Write(content));
                        message.group = Some(it.group.to_owned());
                        let verdict = expect(it, &message, FailureReason::UnsupportedContent).await;
                        verdict.map_err(|why| failed(format!("{name}: {why:?}")))?;
                    }
                    Ok(())
                })
            },
        ),
    ]
}

fn details() -> Vec<Case> {
    vec![
        calls(GROUP, "the provider's id is told", |it| {
            Box::pin(async move {
                let sent = taken(it, &outgoing(it, Action::Write(text("Hello")))).await?;
                let told = sent.provider_ids.first().map(String::as_str);
                ensure(told == Some(it.answers.accepted_id), || format!("{told:?}"))
            })
        }),
        calls(GROUP, "a quotation names the message", |it| {
            Box::pin(async move {
                declared(it.channel.capabilities().replies, "no quotations")?;
                let mut message = outgoing(it, Action::Write(text("Hello")));
                message.reply_to = Some(it.target.to_owned());
                let quoting = accepted(it, &message).await?.1;
                message.reply_to = None;
                let plain = accepted(it, &message).await?.1;
                ensure(quoting[0].body != plain[0].body, || {
                    "it does not".to_owned()
                })
            })
        }),
        calls(GROUP, "it is told when a message is to be gone", |it| {
            Box::pin(async move {
                declared(it.channel.capabilities().expiry, "nothing goes by itself")?;
                let mut message = outgoing(it, Action::Write(text("Hello")));
                let plain = accepted(it, &message).await?.1;
                message.expires_at = Some(Subject::moment() + chrono::Duration::hours(1));
                let going = accepted(it, &message).await?.1;
                ensure(going[0].body != plain[0].body, || {
                    "it is not told".to_owned()
                })
            })
        }),
        calls(
            GROUP,
            "a group is written to instead of the customer",
            |it| {
                Box::pin(async move {
                    declared(it.channel.capabilities().groups, "no groups")?;
                    let mut message = outgoing(it, Action::Write(text("Hello")));
                    message.group = Some(it.group.to_owned());
                    let asked = accepted(it, &message).await?.1;
                    let path = percent_encoding::percent_decode_str(asked[0].path());
                    let named = asked[0].body.contains(it.group)
                        || path.decode_utf8_lossy().contains(it.group);
                    ensure(named, || "the group is not named".to_owned())
                })
            },
        ),
        calls(GROUP, "a repeated try carries the same key", |it| {
            Box::pin(async move {
                declared(it.channel.capabilities().idempotency_key, "no key")?;
                let mut message = outgoing(it, Action::Write(text("Hello")));
                let first = accepted(it, &message).await?.1;
                message.attempt = ATTEMPTS[1].to_string();
                let second = accepted(it, &message).await?.1;
                let key = message.message.as_str();
                // Some take it as a part of the address.
                let carries = |it: &Asked| it.body.contains(key) || it.path().contains(key);
                let same = [&first, &second].iter().all(|it| carries(&it[0]));
                ensure(same, || "it does not".to_owned())
            })
        }),
        calls(GROUP, "a file is named by its link", |it| {
            Box::pin(async move {
                let Some(limit) = it.channel.capabilities().media.first() else {
                    return Err(Miss::NotApplicable("no files".to_owned()));
                };
                let message = outgoing(it, Action::Write(file(limit.kind)));
                let asked = accepted(it, &message).await?.1;
                let named = asked[0].body.contains("https://example.org/file");
                ensure(named, || "it is not".to_owned())
            })
        }),
        act("a file that the provider keeps", |it| {
            let capabilities = it.channel.capabilities();
            let kind = capabilities
                .media
                .first()
                .map_or(MediaKind::Image, |it| it.kind);
            let mut content = file(kind);
            if let Content::Media { media, .. } = &mut content {
                media.source = MediaSource::ProviderId("kept-1".to_owned());
            }
            (Action::Write(content), capabilities.provider_files)
        }),
        calls(
            GROUP,
            "right-to-left and joined signs leave unchanged",
            |it| {
                Box::pin(async move {
                    let words = "שלום e\u{301} 👩‍👩‍👧‍👦 مرحبا";
                    let asked = accepted(it, &outgoing(it, Action::Write(text(words))))
                        .await?
                        .1;
                    let body: serde_json::Value = asked[0].json();
                    let whole = body.to_string().contains(words) || asked[0].body.contains(words);
                    ensure(whole, || "they differ".to_owned())
                })
            },
        ),
        calls(
            GROUP,
            "a customer without an address is told as unknown",
            |it| {
                Box::pin(async move {
                    declared(
                        it.channel.capabilities().needs_address,
                        "the receiver finds the customer",
                    )?;
                    let mut message = outgoing(it, Action::Write(text("Hello")));
                    message
                        .to
                        .iter_mut()
                        .for_each(|one| one.namespace = "stars".to_owned());
                    expect(it, &message, FailureReason::RecipientUnknown).await
                })
            },
        ),
        calls(
            GROUP,
            "an inbox without credentials is told as refused",
            |it| {
                Box::pin(async move {
                    let none = crate::Credentials::default();
                    let message = outgoing(it, Action::Write(text("Hello")));
                    let error = send(it, &none, it.nowhere, &message).await;
                    reason(error, FailureReason::AccountRefused)
                })
            },
        ),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        calls(GROUP, "the longest text leaves whole", |it| {
            Box::pin(async move {
                let most = it.channel.capabilities().max_text.most;
                let message = outgoing(it, Action::Write(text(&"x".repeat(most))));
                taken(it, &message).await.map(drop)
            })
        }),
        calls(GROUP, "a longer text is refused in words", |it| {
            Box::pin(async move {
                let most = it.channel.capabilities().max_text.most;
                let message = outgoing(it, Action::Write(text(&"x".repeat(most + 1))));
                expect(it, &message, FailureReason::UnsupportedContent).await
            })
        }),
        calls(GROUP, "emoji count as the provider counts them", |it| {
            Box::pin(async move {
                let limit = it.channel.capabilities().max_text;
                let count = limit.most / limit.unit.measure("😀");
                let fits = outgoing(it, Action::Write(text(&"😀".repeat(count))));
                taken(it, &fits).await?;
                let over = outgoing(it, Action::Write(text(&"😀".repeat(count + 1))));
                expect(it, &over, FailureReason::UnsupportedContent).await
            })
        }),
        calls(
            GROUP,
            "a long text goes in parts that are all taken",
            |it| {
                Box::pin(async move {
                    let capabilities = it.channel.capabilities();
                    declared(
                        capabilities.long_text == LongText::Split,
                        "long texts are refused",
                    )?;
                    let long = "👩‍👩‍👧‍👦 family ".repeat(capabilities.max_text.most / 6);
                    let parts = split(&long, capabilities.max_text);
                    ensure(parts.concat() == long, || {
                        "the parts are another text".to_owned()
                    })?;
                    for content in capabilities.parts(text(&long)) {
                        accepted(it, &outgoing(it, Action::Write(content))).await?;
                    }
                    Ok(())
                })
            },
        ),
        calls(GROUP, "a caption that is too long is refused", |it| {
            Box::pin(async move {
                let capabilities = it.channel.capabilities();
                let Some(limit) = capabilities.media.first() else {
                    return Err(Miss::NotApplicable("no files".to_owned()));
                };
                let mut content = file(limit.kind);
                if let Content::Media { caption, .. } = &mut content {
                    *caption = Some("x".repeat(capabilities.max_caption.most + 1));
                }
                let message = outgoing(it, Action::Write(content));
                expect(it, &message, FailureReason::UnsupportedContent).await
            })
        }),
        calls(GROUP, "a text without a word is refused", |it| {
            Box::pin(async move {
                let message = outgoing(it, Action::Write(text(" \n\t")));
                expect(it, &message, FailureReason::UnsupportedContent).await
            })
        }),
        calls(
            GROUP,
            "a file of a type that is not taken is refused",
            |it| {
                Box::pin(async move {
                    let media = it.channel.capabilities().media.iter();
                    let Some(limit) = media.clone().find(|limit| !limit.types.is_empty()) else {
                        return Err(Miss::NotApplicable("any type is taken".to_owned()));
                    };
                    refuses_file(it, limit.kind, |media| {
                        media.mime_type = Some("application/x-nothing".to_owned());
                    })
                    .await
                })
            },
        ),
        calls(GROUP, "a file that is too large is refused", |it| {
            Box::pin(async move {
                let mut media = it.channel.capabilities().media.iter();
                let limit = media.find_map(|limit| Some((limit.kind, limit.max_bytes?)));
                let Some((kind, most)) = limit else {
                    return Err(Miss::NotApplicable("no limit of size".to_owned()));
                };
                refuses_file(it, kind, |media| media.size = Some(most + 1)).await
            })
        }),
    ]
}

async fn refuses_file(it: &Subject, kind: MediaKind, spoil: impl FnOnce(&mut Media)) -> Verdict {
    let mut content = file(kind);
    if let Content::Media { media, .. } = &mut content {
        spoil(media);
    }
    let message = outgoing(it, Action::Write(content));
    expect(it, &message, FailureReason::UnsupportedContent).await
}

/// Makes a case: what is declared is taken by the provider, what not is refused without a call.
fn act(name: &str, what: impl Fn(&Subject) -> (Action, bool) + 'static) -> Case {
    calls(GROUP, name, move |it| -> Pending<'_> {
        let (action, declared) = what(it);
        Box::pin(async move {
            let message = outgoing(it, action);
            match declared {
                true => taken(it, &message).await.map(drop),
                false => {
                    expect(it, &message, FailureReason::UnsupportedContent).await?;
                    Err(Miss::NotApplicable("refused in words".to_owned()))
                }
            }
        })
    })
}

/// Makes a message to the subject's customer.
pub(super) fn outgoing(it: &Subject, action: Action) -> Outgoing {
    Outgoing {
        attempt: ATTEMPTS[0].to_string(),
        message: super::MESSAGE.to_string(),
        conversation: super::CONVERSATION.to_string(),
        to: it.to.clone(),
        group: None,
        writer: None,
        action,
        reply_to: None,
        expires_at: None,
    }
}

/// Sends to an address.
pub(super) async fn send(
    it: &Subject,
    credentials: &crate::Credentials,
    endpoint: &str,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let client = reqwest::Client::builder().timeout(PATIENCE);
    let client = client.redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| SendError::NoAnswer(error.to_string()))?;
    let context = SendContext {
        client: &client,
        account_id: it.account_id,
        endpoint,
        credentials,
        now: Subject::moment(),
        state: None,
        files: &crate::NoFiles,
        forbids: |_| false,
    };
    it.channel.send(&context, outgoing).await
}

/// Sends to a provider that reacts so; returns what became of it and what the provider was asked.
pub(super) async fn exchange(
    it: &Subject,
    outgoing: &Outgoing,
    reaction: Reaction,
) -> (Result<Sent, SendError>, Vec<Asked>) {
    let (endpoint, provider) = (it.start)(vec![reaction]).await;
    let outcome = send(it, &it.credentials, &endpoint, outgoing).await;
    // Where nothing was sent the provider would wait for ever.
    let asked = tokio::time::timeout(PATIENCE * 5, provider).await;
    (
        outcome,
        asked.map(Result::unwrap_or_default).unwrap_or_default(),
    )
}

/// Sends what is taken, by a call or without one.
async fn taken(it: &Subject, outgoing: &Outgoing) -> Result<Sent, Miss> {
    if !it.channel.capabilities().fetched {
        return Ok(accepted(it, outgoing).await?.0);
    }
    let kept = send(it, &it.credentials, it.nowhere, outgoing).await;
    kept.map_err(|error| failed(error.to_string()))
}

/// Sends what is taken by a call, and returns what was asked.
async fn accepted(it: &Subject, outgoing: &Outgoing) -> Result<(Sent, Vec<Asked>), Miss> {
    declared(!it.channel.capabilities().fetched, NOTHING_CALLED)?;
    let reaction = Reaction::Answer(200, "", it.answers.accepted.to_owned());
    let (outcome, asked) = exchange(it, outgoing, reaction).await;
    let sent = outcome.map_err(|error| failed(error.to_string()))?;
    ensure(asked.len() == 1, || "nothing was called".to_owned())?;
    Ok((sent, asked))
}

/// Sends to nobody: a refusal that needs no call has its reason, a call would not reach anybody.
async fn expect(it: &Subject, outgoing: &Outgoing, expected: FailureReason) -> Verdict {
    reason(
        send(it, &it.credentials, it.nowhere, outgoing).await,
        expected,
    )
}

fn reason(outcome: Result<Sent, SendError>, expected: FailureReason) -> Verdict {
    match outcome {
        Err(SendError::Refused { failure, .. }) => {
            let Failure {
                reason,
                retryable,
                detail,
                ..
            } = failure;
            let right = reason == expected && !retryable && !detail.is_empty();
            ensure(right, || format!("{reason:?}: {detail}"))
        }
        other => Err(failed(format!("{other:?}"))),
    }
}

fn react(it: &Subject, emoji: &str) -> Action {
    Action::React {
        target: it.target.to_owned(),
        emoji: emoji.to_owned(),
    }
}
