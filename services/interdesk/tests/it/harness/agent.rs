//! An agent at the desk, over GraphQL as any client has it.

use super::{Live, PATIENCE};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a reply answers with.
const REPLY: &str = "mutation($input: MessageReplyInput!, $key: String!) {
    messageReply(input: $input) @idempotent(key: $key) {
    status version refusal { code path message } message { id text delivery { state } } } }";

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Agent {
    http: reqwest::Client,
    url: String,
    /// What proves them.
    pub(crate) token: String,
}

impl Agent {
    /// Takes a token.
    pub(crate) fn new(url: String, token: String) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        Self {
            http: http.expect("a client"),
            url,
            token,
        }
    }

    /// Exchanges a password for a token.
    pub(crate) async fn sign_in(url: String, slug: &str, email: &str, password: &str) -> Self {
        let stranger = Self::new(url.clone(), String::new());
        let input = json!({ "workspace": slug, "email": email, "password": password });
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { status token } }";
        let data = stranger.ask(query, json!({ "input": input })).await;
        assert_eq!(data["signIn"]["status"], "SIGNED_IN", "{data}");
        let token = data["signIn"]["token"].as_str().expect("a token");
        Self::new(url, token.to_owned())
    }

    /// Sends an operation and returns its data; errors end the test.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.ask_within(None, query, variables).await
    }

    /// Sends an operation as a part of a trace.
    pub(crate) async fn ask_within(
        &self,
        traceparent: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Value {
        let answer = self.send(traceparent, query, variables).send().await;
        let answer = answer.expect("an answer").text().await.expect("a body");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// Prepares an operation.
    pub(crate) fn send(
        &self,
        traceparent: Option<&str>,
        query: &str,
        variables: Value,
    ) -> reqwest::RequestBuilder {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let url = format!("{}/graphql", self.url);
        let mut request = self.http.post(url).body(body);
        request = request.header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        match traceparent {
            Some(trace) => request.header("traceparent", trace),
            None => request,
        }
    }

    /// Says that they take work.
    pub(crate) async fn online(&self) {
        self.presence("ONLINE").await;
    }

    /// Says what they are.
    pub(crate) async fn presence(&self, presence: &str) {
        let query = "mutation($input: PresenceSetInput!) {
            presenceSet(input: $input) { status agent { presence } } }";
        let input = json!({ "input": { "presence": presence } });
        let data = self.ask(query, input).await;
        assert_eq!(data["presenceSet"]["agent"]["presence"], presence, "{data}");
    }

    /// Takes an offer; returns the payload.
    pub(crate) async fn accept(&self, offer: &Value) -> Value {
        let query = "mutation($input: OfferAcceptInput!) { offerAccept(input: $input) {
            status refusal { code path } conversation { id assignee { id } } } }";
        let data = self.ask(query, offer_input(offer)).await;
        data["offerAccept"].clone()
    }

    /// Refuses an offer; returns the payload.
    pub(crate) async fn decline(&self, offer: &Value) -> Value {
        let query = "mutation($input: OfferDeclineInput!) { offerDecline(input: $input) {
            status refusal { code } } }";
        let data = self.ask(query, offer_input(offer)).await;
        data["offerDecline"].clone()
    }

    /// Answers a customer; returns the payload.
    pub(crate) async fn reply(&self, conversation: &Value, text: &str) -> Value {
        let input = json!({ "conversationId": conversation, "content": { "text": text } });
        self.reply_with(None, None, input).await
    }

    /// Answers with a key, within a trace, or with a special input.
    pub(crate) async fn reply_with(
        &self,
        traceparent: Option<&str>,
        key: Option<&str>,
        input: Value,
    ) -> Value {
        let (query, variables) = Self::reply_operation(key, input);
        let data = self.ask_within(traceparent, &query, variables).await;
        data["messageReply"].clone()
    }

    /// The operation of a reply, under a fresh key unless one is given.
    pub(crate) fn reply_operation(key: Option<&str>, input: Value) -> (String, Value) {
        static FRESH: AtomicU64 = AtomicU64::new(0);
        let fresh = format!("reply {}", FRESH.fetch_add(1, Ordering::Relaxed));
        let key = key.unwrap_or(&fresh);
        (REPLY.to_owned(), json!({ "input": input, "key": key }))
    }

    /// Ends a conversation; returns the payload.
    pub(crate) async fn resolve(&self, conversation: &Value) -> Value {
        let query = "mutation($input: ConversationResolveInput!) {
            conversationResolve(input: $input) { status conversation { status } } }";
        let input = json!({ "input": { "conversationId": conversation } });
        self.ask(query, input).await["conversationResolve"].clone()
    }

    /// Lists the offers that wait for them.
    pub(crate) async fn offers(&self) -> Vec<Value> {
        let query = "{ offers { id state conversation { id } } }";
        let data = self.ask(query, json!({})).await;
        data["offers"].as_array().expect("offers").clone()
    }

    /// Reads a message's delivery.
    pub(crate) async fn delivery(&self, message: &Value) -> Value {
        let query = "query($id: ID!) { node(id: $id) { ... on Message {
            delivery { state attempts failure { reason retryable detail } } } } }";
        let data = self.ask(query, json!({ "id": message })).await;
        data["node"]["delivery"].clone()
    }

    /// Watches the desk from now on, and leaves the agent offline.
    pub(crate) async fn watch(&self) -> Live {
        let url = format!("{}/graphql/ws", self.url.replace("http:", "ws:"));
        let mut live = Live::open(&url, &self.token).await;
        // The protocol does not say when a subscription stands; a first event does.
        loop {
            self.presence("AWAY").await;
            self.presence("OFFLINE").await;
            if live.stands().await {
                return live;
            }
        }
    }

    /// Takes the next offer that the subscription shows to this agent; returns the conversation.
    pub(crate) async fn take_next(&self, live: &mut Live) -> Value {
        let event = live
            .until("an offer", |event| event["kind"] == "offer_made")
            .await;
        let accepted = self.accept(&event["offer"]["id"]).await;
        assert_eq!(accepted["status"], "ACCEPTED", "{accepted}");
        accepted["conversation"]["id"].clone()
    }
}

fn offer_input(offer: &Value) -> Value {
    json!({ "input": { "offerId": offer } })
}
