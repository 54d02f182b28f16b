//! Whole webhook requests, built and signed before they are needed.

use crate::{clock, wire::Requests};
use interdesk_simulator::account::WhatsApp;
use interdesk_simulator::{Customer, signature, whatsapp};

/// Builds signed webhooks of one WhatsApp number.
#[derive(Clone)]
pub struct Mailer {
    account: WhatsApp,
    path: String,
    series: String,
    count: u64,
}

/// A webhook request and what is in it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The provider's id of its message.
    pub provider_id: String,
    /// The words.
    pub text: String,
    /// The bytes to send.
    pub request: Vec<u8>,
}

impl Mailer {
    /// Builds for an account whose webhooks go to `path`; `series` keeps message ids apart.
    pub fn new(account: WhatsApp, path: &str, series: &str) -> Self {
        Self {
            account,
            path: path.to_owned(),
            series: series.to_owned(),
            count: 0,
        }
    }

    /// Gives the account's id.
    pub fn account_id(&self) -> &str {
        &self.account.phone_number_id
    }

    /// Begins another series of message ids.
    pub fn in_series(mut self, series: &str) -> Self {
        series.clone_into(&mut self.series);
        self.count = 0;
        self
    }

    /// Writes the next message of a customer.
    pub fn write(&mut self, customer: u64) -> Letter {
        self.count += 1;
        let provider_id = format!("wamid.{}-{:08}", self.series, self.count);
        let text = format!(
            "Message {} of {}: where is my parcel? The tracking page has said the same thing \
             since Monday, and I would like to know when it comes.",
            self.count, self.series
        );
        let sender = Customer::new(phone(customer));
        let body =
            whatsapp::text_webhook(&self.account, &sender, &provider_id, &text, clock::now());
        let signature = signature::meta(&self.account.app_secret, &body);
        let mut request = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             x-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
            self.path,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        Letter {
            provider_id,
            text,
            request,
        }
    }

    /// Writes messages of these customers, one after the other.
    pub fn write_many(&mut self, customers: impl Iterator<Item = u64>) -> Requests {
        let mut requests = Requests::default();
        for customer in customers {
            requests.push(&self.write(customer).request);
        }
        requests
    }
}

/// Gives the telephone number of a customer, from the range that belongs to nobody.
pub fn phone(customer: u64) -> String {
    format!("1555{customer:0>7}")
}
