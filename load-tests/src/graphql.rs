//! An agent at the desk: the public GraphQL API, over HTTP and over graphql-transport-ws.

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const PRESENCE: &str = "mutation PresenceSet($input: PresenceSetInput!) {
    presenceSet(input: $input) { status } }";
const OFFERS: &str = "query Offers { offers { id conversation { id } } }";
const ACCEPT: &str = "mutation OfferAccept($input: OfferAcceptInput!, $key: String!) {
    offerAccept(input: $input) @idempotent(key: $key) { status conversation { id } } }";
const DECLINE: &str = "mutation OfferDecline($input: OfferDeclineInput!, $key: String!) {
    offerDecline(input: $input) @idempotent(key: $key) { status } }";
const REPLY: &str = "mutation MessageReply($input: MessageReplyInput!, $key: String!) {
    messageReply(input: $input) @idempotent(key: $key) { status } }";
const RESOLVE: &str =
    "mutation ConversationResolve($input: ConversationResolveInput!, $key: String!) {
    conversationResolve(input: $input) @idempotent(key: $key) { status } }";
const WAITING: &str = "query Waiting { conversations(first: 20, filter: { status: [NEW] }) {
    nodes { id workItem { id state } } } }";
const CLAIM: &str = "mutation WorkClaim($input: WorkClaimInput!, $key: String!) {
    workClaim(input: $input) @idempotent(key: $key) { status } }";
const EVENTS: &str = "subscription DeskEvents($after: Cursor, $kinds: [String!]) {
    deskEvents(after: $after, kinds: $kinds) { id seq kind cursor offer { id } } }";

/// An agent with a token.
#[derive(Clone, Debug)]
pub struct Agent {
    client: reqwest::Client,
    port: u16,
    token: String,
}

/// An offer as its agent sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub id: String,
    /// About which conversation.
    pub conversation: String,
}

impl Agent {
    /// Signs in with a token at the desk's port.
    pub fn new(port: u16, token: &str) -> Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            client,
            port,
            token: token.to_owned(),
        })
    }

    /// Gives the token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Says that the agent takes work.
    pub async fn come_online(&self) -> Result<()> {
        let variables = json!({ "input": { "presence": "ONLINE" } });
        let status = self.status("presenceSet", PRESENCE, variables).await?;
        ensure!(
            matches!(status.as_str(), "CHANGED" | "UNCHANGED"),
            "presenceSet: {status}"
        );
        Ok(())
    }

    /// Lists what is offered to the agent now.
    pub async fn offers(&self) -> Result<Vec<Offer>> {
        let data = self.ask(OFFERS, json!({})).await?;
        let offers = data["offers"]
            .as_array()
            .context("the answer has no offers")?;
        let read = |offer: &Value| {
            Some(Offer {
                id: offer["id"].as_str()?.to_owned(),
                conversation: offer["conversation"]["id"].as_str()?.to_owned(),
            })
        };
        Ok(offers.iter().filter_map(read).collect())
    }

    /// Takes an offer; gives what became of it.
    pub async fn accept(&self, offer: &str, key: &str) -> Result<String> {
        let variables = json!({ "input": { "offerId": offer }, "key": key });
        self.status("offerAccept", ACCEPT, variables).await
    }

    /// Refuses an offer; gives what became of it.
    pub async fn decline(&self, offer: &str, key: &str) -> Result<String> {
        let variables = json!({ "input": { "offerId": offer }, "key": key });
        self.status("offerDecline", DECLINE, variables).await
    }

    /// Answers in a conversation; gives what became of it.
    pub async fn reply(&self, conversation: &str, text: &str, key: &str) -> Result<String> {
        let input = json!({ "conversationId": conversation, "content": { "text": text } });
        self.status("messageReply", REPLY, json!({ "input": input, "key": key }))
            .await
    }

    /// Ends a conversation's episode; gives what became of it.
    pub async fn resolve(&self, conversation: &str, key: &str) -> Result<String> {
        let variables = json!({ "input": { "conversationId": conversation }, "key": key });
        self.status("conversationResolve", RESOLVE, variables).await
    }

    /// Lists work that waits for somebody, a few of it: the work item and its conversation.
    pub async fn waiting(&self) -> Result<Vec<(String, String)>> {
        let data = self.ask(WAITING, json!({})).await?;
        let nodes = data["conversations"]["nodes"]
            .as_array()
            .context("the answer has no conversations")?;
        let read = |node: &Value| {
            let item = &node["workItem"];
            let both = (
                item["id"].as_str()?.to_owned(),
                node["id"].as_str()?.to_owned(),
            );
            (item["state"] == "QUEUED").then_some(both)
        };
        Ok(nodes.iter().filter_map(read).collect())
    }

    /// Takes work that waits; gives what became of it.
    pub async fn claim(&self, work_item: &str, key: &str) -> Result<String> {
        let variables = json!({ "input": { "workItemId": work_item }, "key": key });
        self.status("workClaim", CLAIM, variables).await
    }

    async fn status(&self, field: &str, document: &str, variables: Value) -> Result<String> {
        let data = self.ask(document, variables).await?;
        let status = data[field]["status"].as_str();
        Ok(status
            .with_context(|| format!("{field} tells no status: {data}"))?
            .to_owned())
    }

    /// Runs a document and gives its data.
    pub async fn ask(&self, document: &str, variables: Value) -> Result<Value> {
        let answer = self
            .client
            .post(format!("http://127.0.0.1:{}/graphql", self.port))
            .bearer_auth(&self.token)
            .header(
                "accept",
                "application/graphql-response+json, application/json",
            )
            .json(&json!({ "query": document, "variables": variables }))
            .send()
            .await?;
        let mut answer: Value = answer.json().await?;
        if let Some(errors) = answer.get("errors") {
            bail!("GraphQL errors: {errors}");
        }
        Ok(answer["data"].take())
    }

    /// Watches the desk, behind a cursor or from now on; `kinds` empty means everything.
    pub async fn subscribe(&self, after: Option<&str>, kinds: &[&str]) -> Result<Events> {
        let kinds = (!kinds.is_empty()).then_some(kinds);
        let variables = json!({ "after": after, "kinds": kinds });
        let payload = json!({ "query": EVENTS, "variables": variables });
        self.open("/graphql", payload).await
    }

    /// Watches something else at another path.
    pub async fn subscribe_at(&self, path: &str, document: &str) -> Result<Events> {
        self.open(path, json!({ "query": document })).await
    }

    async fn open(&self, path: &str, payload: Value) -> Result<Events> {
        let mut request = format!("ws://127.0.0.1:{}{path}", self.port).into_client_request()?;
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        // Thousands are open at once.
        let config = WebSocketConfig::default().read_buffer_size(4_096);
        let (socket, _) = connect_async_with_config(request, Some(config), true).await?;
        let mut events = Events { socket };
        let authorization = format!("Bearer {}", self.token);
        let introduction = json!({ "authorization": authorization });
        events
            .send(json!({ "type": "connection_init", "payload": introduction }))
            .await?;
        let acknowledged = events.receive().await?;
        ensure!(
            acknowledged["type"] == "connection_ack",
            "not let in: {acknowledged}"
        );
        events
            .send(json!({ "type": "subscribe", "id": "1", "payload": payload }))
            .await?;
        Ok(events)
    }
}

/// Something that happened at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskEvent {
    /// Which, as a UUID.
    pub id: String,
    /// Its place in the workspace's order.
    pub seq: u64,
    /// What.
    pub kind: String,
    /// The place to go on from.
    pub cursor: String,
}

/// A subscription under way.
pub struct Events {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Events {
    /// Waits for the next event.
    pub async fn next(&mut self) -> Result<DeskEvent> {
        let message = self.receive().await?;
        ensure!(
            message["type"] == "next",
            "the subscription ended: {message}"
        );
        let event = &message["payload"]["data"]["deskEvents"];
        let text = |name: &str| event[name].as_str().map(str::to_owned);
        let read = || {
            Some(DeskEvent {
                id: uuid(&text("id")?)?,
                seq: event["seq"].as_u64()?,
                kind: text("kind")?,
                cursor: text("cursor")?,
            })
        };
        read().with_context(|| format!("an event that cannot be read: {message}"))
    }

    async fn receive(&mut self) -> Result<Value> {
        loop {
            let frame = self
                .socket
                .next()
                .await
                .context("the socket was closed")??;
            let Message::Text(text) = frame else {
                ensure!(!frame.is_close(), "the socket was closed: {frame}");
                continue;
            };
            let message: Value = serde_json::from_str(&text)?;
            match message["type"].as_str() {
                Some("ping") => self.send(json!({ "type": "pong" })).await?,
                Some("pong") => {}
                _ => return Ok(message),
            }
        }
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }
}

/// Reads the UUID in an id of the API: a prefix and 26 letters of base 32.
pub fn uuid(id: &str) -> Option<String> {
    const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    let (_, letters) = id.rsplit_once('_')?;
    let mut number: u128 = 0;
    for letter in letters.chars() {
        number = (number << 5) | ALPHABET.find(letter)? as u128;
    }
    let hex = format!("{number:032x}");
    Some(
        [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_of_an_id_is_read_as_typeid_says() {
        let id = "prefix_01h455vb4pex5vsknk084sn02q";
        assert_eq!(
            uuid(id).as_deref(),
            Some("01890a5d-ac96-774b-bcce-b302099a8057")
        );
    }
}
