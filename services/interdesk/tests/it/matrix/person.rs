//! A person with a Matrix app, as far as these tests need one.

use crate::harness::PATIENCE;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Somebody on the homeserver.
pub(super) struct Person {
    http: reqwest::Client,
    base: String,
    token: String,
    /// Their user id.
    pub(super) user: String,
    /// Where the next `/sync` goes on.
    since: Option<String>,
    /// What came and was not looked for yet.
    timeline: Vec<Value>,
    passing: Vec<Value>,
    count: u32,
}

impl Person {
    /// Makes an account.
    pub(super) async fn register(base: &str, name: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        let mut person = Self {
            http: http.expect("a client"),
            base: base.to_owned(),
            token: String::new(),
            user: String::new(),
            since: None,
            timeline: Vec::new(),
            passing: Vec::new(),
            count: 0,
        };
        let body = json!({
            "username": name,
            "password": "a-long-password",
            "auth": { "type": "m.login.dummy" },
        });
        let made = person.ask(Method::POST, "/register", &body).await;
        let text = |name: &str| made[name].as_str().expect("a text").to_owned();
        person.token = text("access_token");
        person.user = text("user_id");
        person
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/_matrix/client/v3{path}", self.base);
        let mut request = self.http.request(method.clone(), url);
        if method != Method::GET {
            request = request.body(body.to_string());
        }
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Makes a room for two.
    pub(super) async fn invite(&self, user: &str) -> String {
        let body = json!({ "preset": "private_chat", "is_direct": true, "invite": [user] });
        let made = self.ask(Method::POST, "/createRoom", &body).await;
        made["room_id"].as_str().expect("a room").to_owned()
    }

    /// Makes a room and asks others in.
    pub(super) async fn makes_room(&self, others: &[&str]) -> String {
        let body = json!({ "preset": "private_chat", "invite": others });
        let made = self.ask(Method::POST, "/createRoom", &body).await;
        made["room_id"].as_str().expect("a room").to_owned()
    }

    /// Asks somebody into a room.
    pub(super) async fn asks_in(&self, room: &str, user: &str) {
        let path = format!("/rooms/{room}/invite");
        self.ask(Method::POST, &path, &json!({ "user_id": user }))
            .await;
    }

    /// Enters a room.
    pub(super) async fn joins(&self, room: &str) {
        let path = format!("/rooms/{room}/join");
        self.ask(Method::POST, &path, &json!({})).await;
    }

    /// Chooses another name.
    pub(super) async fn calls_themselves(&self, name: &str) {
        let path = format!("/profile/{}/displayname", self.user);
        self.ask(Method::PUT, &path, &json!({ "displayname": name }))
            .await;
    }

    /// Sends a picture.
    pub(super) async fn shows(&mut self, room: &str, name: &str, mime_type: &str, bytes: &[u8]) {
        let url = format!("{}/_matrix/media/v3/upload?filename={name}", self.base);
        let request = self.http.post(url).bearer_auth(&self.token);
        let request = request.header("content-type", mime_type);
        let answer = request.body(bytes.to_vec()).send().await;
        let answer = answer.expect("an answer").bytes().await.expect("a body");
        let kept: Value = serde_json::from_slice(&answer).expect("JSON");
        let content = json!({
            "msgtype": "m.image",
            "body": name,
            "url": kept["content_uri"],
            "info": { "mimetype": mime_type, "size": bytes.len() },
        });
        self.send(room, "m.room.message", &content).await;
    }

    fn file(&self, address: &str) -> reqwest::RequestBuilder {
        let path = address
            .strip_prefix("mxc://")
            .expect("an address of a file");
        let url = format!("{}/_matrix/client/v1/media/download/{path}", self.base);
        self.http.get(url)
    }

    /// Reads a file.
    pub(super) async fn downloads(&self, address: &str) -> Vec<u8> {
        let request = self.file(address).bearer_auth(&self.token);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await.expect("bytes").to_vec()
    }

    /// Tries to read a file as nobody; returns the status.
    pub(super) async fn downloads_without_token(&self, address: &str) -> u16 {
        let answer = self.file(address).send().await.expect("an answer");
        answer.status().as_u16()
    }

    /// Lists who is in a room.
    pub(super) async fn members(&self, room: &str) -> Vec<String> {
        let path = format!("/rooms/{room}/joined_members");
        let joined = self.ask(Method::GET, &path, &Value::Null).await;
        let joined = joined["joined"].as_object().cloned().unwrap_or_default();
        joined.into_iter().map(|(user, _)| user).collect()
    }

    /// Reads what somebody calls themselves.
    pub(super) async fn name_of(&self, user: &str) -> String {
        let path = format!("/profile/{user}/displayname");
        let profile = self.ask(Method::GET, &path, &Value::Null).await;
        profile["displayname"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    async fn send(&mut self, room: &str, kind: &str, content: &Value) -> String {
        self.count += 1;
        let path = format!("/rooms/{room}/send/{kind}/txn-{}", self.count);
        let sent = self.ask(Method::PUT, &path, content).await;
        sent["event_id"].as_str().expect("an event").to_owned()
    }

    /// Writes; returns the event.
    pub(super) async fn say(&mut self, room: &str, words: &str) -> String {
        let content = json!({ "msgtype": "m.text", "body": words });
        self.send(room, "m.room.message", &content).await
    }

    /// Puts other words in the place of earlier ones.
    pub(super) async fn edits(&mut self, room: &str, event: &str, words: &str) {
        let content = json!({
            "msgtype": "m.text",
            "body": format!("* {words}"),
            "m.new_content": { "msgtype": "m.text", "body": words },
            "m.relates_to": { "rel_type": "m.replace", "event_id": event },
        });
        self.send(room, "m.room.message", &content).await;
    }

    /// Reacts; returns the event.
    pub(super) async fn reacts(&mut self, room: &str, to: &Value, key: &str) -> String {
        let relation =
            json!({ "rel_type": "m.annotation", "event_id": to["event_id"], "key": key });
        let content = json!({ "m.relates_to": relation });
        self.send(room, "m.reaction", &content).await
    }

    /// Takes an event back.
    pub(super) async fn takes_back(&mut self, room: &str, event: &str) {
        self.count += 1;
        let path = format!("/rooms/{room}/redact/{event}/txn-{}", self.count);
        self.ask(Method::PUT, &path, &json!({})).await;
    }

    /// Shows that an event was read.
    pub(super) async fn reads(&self, room: &str, event: &Value) {
        let id = event["event_id"].as_str().expect("an id");
        let path = format!("/rooms/{room}/receipt/m.read/{id}");
        self.ask(Method::POST, &path, &json!({})).await;
    }

    /// Shows that they are writing.
    pub(super) async fn types(&self, room: &str) {
        let path = format!("/rooms/{room}/typing/{}", self.user);
        let body = json!({ "typing": true, "timeout": 20_000 });
        self.ask(Method::PUT, &path, &body).await;
    }

    /// Leaves a room.
    pub(super) async fn leaves(&self, room: &str) {
        let path = format!("/rooms/{room}/leave");
        self.ask(Method::POST, &path, &json!({})).await;
    }

    /// Shuts somebody out of a room.
    pub(super) async fn removes(&self, room: &str, user: &str) {
        let path = format!("/rooms/{room}/ban");
        let body = json!({ "user_id": user });
        self.ask(Method::POST, &path, &body).await;
    }

    /// Tells whether somebody asks them into a room.
    pub(super) async fn is_invited_to(&self, room: &str) -> bool {
        // The homeserver remembers its answer to the question as it was asked at the beginning.
        let path = "/sync?full_state=true";
        let all = self.ask(Method::GET, path, &Value::Null).await;
        all["rooms"]["invite"].get(room).is_some()
    }

    async fn sync(&mut self) {
        let path = match &self.since {
            Some(since) => format!("/sync?timeout=1000&since={since}"),
            None => "/sync".to_owned(),
        };
        let news = self.ask(Method::GET, &path, &Value::Null).await;
        self.since = news["next_batch"].as_str().map(str::to_owned);
        let rooms = news["rooms"]["join"].as_object();
        for room in rooms.into_iter().flatten().map(|(_, room)| room) {
            let list = |name: &str| room[name]["events"].as_array().cloned().unwrap_or_default();
            self.timeline.extend(list("timeline"));
            self.passing.extend(list("ephemeral"));
        }
    }

    /// Waits for an event of a timeline; each is found once.
    pub(super) async fn sees(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.timeline.iter().position(&is_it) {
                return self.timeline.remove(at);
            }
            assert!(
                Instant::now() < end,
                "{} waited in vain for {what}",
                self.user
            );
            self.sync().await;
        }
    }

    async fn sees_passing(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !self.passing.iter().any(&is_it) {
            assert!(
                Instant::now() < end,
                "{} waited in vain for {what}",
                self.user
            );
            self.sync().await;
        }
    }

    /// Waits until somebody is shown as writing.
    pub(super) async fn sees_typing(&mut self, who: &str) {
        let types = |event: &Value| {
            let users = event["content"]["user_ids"].as_array();
            event["type"] == "m.typing"
                && users.is_some_and(|users| users.iter().any(|it| it == who))
        };
        self.sees_passing("typing", types).await;
    }

    /// Waits until somebody is shown to have read something.
    pub(super) async fn sees_read(&mut self, who: &str) {
        let reads = |event: &Value| {
            let read = event["content"].as_object().cloned().unwrap_or_default();
            event["type"] == "m.receipt"
                && read
                    .values()
                    .any(|kinds| kinds["m.read"].get(who).is_some())
        };
        self.sees_passing("a receipt", reads).await;
    }
}
