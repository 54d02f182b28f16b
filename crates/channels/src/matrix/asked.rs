//! What a homeserver asks beside pushing transactions, answered in the protocol's own words.

use super::id::Ours;
use super::verify;
use crate::{Credentials, Incoming, Reply, VerifyError};
use percent_encoding::percent_decode_str;
use serde_json::json;

/// Where the calls of the present specification are; older homeservers leave it out.
const PREFIX: &str = "/_matrix/app/v1";

/// A call below the inbox's own path.
enum Call {
    /// Events are pushed.
    Transaction,
    /// Whether a user exists.
    User(String),
    /// Whether an alias of a room exists.
    Alias,
    /// Whether we are there at all.
    Ping,
    /// The directory of networks behind a bridge, which a desk has none of.
    Directory,
    Unknown,
}

/// Answers whatever is not a transaction that proves itself; `None` where it is one.
pub(super) fn answer(
    incoming: &Incoming<'_>,
    credentials: &Credentials,
) -> Option<Result<Reply, VerifyError>> {
    let http = incoming.http()?;
    match verify::verify(incoming, credentials) {
        Ok(()) => {}
        // Whoever set up the desk has to hear it, not the homeserver.
        Err(error @ VerifyError::NotConfigured(_)) => return Some(Err(error)),
        Err(error) => {
            let refused = refusal(403, "M_FORBIDDEN", &error.to_string());
            return Some(Ok(refused));
        }
    }
    let call = call(http.path);
    let reply = match (&call, http.method) {
        (Call::Transaction, "PUT") => return None,
        (Call::Ping, "POST") => Reply::json(200, "{}".to_owned()),
        (Call::User(user), "GET") => {
            let ours = Ours::of(credentials).is_some_and(|ours| ours.holds(user));
            match ours {
                true => Reply::json(200, "{}".to_owned()),
                false => refusal(404, "M_NOT_FOUND", "no user of this desk"),
            }
        }
        // Rooms of ours have their alias from the beginning, so the homeserver knows them.
        (Call::Alias, "GET") => refusal(404, "M_NOT_FOUND", "no room of this desk"),
        (Call::Directory, "GET") => refusal(404, "M_NOT_FOUND", "this desk has no directory"),
        (Call::Unknown, _) => refusal(404, "M_UNRECOGNIZED", "unknown path"),
        _ => refusal(405, "M_UNRECOGNIZED", "this path takes another method"),
    };
    Some(Ok(reply))
}

fn call(path: &str) -> Call {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let mut segments = path.split('/').skip(1);
    let (name, value) = (segments.next().unwrap_or_default(), segments.next());
    let more = segments.next().is_some();
    match (name, value) {
        ("transactions", Some(id)) if !more && !id.is_empty() => Call::Transaction,
        ("users", Some(user)) if !more => {
            Call::User(percent_decode_str(user).decode_utf8_lossy().into_owned())
        }
        ("rooms", Some(_)) if !more => Call::Alias,
        ("ping", None) => Call::Ping,
        ("thirdparty", Some(_)) => Call::Directory,
        _ => Call::Unknown,
    }
}

fn refusal(status: u16, code: &str, words: &str) -> Reply {
    let body = json!({ "errcode": code, "error": words });
    Reply::json(status, body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OwnedRequest;

    fn ask(method: &str, path: &str, token: &str) -> Option<Reply> {
        let mut credentials = Credentials {
            webhook_secrets: vec!["hs".to_owned()],
            ..Credentials::default()
        };
        let bot = "@_desk:example.org".to_owned();
        credentials.others.insert("user_id".to_owned(), bot);
        let request = OwnedRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            ..OwnedRequest::default()
        };
        answer(&request.as_incoming(), &credentials).map(|reply| reply.expect("a reply"))
    }

    #[test]
    fn questions_are_answered_as_the_specification_has_it() {
        let cases = [
            ("PUT", "/_matrix/app/v1/transactions/7", None),
            ("PUT", "/transactions/7", None),
            (
                "GET",
                "/_matrix/app/v1/transactions/7",
                Some((405, "M_UNRECOGNIZED")),
            ),
            ("POST", "/_matrix/app/v1/ping", Some((200, "{}"))),
            (
                "GET",
                "/_matrix/app/v1/users/%40_desk%3Aexample.org",
                Some((200, "{}")),
            ),
            ("GET", "/users/@_desk_a:example.org", Some((200, "{}"))),
            (
                "GET",
                "/_matrix/app/v1/users/@alice:example.org",
                Some((404, "M_NOT_FOUND")),
            ),
            (
                "GET",
                "/_matrix/app/v1/rooms/%23a%3Aexample.org",
                Some((404, "M_NOT_FOUND")),
            ),
            (
                "GET",
                "/_matrix/app/v1/thirdparty/protocol/x",
                Some((404, "M_NOT_FOUND")),
            ),
            (
                "PUT",
                "/_matrix/app/v1/transactions/",
                Some((404, "M_UNRECOGNIZED")),
            ),
            ("PUT", "/elsewhere", Some((404, "M_UNRECOGNIZED"))),
            ("PUT", "", Some((404, "M_UNRECOGNIZED"))),
        ];
        for (method, path, expected) in cases {
            let reply = ask(method, path, "hs");
            let told = reply
                .as_ref()
                .map(|reply| (reply.status, reply.body.as_str()));
            match (told, expected) {
                (None, None) => {}
                (Some((status, body)), Some((wanted, words))) => {
                    assert_eq!(status, wanted, "{method} {path}");
                    assert!(body.contains(words), "{method} {path}: {body}");
                }
                other => panic!("{method} {path}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_foreign_word_is_forbidden_whatever_it_asks() {
        for path in [
            "/_matrix/app/v1/transactions/7",
            "/_matrix/app/v1/ping",
            "/x",
        ] {
            let reply = ask("PUT", path, "other").expect("a reply");
            assert_eq!(reply.status, 403);
            assert!(reply.body.contains("M_FORBIDDEN"), "{}", reply.body);
        }
    }
}
