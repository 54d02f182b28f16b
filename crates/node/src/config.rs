//! The settings of the program: one typed [`Config`] from defaults, a TOML file
//! and the environment, in this order.
//!
//! Every setting is declared once, in `config/settings.rs`. The struct field,
//! the environment name, the allowed range, the printed reference and the error
//! messages all come from that declaration, so they cannot drift apart.

mod check;
mod key;
mod load;
mod print;
mod secret;
mod settings;

pub use check::Check;
pub use key::{Key, Kind};
pub use load::{Error, Problem};
pub use print::{example, reference};
pub use secret::Secret;
pub use settings::{
    Audit, Auth, Bus, Cache, Config, Database, Delivery, Graphql, Http, LogFormat, Presence,
    Providers, Receive, Relay, Routing, Shutdown, Telemetry, keys,
};
