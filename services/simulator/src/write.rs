//! Customers act: what they do becomes a webhook and an entry of the journal.

use std::sync::Arc;

use actix_web::web::Bytes;

use crate::{
    Account, Content, Customer, Draft, Error,
    account::WhatsApp,
    chaos::lock,
    clock::now,
    courier::{self, Parcel},
    customer::Line,
    journal::{Mark, Written},
    matrix,
    media::File,
    telegram, webhook, whatsapp,
    world::World,
};

impl World {
    /// Lets a customer do something. Gives the provider's message id.
    pub(crate) fn write(
        self: &Arc<Self>,
        account: &str,
        customer: &Customer,
        draft: Draft,
    ) -> Result<String, Error> {
        let account = self.known(account)?;
        let key = account.key();
        let answers = self.behaviour(&key).answers;
        if answers > 0 && !matches!(draft.content, Content::Reaction { .. }) {
            let mut customers = lock(&self.customers);
            let memory = customers.meet(&key, customer, now());
            memory.script = (0..answers)
                .map(|n| Content::text(format!("Answer {} of {answers}", n + 1)))
                .collect();
        }
        self.act(&account, customer, draft)
    }

    /// Lets a customer open a talk with lines to say after each reply.
    pub(crate) fn open(
        self: &Arc<Self>,
        account: &str,
        customer: &Customer,
        draft: Draft,
        script: Vec<Content>,
    ) -> Result<String, Error> {
        let account = self.known(account)?;
        {
            let mut customers = lock(&self.customers);
            let memory = customers.meet(&account.key(), customer, now());
            memory.script = script.into();
            memory.replies = 0;
        }
        self.act(&account, customer, draft)
    }

    /// Lets customers write at the same moment; WhatsApp puts all in one request.
    pub(crate) fn write_batch(
        self: &Arc<Self>,
        account: &str,
        messages: Vec<(Customer, Draft)>,
    ) -> Result<Vec<String>, Error> {
        if !(1..=1000).contains(&messages.len()) {
            return Err(Error::BatchSize(messages.len()));
        }
        let Account::WhatsApp(whatsapp) = self.known(account)? else {
            let write = |(customer, draft)| self.write(account, &customer, draft);
            return messages.into_iter().map(write).collect();
        };
        let (mut ids, mut updates, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for (customer, draft) in &messages {
            let (id, update, mark) = self.whatsapp_update(&whatsapp, customer, draft)?;
            ids.push(id);
            updates.push(update);
            marks.push(mark);
        }
        let body = whatsapp::batch(&whatsapp, &updates);
        self.post(account, None, String::new(), body, marks);
        Ok(ids)
    }

    pub(crate) fn act(
        self: &Arc<Self>,
        account: &Account,
        customer: &Customer,
        draft: Draft,
    ) -> Result<String, Error> {
        match account {
            Account::WhatsApp(whatsapp) => {
                if self.block(account, customer, &draft.content)
                    || self.shuts_out(&account.key(), customer)
                {
                    return Ok(String::new());
                }
                let (id, update, mark) = self.whatsapp_update(whatsapp, customer, &draft)?;
                let body = whatsapp::webhook(whatsapp, &update);
                self.post(&account.key(), None, String::new(), body, vec![mark]);
                Ok(id)
            }
            Account::Telegram(telegram) => {
                self.block(account, customer, &draft.content);
                telegram::act(self, telegram, customer, draft)
            }
            Account::Webhook(app) => {
                if self.block(account, customer, &draft.content) {
                    return Ok(String::new());
                }
                webhook::act(self, app, customer, draft)
            }
            Account::Matrix(matrix) => {
                self.block(account, customer, &draft.content);
                matrix::act(self, matrix, customer, draft)
            }
        }
    }

    /// Says whether the business shut a customer out.
    fn shuts_out(&self, account: &str, customer: &Customer) -> bool {
        let mut customers = lock(&self.customers);
        let known = customers.find(account, &customer.id);
        known.is_some_and(|memory| memory.shut_out)
    }

    /// Notes a block or its end; says whether the act was one.
    fn block(&self, account: &Account, customer: &Customer, content: &Content) -> bool {
        let blocks = matches!(content, Content::Block);
        let acts = blocks || matches!(content, Content::Unblock);
        if acts {
            let mut customers = lock(&self.customers);
            customers.meet(&account.key(), customer, now()).blocked = blocks;
        }
        acts
    }

    fn whatsapp_update(
        &self,
        account: &WhatsApp,
        customer: &Customer,
        draft: &Draft,
    ) -> Result<(String, whatsapp::Update, Mark), Error> {
        if customer.id.len() > 15 || customer.id.parse::<u64>().is_err() {
            return Err(Error::CustomerId(customer.id.clone()));
        }
        let file = self.sample(&draft.content);
        let attached = file
            .as_ref()
            .map(|file| (file, self.attachment_url(&file.id)));
        let content = whatsapp::content(account, customer, &draft.content, attached);
        let mut content = content.ok_or(Error::NotOffered {
            channel: "whatsapp",
            what: draft.content.kind(),
        })?;
        if let Some(reply_to) = &draft.reply_to {
            content["context"] =
                serde_json::json!({ "from": account.display_phone_number, "id": reply_to });
        }
        let (id, at) = (self.ids.wamid(), now());
        let update = whatsapp::message(account, customer, &id, at, content);
        let mark = self.wrote(&account.phone_number_id, customer, &id, &id, &draft.content);
        Ok((id, update, mark))
    }

    /// Makes and keeps the file that a content carries.
    pub(crate) fn sample(&self, content: &Content) -> Option<File> {
        let Content::Media { media, .. } = content else {
            return None;
        };
        let file = File::sample(*media, self.ids.digits());
        self.files.keep(file.clone());
        Some(file)
    }

    /// Remembers and journals what a customer did. `line_id` is how the chat names
    /// it, `provider_id` how the journal does.
    pub(crate) fn wrote(
        &self,
        account: &str,
        customer: &Customer,
        line_id: &str,
        provider_id: &str,
        content: &Content,
    ) -> Mark {
        let at = now();
        let mut customers = lock(&self.customers);
        let memory = customers.meet(account, customer, at);
        memory.customer = customer.clone();
        memory.wrote_at = Some(at);
        memory.remember(Line {
            id: line_id.to_owned(),
            from_desk: false,
            text: content.words().to_owned(),
            at,
            reaction: None,
        });
        drop(customers);
        self.journal.write(Written {
            account: account.to_owned(),
            customer: customer.id.clone(),
            provider_id: provider_id.to_owned(),
            kind: content.kind(),
            text: content.words().to_owned(),
            at,
            attempts: 0,
            acknowledged_at: None,
            last_status: None,
        })
    }

    pub(crate) fn post(
        self: &Arc<Self>,
        account: &str,
        lane: Option<String>,
        id: String,
        body: Vec<u8>,
        marks: Vec<Mark>,
    ) {
        let account = account.to_owned();
        courier::post(
            self,
            Parcel {
                account,
                lane,
                id,
                body: Bytes::from(body),
                marks,
            },
        );
    }
}
