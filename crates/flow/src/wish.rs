//! What every wish of an agent has in common: one transaction, one effect, one answer.
//!
//! A verb says what it loads, what it refuses and what it writes; the frame around it begins and
//! ends the transaction, meets conflicts with another try, and gives a wish that names a key one
//! effect, however often it is sent.

use crate::once::Once;
use crate::{Context, Desk, Error, Events, conflict};
use chrono::{DateTime, Utc};
use interdesk_domain::agent::Presence;
use interdesk_domain::permission::Viewer;
use interdesk_domain::routing::model::AgentKind;
use interdesk_domain::scope::TenantScope;
use interdesk_store::agents::{self, Standing};
use interdesk_store::conversations::Conversation;
use interdesk_store::{Conn, Transaction, outbox};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Who wishes, under which key, and what events are to say about it.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// Where.
    pub(crate) desk: &'a Desk,
    /// Who.
    pub(crate) viewer: &'a Viewer,
    /// What events are to say about it.
    pub(crate) context: &'a Context,
    key: Option<&'a str>,
    standing: Standing,
}

/// On whose behalf something is said: an agent's, or the desk's own.
#[derive(Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// Where.
    pub(crate) desk: &'a Desk,
    /// Whose customer it is said to.
    pub(crate) scope: TenantScope,
    /// What events are to say about it.
    pub(crate) context: &'a Context,
    /// The agent who says it; without one the desk does.
    pub(crate) viewer: Option<&'a Viewer>,
}

/// How whoever wishes stands before it is read.
const UNKNOWN: Standing = Standing {
    kind: AgentKind::Person,
    presence: Presence::Offline,
    assistants_stopped: false,
    messages_per_day: None,
};

/// Why a verb ends early; nothing of it remains.
pub(crate) enum Halt<T> {
    /// It may not be: the answer says why.
    Refused(T),
    /// It went wrong.
    Failed(Error),
}

impl<T, E: Into<Error>> From<E> for Halt<T> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What an agent may wish for; serialised it is what the wish's key stands for from then on.
pub(crate) trait Verb: Serialize + Sync {
    /// What became of it.
    type Outcome: Serialize + DeserializeOwned + Send;
    /// Its name beside the key.
    const OPERATION: &'static str;
    /// Says that the key was used for something else.
    const KEY_REUSED: Self::Outcome;

    /// Loads and locks, refuses or writes; runs in a transaction of its own.
    fn act(
        &self,
        wish: &Wish<'_>,
        conn: &Conn,
    ) -> impl Future<Output = Result<Self::Outcome, Halt<Self::Outcome>>> + Send;
}

impl<'a> Wish<'a> {
    /// Makes a wish of `viewer`, which has one effect however often it comes under one `key`.
    pub(crate) fn new(
        desk: &'a Desk,
        viewer: &'a Viewer,
        key: Option<&'a str>,
        context: &'a Context,
    ) -> Self {
        Self {
            desk,
            viewer,
            context,
            key,
            standing: UNKNOWN,
        }
    }

    /// Does what is wished for, at most once per key, and returns what became of it.
    pub(crate) async fn fulfil<V: Verb>(self, verb: &V) -> Result<V::Outcome, Error> {
        let once = Once::new(self.viewer, self.key, verb)?;
        conflict::retry(|| self.attempt(&once, verb)).await
    }

    async fn attempt<V: Verb>(&self, once: &Once<'_>, verb: &V) -> Result<V::Outcome, Error> {
        let transaction = self.desk.database.begin(self.scope()).await?;
        // Their token may be good for a while yet.
        let agent = self.viewer.agent;
        let Some(standing) = agents::find_standing(&transaction, self.scope(), agent).await? else {
            transaction.rollback().await?;
            return Err(Error::Disabled);
        };
        let known = Self { standing, ..*self };
        if let Some((answer, written)) = once.recall::<V>(&transaction).await? {
            transaction.rollback().await?;
            self.context.effect.learn(written);
            return Ok(answer);
        }
        match verb.act(&known, &transaction).await {
            Ok(outcome) => {
                self.keep(once, &transaction, &outcome).await?;
                transaction.commit().await?;
                self.desk.committed.notify_one();
                Ok(outcome)
            }
            Err(Halt::Refused(refusal)) => self.withdraw::<V>(transaction, once, refusal).await,
            Err(Halt::Failed(error)) => Err(error),
        }
    }

    /// Remembers the answer where it may be asked for again, and learns where in the log the effect
    /// is where somebody wants to know.
    async fn keep(
        &self,
        once: &Once<'_>,
        conn: &Conn,
        outcome: &impl Serialize,
    ) -> Result<(), Error> {
        if !once.has_key() && !self.context.effect.is_wanted() {
            return Ok(());
        }
        let written = outbox::find_written(conn, self.scope()).await?;
        self.context.effect.learn(written);
        once.remember(conn, outcome, written, self.now()).await
    }

    /// Ends without an effect. While the verb waited for a lock, its twin under the same key may have
    /// had that effect and be the very reason of the refusal: then the twin's answer is the answer.
    async fn withdraw<V: Verb>(
        &self,
        transaction: Transaction,
        once: &Once<'_>,
        refusal: V::Outcome,
    ) -> Result<V::Outcome, Error> {
        let known = once.recall::<V>(&transaction).await?;
        transaction.rollback().await?;
        let (answer, written) = known.unwrap_or((refusal, None));
        self.context.effect.learn(written);
        Ok(answer)
    }

    /// Returns whose data it is about.
    pub(crate) fn scope(&self) -> TenantScope {
        self.viewer.scope()
    }

    /// Returns how whoever wishes stands, as it is when the verb acts.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Returns the present moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.desk.now()
    }

    /// Returns on whose behalf its words are.
    pub(crate) fn voice(&self) -> Voice<'a> {
        Voice {
            desk: self.desk,
            scope: self.scope(),
            context: self.context,
            viewer: Some(self.viewer),
        }
    }

    /// Begins with the events of a locked conversation.
    pub(crate) fn events(&self, conversation: &Conversation) -> Events<'a> {
        let (id, version) = (conversation.id, conversation.version);
        Events::of_conversation(self.desk, self.scope(), id, version, self.context)
    }
}
