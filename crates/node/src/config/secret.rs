//! Secrets among the settings.

pub use interdesk_domain::secret::Secret;
