//! Agents, queues, inboxes and persons: whatever of them a level of a document asks for is read in one
//! statement.

use super::Reader;
use crate::Error;
use async_graphql::dataloader::Loader;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use interdesk_domain::id::{AgentId, ContactId, InboxId, QueueId};
use interdesk_store::Conn;
use interdesk_store::read::agents::Agent;
use interdesk_store::read::contacts::Contact;
use interdesk_store::read::inboxes::Inbox;
use interdesk_store::read::queues::Queue;
use interdesk_store::read::related::{self, Related, Wanted};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The contact that stands for the person of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PersonOf(pub(crate) ContactId);

type Found = Shared<BoxFuture<'static, Result<Arc<Related>, Error>>>;

/// What is asked for and not read yet, and where its answer will be.
pub(super) type Gathering = Arc<Mutex<Option<(Wanted, Found)>>>;

impl Reader {
    /// Reads what `ask` adds, together with what the loaders beside it ask for.
    async fn related(&self, ask: impl FnOnce(&mut Wanted)) -> Result<Arc<Related>, Error> {
        let found = {
            let mut gathered = self.related.lock().unwrap_or_else(PoisonError::into_inner);
            let (wanted, found) = gathered.get_or_insert_with(|| {
                // A task of its own: as a future of those who await it, whoever asks second would
                // wake it, and not the end of the asking.
                let reads = tokio::spawn(read(self.clone()));
                let found = reads.map(|found| found.unwrap_or(Err(Error::Internal)));
                (Wanted::default(), found.boxed().shared())
            });
            ask(wanted);
            found.clone()
        };
        found.await
    }
}

async fn read(reader: Reader) -> Result<Arc<Related>, Error> {
    // The batches of the other kinds are ready too, and may stand behind this one.
    tokio::task::yield_now().await;
    let gathered = {
        let mut gathered = reader.related.lock();
        let gathered = gathered.as_mut();
        gathered.map_or_else(|poisoned| poisoned.get_mut().take(), |held| held.take())
    };
    let wanted = gathered.map(|(wanted, _)| wanted).unwrap_or_default();
    let find = async |conn: &Conn| related::find(conn, reader.scope, &wanted).await;
    Ok(Arc::new(reader.read(find).await?))
}

macro_rules! related {
    ($($key:ty => $row:ty, $wanted:ident, $found:ident, $id:expr, $keyed:expr;)*) => {$(
        #[async_graphql::async_trait::async_trait]
        impl Loader<$key> for Reader {
            type Value = $row;
            type Error = Error;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $row>, Error> {
                let ask = |wanted: &mut Wanted| wanted.$wanted.extend(keys.iter().map($id));
                let found = self.related(ask).await?;
                let rows = found.$found.iter().map($keyed);
                Ok(rows.filter(|(key, _)| keys.contains(key)).collect())
            }
        }
    )*};
}

related! {
    AgentId => Agent, agents, agents, |id| *id, |row| (row.id, row.clone());
    QueueId => Queue, queues, queues, |id| *id, |row| (row.id, row.clone());
    InboxId => Inbox, inboxes, inboxes, |id| *id, |row| (row.id, row.clone());
    PersonOf => Contact, contacts, persons, |key| key.0,
        |row| (PersonOf(row.asked_id), row.contact.clone());
}
