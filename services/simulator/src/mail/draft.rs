//! A customer's mail.

use super::Caught;
use crate::clock;

/// A customer's mail, before it is bytes.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Who writes, as `Customer 12 <customer12@example.org>` or the address alone.
    pub from: String,
    /// Whom to.
    pub to: String,
    /// What about.
    pub subject: String,
    /// The words.
    pub text: String,
    /// The id, without brackets.
    pub message_id: String,
    /// The id of the mail that it answers.
    pub in_reply_to: Option<String>,
    /// A file: its name, its type, its bytes.
    pub file: Option<(String, String, Vec<u8>)>,
}

impl Draft {
    /// Answers a mail that the desk sent, as mail apps do: to its reply address, with the quote.
    pub fn answer(caught: &Caught, from: &str, message_id: &str, text: &str) -> Self {
        let header = |name| caught.header(name).unwrap_or_default();
        let to = caught.header("reply-to").unwrap_or_else(|| header("from"));
        let subject = header("subject");
        let answered = header("message-id");
        Self {
            from: from.to_owned(),
            to: address(&to),
            subject: match subject.starts_with("Re:") {
                true => subject,
                false => format!("Re: {subject}"),
            },
            text: format!("{text}\r\n\r\nOn Monday, Desk wrote:\r\n> what you wrote before\r\n"),
            message_id: message_id.to_owned(),
            in_reply_to: Some(answered.trim_matches(['<', '>']).to_owned()),
            file: None,
        }
    }

    /// Returns the envelope sender.
    pub fn sender(&self) -> String {
        address(&self.from)
    }

    /// Writes it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}>\r\n\
             MIME-Version: 1.0\r\n",
            self.from,
            self.to,
            self.subject,
            clock::now().to_rfc2822(),
            self.message_id,
        );
        if let Some(answered) = &self.in_reply_to {
            head.push_str(&format!(
                "In-Reply-To: <{answered}>\r\nReferences: <{answered}>\r\n"
            ));
        }
        let words = format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
            self.text
        );
        let Some((name, kind, bytes)) = &self.file else {
            return format!("{head}{words}").into_bytes();
        };
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines: Vec<_> = bytes
            .as_bytes()
            .chunks(76)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "{head}Content-Type: multipart/mixed; boundary=simulated\r\n\r\n--simulated\r\n{words}\
             --simulated\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n{}\r\n--simulated--\r\n",
            lines.join("\r\n")
        )
        .into_bytes()
    }
}

fn address(mailbox: &str) -> String {
    let inner = mailbox.rsplit_once('<').map_or(mailbox, |(_, rest)| rest);
    inner.trim_end_matches('>').trim().to_owned()
}
