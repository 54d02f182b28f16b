//! News of accounts: kept as they came, and noted for every inbox that they are about.

use super::member::group_key;
use super::{Change, Source};
use crate::inbox_health::Account;
use crate::{Context, Error};
use interdesk_domain::event::Envelope;
use interdesk_domain::id::InboxId;
use interdesk_domain::message::{AccountNews, Told};
use interdesk_store::{group_members, inbox_health as rows};

impl Change<'_> {
    pub(super) async fn account(
        &self,
        source: &Source,
        news: &AccountNews,
    ) -> Result<Vec<Envelope>, Error> {
        let subject = match &news.told {
            Told::Health { condition, .. } => condition.subject.as_str(),
            Told::Template(_) => "template",
        };
        let subject = interdesk_domain::message::storable(subject);
        self.keep(source, format!("account: {subject}"), &news.raw)
            .await?;
        let mut inboxes = self.meant(source, news).await?;
        // One order for all keeps two of them from waiting for each other in a circle.
        inboxes.sort_unstable_by_key(|inbox| inbox.0);
        inboxes.dedup();
        let context = Context::system(source.trace.clone(), None);
        let (desk, conn, scope) = (self.desk, self.transaction, self.scope);
        let mut events = Vec::new();
        for inbox in inboxes {
            let mut account = Account::lock(desk, conn, scope, inbox, &context).await?;
            match &news.told {
                Told::Health {
                    condition,
                    per_second,
                } => {
                    account.note(condition, source.at).await?;
                    if let Some(most) = per_second.and_then(|it| i32::try_from(it).ok()) {
                        account.facts.per_second = Some(most);
                    }
                }
                Told::Template(template) => account.template(template, source.at).await?,
            }
            if inbox == source.inbox && account.facts.business_account.is_none() {
                account.facts.business_account = news.business_account.clone();
            }
            events.extend(account.finish().await?);
        }
        Ok(events)
    }

    /// Returns which inboxes the news are about: one callback may serve several numbers of several
    /// business accounts. What is not known of an inbox yet is taken for what its own path brings.
    async fn meant(&self, source: &Source, news: &AccountNews) -> Result<Vec<InboxId>, Error> {
        let (conn, scope) = (self.transaction, self.scope);
        if let Some(number) = &news.number {
            let known = rows::find_by_number(conn, scope, number).await?;
            if let Some(inbox) = known {
                return Ok(vec![inbox]);
            }
        }
        let own = rows::find(conn, scope, source.inbox).await?;
        let is_others = |told: &Option<String>, own: &Option<String>| {
            told.is_some() && own.is_some() && told != own
        };
        let is_another = own.is_some_and(|own| {
            is_others(&news.number, &own.number)
                || is_others(&news.business_account, &own.business_account)
        });
        let mut inboxes = match is_another {
            true => Vec::new(),
            false => vec![source.inbox],
        };
        if let Some(shared) = &news.business_account {
            inboxes.extend(rows::list_sharing(conn, scope, shared).await?);
        }
        Ok(inboxes)
    }

    /// Lets a group's conversations go on under its new id.
    pub(super) async fn move_group(
        &self,
        source: &Source,
        from: &str,
        to: &str,
    ) -> Result<Vec<Envelope>, Error> {
        let (from, to) = (crate::key::stored_id(from), crate::key::stored_id(to));
        let keys = (group_key(source, &from), group_key(source, &to));
        let (conn, scope) = (self.transaction, self.scope);
        group_members::copy(conn, scope, source.inbox, &from, &to).await?;
        interdesk_store::conversations::move_group(
            conn,
            scope,
            source.inbox,
            (&from, &keys.0),
            (&to, &keys.1),
        )
        .await?;
        Ok(Vec::new())
    }
}
