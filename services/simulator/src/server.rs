//! The HTTP server: which path belongs to whom.

use std::{any::Any, net::Shutdown, os::fd::AsFd, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::{Extensions, Server, ServerHandle},
    rt::net::TcpStream,
    web::{self, Data, Path, PayloadConfig, ServiceConfig},
};

use crate::{Error, control, matrix, telegram, webhook, whatsapp, world::World};

/// The longest request body.
const LONGEST_BODY: usize = 110 << 20;

/// The socket of a connection, kept so that it can be cut under a request.
pub(crate) struct Connection(std::net::TcpStream);

impl Connection {
    /// Cuts the connection of a request: the caller never gets an answer.
    pub(crate) fn cut(request: &HttpRequest) {
        if let Some(connection) = request.conn_data::<Self>()
            && let Err(error) = connection.0.shutdown(Shutdown::Both)
        {
            tracing::debug!(%error, "the connection was gone before it was cut");
        }
    }

    fn keep(socket: &dyn Any, data: &mut Extensions) {
        let own = socket.downcast_ref::<TcpStream>();
        if let Some(Ok(own)) = own.map(|socket| socket.as_fd().try_clone_to_owned()) {
            data.insert(Self(own.into()));
        }
    }
}

/// Binds a loopback port and starts to serve.
pub(crate) fn start(world: &Arc<World>) -> Result<(Server, ServerHandle, u16), Error> {
    let state = world.clone();
    let app = move || {
        App::new()
            .app_data(Data::from(state.clone()))
            .app_data(PayloadConfig::new(LONGEST_BODY))
            .configure(routes)
    };
    let port = world.settings.port;
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(1)
        .on_connect(Connection::keep)
        .bind(("127.0.0.1", port))
        .map_err(|source| Error::Open {
            what: format!("port {port}"),
            source,
        })?;
    let port = server
        .addrs()
        .first()
        .map_or(port, std::net::SocketAddr::port);
    let server = server.run();
    let handle = server.handle();
    Ok((server, handle, port))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route(
            "/livez",
            web::get().to(async || HttpResponse::Ok().body("ok")),
        )
        .service(web::scope("/_sim").configure(control::routes))
        .configure(matrix::routes)
        .route("/app/files/{id}", web::get().to(app_file))
        .route("/app/{account}/callback", web::post().to(webhook::take))
        .route(
            "/file/bot{token}/{path:.*}",
            web::get().to(telegram::download),
        )
        .route("/bot{token}/{method}", web::post().to(telegram::call))
        .route("/bot{token}/{method}", web::get().to(telegram::call))
        .route(
            "/whatsapp_business/attachments/",
            web::get().to(whatsapp::download),
        )
        .route(
            r"/{version:v\d+\.\d+}/{number}/messages",
            web::post().to(whatsapp::send),
        )
        .route(
            r"/{version:v\d+\.\d+}/{number}/media",
            web::post().to(whatsapp::upload),
        )
        .service(
            web::resource(r"/{version:v\d+\.\d+}/{account}/message_templates")
                .route(web::get().to(whatsapp::templates))
                .route(web::post().to(whatsapp::submit))
                .route(web::delete().to(whatsapp::withdraw)),
        )
        .service(
            web::resource(r"/{version:v\d+\.\d+}/{number}/block_users")
                .route(web::post().to(whatsapp::block_users))
                .route(web::delete().to(whatsapp::block_users)),
        )
        .route(
            r"/{version:v\d+\.\d+}/{number}/smb_app_data",
            web::post().to(whatsapp::bring),
        )
        .route(
            r"/{version:v\d+\.\d+}/{number}/groups",
            web::post().to(whatsapp::add_group),
        )
        .service(
            web::resource(r"/{version:v\d+\.\d+}/{group}/invite_link")
                .route(web::get().to(whatsapp::invite_link))
                .route(web::post().to(whatsapp::invite_link)),
        )
        .service(
            web::resource(r"/{version:v\d+\.\d+}/{group}/join_requests")
                .route(web::get().to(whatsapp::join_requests))
                .route(web::post().to(whatsapp::join_requests))
                .route(web::delete().to(whatsapp::join_requests)),
        )
        .route(
            r"/{version:v\d+\.\d+}/{group}/participants",
            web::delete().to(whatsapp::remove),
        )
        .service(
            web::resource(r"/{version:v\d+\.\d+}/{media}")
                .route(web::get().to(whatsapp::details))
                .route(web::post().to(whatsapp::configure))
                .route(web::delete().to(whatsapp::delete)),
        );
}

/// Answers the address of a file that the third-party app's customers sent.
async fn app_file(world: Data<World>, id: Path<String>) -> HttpResponse {
    match world.files.find(&id) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.mime_type)
            .body(file.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}
