//! The file by which a homeserver learns of the desk.

use super::id::{BOT, Ours};
use crate::Credentials;
use std::fmt;

/// What a homeserver's administrator puts into its settings, as YAML.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    id: String,
    url: String,
    as_token: String,
    hs_token: String,
    localpart: String,
    server: String,
}

/// What an inbox lacks for a registration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// The bot has no name.
    #[error(
        "the inbox has no `others.user_id`; set it to a name such as @_interdesk_care:example.org"
    )]
    NoBot,
    /// The bot's name is not one that a homeserver takes.
    #[error(
        "`others.user_id` is {0:?}; its first part takes small letters, digits and . _ = - / +"
    )]
    BadBot(String),
    /// There is no token for our calls.
    #[error("the inbox has no `access_token`; set it to a long word of chance")]
    NoAccessToken,
    /// There is no token for the homeserver's calls.
    #[error("the inbox has no `webhook_secrets`; set one to a long word of chance")]
    NoWebhookSecret,
}

impl Registration {
    /// Makes the registration of an inbox that is reached at `url`; `id` is unique among the
    /// application services of the homeserver.
    pub fn of(id: &str, url: &str, credentials: &Credentials) -> Result<Self, RegistrationError> {
        let name = credentials.other(BOT).ok_or(RegistrationError::NoBot)?;
        let bad = || RegistrationError::BadBot(name.to_owned());
        let bot = Ours::parse(name).ok_or_else(bad)?;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c);
        let server = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if !bot.localpart().chars().all(fits) || !bot.server().chars().all(server) {
            return Err(bad());
        }
        let filled = |word: Option<&String>| word.filter(|word| !word.is_empty()).cloned();
        let as_token = filled(credentials.access_token.as_ref());
        // The newest comes first; an older one is taken while it is replaced.
        let hs_token = filled(credentials.webhook_secrets.first());
        Ok(Self {
            id: id.to_owned(),
            url: url.to_owned(),
            as_token: as_token.ok_or(RegistrationError::NoAccessToken)?,
            hs_token: hs_token.ok_or(RegistrationError::NoWebhookSecret)?,
            localpart: bot.localpart().to_owned(),
            server: bot.server().to_owned(),
        })
    }
}

// A text in double quotes is the same in YAML as in JSON.
fn quoted(text: &str) -> serde_json::Value {
    serde_json::Value::String(text.to_owned())
}

/// Writes a name so that it means itself in a regular expression.
fn literal(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() && !"_-:@/=".contains(c) {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, server) = (literal(&self.localpart), literal(&self.server));
        let users = format!("@{name}(_.*)?:{server}");
        let aliases = format!("#{name}_.*:{server}");
        writeln!(
            f,
            "# Install it on the homeserver; it holds secrets of both sides."
        )?;
        writeln!(f, "id: {}", quoted(&self.id))?;
        writeln!(f, "url: {}", quoted(&self.url))?;
        writeln!(f, "as_token: {}", quoted(&self.as_token))?;
        writeln!(f, "hs_token: {}", quoted(&self.hs_token))?;
        writeln!(f, "sender_localpart: {}", quoted(&self.localpart))?;
        writeln!(f, "rate_limited: false")?;
        writeln!(
            f,
            "# Who read what; the second name is that of older homeservers."
        )?;
        writeln!(f, "receive_ephemeral: true")?;
        writeln!(f, "de.sorunome.msc2409.push_ephemeral: true")?;
        writeln!(f, "namespaces:")?;
        writeln!(f, "  users:")?;
        writeln!(f, "    - exclusive: true")?;
        writeln!(f, "      regex: {}", quoted(&users))?;
        writeln!(f, "  aliases:")?;
        writeln!(f, "    - exclusive: true")?;
        writeln!(f, "      regex: {}", quoted(&aliases))?;
        writeln!(f, "  rooms: []")
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registration(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(bot: &str) -> Credentials {
        let mut credentials = Credentials {
            access_token: Some("as \"word\"".to_owned()),
            webhook_secrets: vec!["hs".to_owned(), "older".to_owned()],
            ..Credentials::default()
        };
        credentials.others.insert(BOT.to_owned(), bot.to_owned());
        credentials
    }

    #[test]
    fn the_file_names_the_bot_its_rooms_and_both_tokens() {
        let credentials = credentials("@_interdesk.care:example.org:8448");
        let url = "https://desk.example.org/webhooks/matrix/abc";
        let file = Registration::of("interdesk-abc", url, &credentials).expect("a registration");
        let text = file.to_string();
        for line in [
            "id: \"interdesk-abc\"",
            "url: \"https://desk.example.org/webhooks/matrix/abc\"",
            "as_token: \"as \\\"word\\\"\"",
            "hs_token: \"hs\"",
            "sender_localpart: \"_interdesk.care\"",
            "receive_ephemeral: true",
            "      regex: \"@_interdesk\\\\.care(_.*)?:example\\\\.org:8448\"",
            "      regex: \"#_interdesk\\\\.care_.*:example\\\\.org:8448\"",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
        assert!(!format!("{file:?}").contains("hs"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let of = |credentials: &Credentials| Registration::of("a", "b", credentials).err();
        let mut without = credentials("@_a:example.org");
        without.webhook_secrets.clear();
        assert_eq!(of(&without), Some(RegistrationError::NoWebhookSecret));
        without.access_token = None;
        assert_eq!(of(&without), Some(RegistrationError::NoAccessToken));
        for bot in [
            "_a:example.org",
            "@A:example.org",
            "@a b:example.org",
            "@a:ex/ample",
        ] {
            let bad = Some(RegistrationError::BadBot(bot.to_owned()));
            assert_eq!(of(&credentials(bot)), bad, "{bot}");
        }
        assert_eq!(of(&Credentials::default()), Some(RegistrationError::NoBot));
    }
}
