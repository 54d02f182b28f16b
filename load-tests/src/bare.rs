//! The measure of the API: bare handlers on the same web server.
//!
//! `/page` runs the SQL of a tape and writes the JSON that the desk wrote, `/list` answers a GraphQL list from
//! memory, and `/live` is a subscription to which nothing happens. There is no sign-in, no isolation that the SQL
//! does not bring, no limit.

use crate::tape::{Player, Tape};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::{Context, Result};
use async_graphql::http::{ALL_WEBSOCKET_PROTOCOLS, WebSocket, WebSocketProtocols, WsMessage};
use async_graphql::{EmptyMutation, Object, Schema, SimpleObject, Subscription};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};

/// What is served.
#[derive(Clone, Debug, clap::Parser)]
#[command(about = "Bare handlers beside which the API is measured")]
pub struct Options {
    /// The port of the loopback.
    #[arg(long)]
    pub port: u16,
    /// Everything that is played, as `bench` wrote it.
    #[arg(long)]
    pub script: PathBuf,
}

/// What the handlers play.
#[derive(Debug, Serialize, Deserialize)]
pub struct Script {
    /// Where the database is.
    pub database_url: String,
    /// Connections to it.
    pub connections: usize,
    /// The SQL of the page.
    pub tape: Tape,
    /// The JSON of the page.
    pub page: Value,
    /// The rows of the list.
    pub list: Vec<Row>,
}

/// A conversation in a list.
#[derive(Clone, Debug, Serialize, Deserialize, SimpleObject)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    id: String,
    status: String,
    version: i64,
    last_text: Option<String>,
    last_message_at: Option<String>,
    contact: Option<Named>,
    assignee: Option<Named>,
    queue: Option<Named>,
}

/// Something with a name.
#[derive(Clone, Debug, Serialize, Deserialize, SimpleObject)]
pub struct Named {
    id: String,
    name: Option<String>,
}

/// Rows of a list.
#[derive(SimpleObject)]
struct Rows {
    nodes: Vec<Row>,
}

struct Query {
    rows: Vec<Row>,
}

#[Object]
impl Query {
    async fn conversations(&self, first: usize) -> Rows {
        Rows {
            nodes: self.rows.iter().take(first).cloned().collect(),
        }
    }
}

struct Live;

#[Subscription]
impl Live {
    async fn happened(&self) -> impl stream::Stream<Item = i32> {
        stream::pending()
    }
}

type Memory = Schema<Query, EmptyMutation, Live>;

/// Connections to the database that play the tape.
struct Pool {
    free: Mutex<Vec<Player>>,
    turns: Semaphore,
}

impl Pool {
    async fn play(&self) -> Result<()> {
        let _turn = self.turns.acquire().await?;
        let taken = self.free.lock().await.pop();
        let mut player = taken.context("a turn without a connection")?;
        // A connection that fails is not put back: the measurement fails with it.
        player.play().await?;
        self.free.lock().await.push(player);
        Ok(())
    }
}

/// Serves until it is killed.
pub async fn serve(options: Options) -> Result<()> {
    let script: Script = serde_json::from_slice(&std::fs::read(&options.script)?)?;
    let tape = Arc::new(script.tape);
    let mut free = Vec::new();
    for _ in 0..script.connections {
        free.push(Player::connect(&script.database_url, tape.clone()).await?);
    }
    let pool = web::Data::new(Pool {
        free: Mutex::new(free),
        turns: Semaphore::new(script.connections),
    });
    let page = web::Data::new(script.page);
    let query = Query { rows: script.list };
    let memory = web::Data::new(Memory::build(query, EmptyMutation, Live).finish());
    let app = move || {
        App::new()
            .app_data(pool.clone())
            .app_data(page.clone())
            .app_data(memory.clone())
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/page", web::post().to(answer_page))
            .route("/list", web::post().to(answer_list))
            .route("/live", web::get().to(subscribe))
    };
    let server = HttpServer::new(app).bind(("127.0.0.1", options.port))?;
    Ok(server.run().await?)
}

/// Reads the request to its end first, as the desk does: actix closes a connection whose request was answered
/// before its body had come, and the database can be that quick.
async fn answer_page(
    pool: web::Data<Pool>,
    page: web::Data<Value>,
    _asked: web::Bytes,
) -> HttpResponse {
    if let Err(error) = pool.play().await {
        return HttpResponse::InternalServerError().body(error.to_string());
    }
    HttpResponse::Ok().json(page.get_ref())
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    #[serde(default)]
    variables: Value,
}

async fn answer_list(asked: web::Json<Asked>, memory: web::Data<Memory>) -> HttpResponse {
    let Asked { query, variables } = asked.into_inner();
    let variables = async_graphql::Variables::from_json(variables);
    let request = async_graphql::Request::new(query).variables(variables);
    HttpResponse::Ok().json(memory.execute(request).await)
}

async fn subscribe(
    request: HttpRequest,
    body: web::Payload,
    memory: web::Data<Memory>,
) -> actix_web::Result<HttpResponse> {
    let protocols = ALL_WEBSOCKET_PROTOCOLS;
    let (response, mut session, incoming) =
        actix_ws::handle_with_protocols(&request, body, &protocols)?;
    let said = incoming.filter_map(async |message| match message {
        Ok(actix_ws::Message::Text(text)) => Some(text.into_bytes().to_vec()),
        _ => None,
    });
    let mut told = WebSocket::new(
        memory.get_ref().clone(),
        said.boxed_local(),
        WebSocketProtocols::GraphQLWS,
    );
    actix_web::rt::spawn(async move {
        while let Some(message) = told.next().await {
            let sent = match message {
                WsMessage::Text(text) => session.text(text).await,
                WsMessage::Close(..) => break,
            };
            if sent.is_err() {
                break;
            }
        }
        let _ = session.close(None).await;
    });
    Ok(response)
}
