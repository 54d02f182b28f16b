//! A visitor of a page, as far as the widget's API is concerned.

use crate::harness::PATIENCE;
use interdesk_channels::webchat::identity as signing;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// The page that the inbox allows.
pub(crate) const ORIGIN: &str = "https://shop.example.org";
/// The inbox's name.
pub(crate) const WEBSITE: &str = "website";
/// Signs identities; twice of it signs sessions.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// An inbox of the web chat, with what a test adds to its settings.
pub(crate) fn website(account: &str, more: Value) -> Value {
    let mut others = json!({
        "allowed_origins": format!("{ORIGIN} http://127.0.0.1:*"),
        "identity_secret": SECRET,
    });
    for (name, value) in more.as_object().expect("an object") {
        others[name] = value.clone();
    }
    // Each inbox has its own.
    let secret = match account {
        WEBSITE => SECRET.repeat(2),
        _ => format!("{account}{}", SECRET.repeat(2)),
    };
    json!({
        "channel": "webchat",
        "name": account,
        "account_id": account,
        "queue": "Support",
        "credentials": { "webhook_secrets": [secret], "others": others },
    })
}

/// Signs claims as a page's server does.
pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    signing::sign(claims, secret).expect("a token")
}

/// Signs an identity that is good for ten minutes.
pub(crate) fn identity(claims: &Value) -> String {
    let now = chrono::Utc::now().timestamp();
    let mut all = json!({ "iat": now, "exp": now + 600 });
    for (name, value) in claims.as_object().expect("an object") {
        all[name] = value.clone();
    }
    sign(&all, SECRET)
}

/// Signs an id the older way: the signature of a token is an HMAC too.
pub(crate) fn hash(user: &str) -> String {
    hmac_by_openssl(user, SECRET)
}

/// HMAC-SHA256 in hex by a program that knows nothing of ours.
fn hmac_by_openssl(message: &str, key: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key, "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(message.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    text.split(' ').next().expect("a hash").to_owned()
}

/// A page with the widget of an inbox.
#[derive(Clone)]
pub(crate) struct Page {
    url: String,
    /// What its browser says about it.
    origin: Option<String>,
    client: Client,
}

impl Page {
    /// A page that is allowed.
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            origin: Some(ORIGIN.to_owned()),
            client: Client::new(),
        }
    }

    /// The same inbox on another page, or on none.
    pub(crate) fn on(&self, origin: Option<&str>) -> Self {
        Self {
            origin: origin.map(str::to_owned),
            ..self.clone()
        }
    }

    /// Prepares a request.
    pub(crate) fn request(&self, method: &str, path: &str, token: Option<&str>) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let mut request = self.client.request(method, format!("{}/{path}", self.url));
        if let Some(origin) = &self.origin {
            request = request.header("origin", origin);
        }
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Begins a session.
    pub(crate) async fn begin(&self, body: Value) -> Visitor {
        let answer = self
            .request("POST", "sessions", None)
            .json(&body)
            .send()
            .await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let told: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::CREATED, "{told}");
        Visitor {
            page: self.clone(),
            token: told["token"].as_str().expect("a token").to_owned(),
            told,
        }
    }
}

/// A visitor with a session.
pub(crate) struct Visitor {
    page: Page,
    /// What proves them.
    pub(crate) token: String,
    /// What they were told at the beginning.
    pub(crate) told: Value,
}

impl Visitor {
    /// The same with another token.
    pub(crate) fn with(&self, token: String) -> Self {
        Self {
            page: self.page.clone(),
            token,
            told: Value::Null,
        }
    }

    /// Asks for something without a body.
    pub(crate) async fn request(&self, method: &str, path: &str) -> (StatusCode, Value) {
        let asked = self.page.request(method, path, Some(&self.token));
        read(asked.send().await.expect("an answer")).await
    }

    /// Posts something.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let asked = self
            .page
            .request("POST", path, Some(&self.token))
            .json(&body);
        read(asked.send().await.expect("an answer")).await
    }

    /// Sends something by any method.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut asked = self.page.request(method, path, Some(&self.token));
        if let Some(body) = &body {
            asked = asked.json(body);
        }
        read(asked.send().await.expect("an answer")).await
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, name: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
        let path = format!("files?name={name}");
        let asked = self.page.request("POST", &path, Some(&self.token));
        read(asked.body(bytes).send().await.expect("an answer")).await
    }

    /// Writes a message.
    pub(crate) async fn write(&self, id: &str, text: &str) -> Value {
        let (status, answer) = self
            .post("messages", json!({ "id": id, "text": text }))
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Tells how far they are.
    pub(crate) async fn receipt(&self, state: &str, up_to: &Value) {
        let (status, answer) = self
            .post("receipts", json!({ "state": state, "up_to": up_to }))
            .await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    }

    /// Reads a page of what was said.
    pub(crate) async fn history(&self, query: &str) -> Value {
        let (status, answer) = self.request("GET", &format!("messages{query}")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Reads the words of what was said.
    pub(crate) async fn texts(&self) -> Vec<String> {
        let history = self.history("").await;
        let messages = history["messages"].as_array().expect("messages");
        let text = |message: &Value| message["text"].as_str().unwrap_or_default().to_owned();
        messages.iter().map(text).collect()
    }

    /// Follows what happens, from now or behind an event.
    pub(crate) async fn feed(&self, after: Option<&str>) -> Feed {
        let mut asked = self.page.request("GET", "events", Some(&self.token));
        if let Some(after) = after {
            asked = asked.header("last-event-id", after);
        }
        let answer = asked.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let kind = answer.headers().get("content-type").expect("a type");
        assert_eq!(kind, "text/event-stream");
        Feed {
            answer,
            rest: String::new(),
            events: Vec::new(),
            last: after.unwrap_or_default().to_owned(),
            read: 0,
        }
    }
}

async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// A live feed and what it showed.
pub(crate) struct Feed {
    answer: Response,
    rest: String,
    events: Vec<(String, Value)>,
    last: String,
    read: usize,
}

impl Feed {
    /// Waits for the next event of a kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        self.until_one(kind, |_| true).await
    }

    /// Waits for a message with these words.
    pub(crate) async fn until_text(&mut self, text: &str) -> Value {
        self.until_one("message", |message| message["text"] == text)
            .await
    }

    /// Waits for a message that fits.
    pub(crate) async fn until_message(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        self.until_one("message", fits).await
    }

    /// Waits until everything up to a place was shown; returns the id to go on behind.
    pub(crate) async fn until_seen(&mut self, seq: &Value) -> String {
        let seq = seq.as_i64();
        self.until_one("seen", |seen| seen["seq"].as_i64() >= seq)
            .await;
        self.last.clone()
    }

    /// The id to go on behind.
    pub(crate) fn last_id(&self) -> String {
        self.last.clone()
    }

    /// Who was there when it was last told.
    pub(crate) fn status(&self) -> Value {
        let mut told = self.events.iter().rev();
        told.find(|(kind, _)| kind == "status")
            .expect("a status")
            .1
            .clone()
    }

    /// The words of all messages that were shown, each once, in their order.
    pub(crate) fn latest_texts(&self) -> Vec<String> {
        let messages = self.events.iter().filter(|(kind, _)| kind == "message");
        let by_seq: std::collections::BTreeMap<i64, String> = messages
            .map(|(_, message)| {
                let text = message["text"].as_str().unwrap_or_default();
                (message["seq"].as_i64().expect("a place"), text.to_owned())
            })
            .collect();
        by_seq.into_values().collect()
    }

    async fn until_one(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            while let Some((is, data)) = self.events.get(self.read) {
                self.read += 1;
                if is == kind && fits(data) {
                    return data.clone();
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("waited in vain for {kind}"));
            let chunk = chunk.expect("an open feed");
            let chunk = chunk.unwrap_or_else(|| panic!("the feed ended before {kind}"));
            self.take(&String::from_utf8_lossy(&chunk));
        }
    }

    fn take(&mut self, chunk: &str) {
        self.rest.push_str(chunk);
        while let Some((block, rest)) = self.rest.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(kind) = field("event: ") {
                let data = field("data: ").unwrap_or("null");
                let data = serde_json::from_str(data).expect("JSON");
                self.events.push((kind.to_owned(), data));
            }
            if let Some(id) = field("id: ") {
                self.last = id.to_owned();
            }
            self.rest = rest.to_owned();
        }
    }
}
