//! Bounds of what one request or socket may take.

use std::time::Duration;

/// Bounds what one HTTP request and one WebSocket may cost the process.
#[derive(Clone, Debug)]
pub struct TransportLimits {
    /// Bytes of an HTTP request body; more is answered with 413.
    pub max_body_bytes: usize,
    /// Tokens of one document; more are refused before it is parsed.
    pub max_tokens: usize,
    /// Bytes of one WebSocket message; more closes the socket with 1009.
    pub max_message_bytes: usize,
    /// Operations one socket may have open; one more is answered with an `error` message.
    pub max_operations_per_socket: usize,
    /// Messages that wait for a slow client; at this number its operations pause.
    pub max_buffered_messages: usize,
    /// How long the buffer may stay full before the socket closes with 1013.
    pub slow_client_timeout: Duration,
    /// How long a new socket may take to send `connection_init` before it closes with 4408.
    pub init_timeout: Duration,
    /// Pause between pings; a peer silent for two of them is dead.
    pub keep_alive: Duration,
    /// How long a closing socket waits for room to say why.
    pub close_timeout: Duration,
}

impl Default for TransportLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 256 * 1024,
            max_tokens: 5_000,
            max_message_bytes: 256 * 1024,
            max_operations_per_socket: 64,
            max_buffered_messages: 128,
            slow_client_timeout: Duration::from_secs(15),
            init_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(12),
            close_timeout: Duration::from_secs(1),
        }
    }
}
