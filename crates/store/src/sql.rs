//! SQL in the open: a statement is the text that PostgreSQL sees, its values bound by type.
//!
//! Diesel brings the connection, the types, the transactions and the migrations. Its query builder
//! is left aside on purpose: the hot statements are set-based (`unnest`, `WITH … INSERT`), which it
//! cannot write, and one way of writing is easier to read than two. Unlike `diesel::sql_query`, a
//! [`Statement`] has a fixed text, so that each connection keeps its prepared form.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::{IsNull, Output};
use diesel::sql_types as ty;
use diesel::{QueryResult, deserialize};
use interdesk_domain::agent::Presence;
use interdesk_domain::consent::Consent;
use interdesk_domain::conversation::ConversationStatus;
use interdesk_domain::delivery::DeliveryState;
use interdesk_domain::handover::{DeclineReason, HandoverKind, HandoverState};
use interdesk_domain::id::*;
use interdesk_domain::inbox::{ChannelKind, ThirdPartyInbox};
use interdesk_domain::message::{GroupRole, Standing};
use interdesk_domain::permission::{Role, SessionEnd};
use interdesk_domain::policy::PolicyKind;
use interdesk_domain::routing::model::{AgentKind, WorkClass};
use interdesk_domain::sla::{Clock as SlaClock, End, Hours, Medium, Outcome, State as SlaState};
use interdesk_domain::work_item::{OfferState, WorkItemState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write as _;
use uuid::Uuid;

/// Begins a statement; `$1`, `$2`… stand for the values bound in that order, each as often as wanted.
pub(crate) fn sql<'a>(text: &'static str) -> Statement<'a> {
    Statement {
        text,
        values: Vec::new(),
    }
}

/// A statement with a fixed text and its values.
pub(crate) struct Statement<'a> {
    text: &'static str,
    values: Vec<Box<dyn Value + 'a>>,
}

impl<'a> Statement<'a> {
    /// Binds the next value.
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        T: Bind<Raw: 'a>,
        Pg: ty::HasSqlType<T::Sql>,
    {
        self.values.push(Box::new(Bound::<T::Sql, T::Raw>(
            value.encode(),
            Default::default(),
        )));
        self
    }
}

/// A Rust type that can be bound, and how PostgreSQL sees it.
pub(crate) trait Bind {
    /// The type in SQL.
    type Sql: Send + 'static;
    /// What diesel knows how to send.
    type Raw: diesel::serialize::ToSql<Self::Sql, Pg> + Send + Sync;
    /// Turns the value into that.
    fn encode(self) -> Self::Raw;
}

/// A Rust type that can be read from a column.
pub(crate) trait Column: Sized {
    /// The type in SQL.
    type Sql: 'static;
    /// What diesel knows how to read.
    type Raw: deserialize::FromSql<Self::Sql, Pg> + 'static;
    /// Turns that into the value.
    fn decode(raw: Self::Raw) -> deserialize::Result<Self>;
}

trait Value: Send + Sync {
    fn push<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Bound<S, T>(T, std::marker::PhantomData<fn() -> S>);

impl<S, T> Value for Bound<S, T>
where
    Pg: ty::HasSqlType<S>,
    T: diesel::serialize::ToSql<S, Pg> + Send + Sync,
{
    fn push<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_bind_param::<S, T>(&self.0)
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut rest = self.text;
        while let Some(at) = rest.find('$') {
            pass.push_sql(&rest[..at]);
            let digits = rest[at + 1..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            let number: usize = rest[at + 1..at + 1 + digits].parse().unwrap_or(0);
            let value = number
                .checked_sub(1)
                .and_then(|index| self.values.get(index));
            let value = value.ok_or_else(|| {
                let text = format!("no value ${number} in {}", self.text);
                diesel::result::Error::QueryBuilderError(text.into())
            })?;
            value.push(pass.reborrow())?;
            rest = &rest[at + 1 + digits..];
        }
        pass.push_sql(rest);
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = ty::Untyped;
}

impl<C> diesel::RunQueryDsl<C> for Statement<'_> {}

macro_rules! plain {
    ($($rust:ty as $sql:ty;)*) => {$(
        impl Bind for $rust {
            type Sql = $sql;
            type Raw = $rust;
            fn encode(self) -> $rust {
                self
            }
        }

        impl Column for $rust {
            type Sql = $sql;
            type Raw = $rust;
            fn decode(raw: $rust) -> deserialize::Result<$rust> {
                Ok(raw)
            }
        }
    )*};
}

plain! {
    Uuid as ty::Uuid;
    String as ty::Text;
    i16 as ty::SmallInt;
    i32 as ty::Integer;
    i64 as ty::BigInt;
    bool as ty::Bool;
    Vec<u8> as ty::Binary;
    DateTime<Utc> as ty::Timestamptz;
    serde_json::Value as ty::Jsonb;
}

impl<'a> Bind for &'a str {
    type Sql = ty::Text;
    type Raw = &'a str;
    fn encode(self) -> &'a str {
        self
    }
}

impl<'a> Bind for &'a serde_json::Value {
    type Sql = ty::Jsonb;
    type Raw = &'a serde_json::Value;
    fn encode(self) -> Self::Raw {
        self
    }
}

/// JSON in a column of type `json`: text that PostgreSQL keeps as it came and never takes apart, which
/// for a large document costs it a tenth of what `jsonb` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    /// Writes a value.
    pub fn write(what: &'static str, value: &impl Serialize) -> Result<Self, crate::Error> {
        let written = serde_json::to_string(value);
        written
            .map(Self)
            .map_err(|source| crate::Error::Unreadable { what, source })
    }

    /// Reads it back.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// [`JsonText`] on its way.
#[derive(Debug)]
pub(crate) struct RawJson<T>(T);

impl<T: AsRef<str> + std::fmt::Debug> diesel::serialize::ToSql<ty::Json, Pg> for RawJson<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        out.write_all(self.0.as_ref().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl deserialize::FromSql<ty::Json, Pg> for RawJson<String> {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(String::from_utf8(value.as_bytes().to_vec())?))
    }
}

impl<'a> Bind for &'a JsonText {
    type Sql = ty::Json;
    type Raw = RawJson<&'a str>;
    fn encode(self) -> Self::Raw {
        RawJson(&self.0)
    }
}

impl Column for JsonText {
    type Sql = ty::Json;
    type Raw = RawJson<String>;
    fn decode(raw: Self::Raw) -> deserialize::Result<Self> {
        Ok(Self(raw.0))
    }
}

impl<'a> Bind for &'a [u8] {
    type Sql = ty::Binary;
    type Raw = &'a [u8];
    fn encode(self) -> &'a [u8] {
        self
    }
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Bind for $name {
            type Sql = ty::Uuid;
            type Raw = Uuid;
            fn encode(self) -> Uuid {
                self.0
            }
        }

        impl Column for $name {
            type Sql = ty::Uuid;
            type Raw = Uuid;
            fn decode(raw: Uuid) -> deserialize::Result<Self> {
                Ok(Self(raw))
            }
        }
    )*};
}

ids! {
    TenantId AgentId TeamId QueueId InboxId ContactId IdentityId ConversationId EpisodeId MessageId
    AttachmentId FileId AttemptId WorkItemId OfferId TransferId DecisionId EventId TimerId RawWebhookId NoteId ChangeId
    ScheduleId AbsenceId PresenceReasonId PolicyId NotificationId RoleId SessionId ApiKeyId TagId
    ViewId IdentityProviderId
}

macro_rules! words {
    ($($name:ident)*) => {$(
        impl Bind for $name {
            type Sql = ty::Text;
            type Raw = &'static str;
            fn encode(self) -> &'static str {
                self.as_str()
            }
        }

        impl Column for $name {
            type Sql = ty::Text;
            type Raw = String;
            fn decode(raw: String) -> deserialize::Result<Self> {
                Self::parse(&raw).ok_or_else(|| {
                    format!("{raw:?} is no {}", stringify!($name)).into()
                })
            }
        }
    )*};
}

words! {
    Consent Presence ConversationStatus DeliveryState ChannelKind Role OfferState WorkItemState ThirdPartyInbox
    DeclineReason HandoverKind HandoverState PolicyKind AgentKind WorkClass SlaClock SlaState End Outcome Hours Medium SessionEnd
    Standing GroupRole
}

impl<T: Bind> Bind for Option<T>
where
    T::Sql: ty::SqlType<IsNull = ty::is_nullable::NotNull>,
    Option<T::Raw>: diesel::serialize::ToSql<ty::Nullable<T::Sql>, Pg>,
{
    type Sql = ty::Nullable<T::Sql>;
    type Raw = Option<T::Raw>;
    fn encode(self) -> Self::Raw {
        self.map(Bind::encode)
    }
}

impl<T: Column> Column for Option<T>
where
    T::Sql: ty::SqlType<IsNull = ty::is_nullable::NotNull>,
    Option<T::Raw>: deserialize::FromSql<ty::Nullable<T::Sql>, Pg>,
{
    type Sql = ty::Nullable<T::Sql>;
    type Raw = Option<T::Raw>;
    fn decode(raw: Self::Raw) -> deserialize::Result<Self> {
        raw.map(T::decode).transpose()
    }
}

/// Several values bound as one array, for `unnest` and `ANY`.
pub(crate) struct Many<T>(pub(crate) Vec<T>);

/// Collects one column of many rows.
pub(crate) fn many<T, R>(rows: impl IntoIterator<Item = R>, column: impl Fn(R) -> T) -> Many<T> {
    Many(rows.into_iter().map(column).collect())
}

impl<T: Bind> Bind for Many<T>
where
    Vec<T::Raw>: diesel::serialize::ToSql<ty::Array<T::Sql>, Pg>,
{
    type Sql = ty::Array<T::Sql>;
    type Raw = Vec<T::Raw>;
    fn encode(self) -> Self::Raw {
        self.0.into_iter().map(Bind::encode).collect()
    }
}

impl Column for Vec<interdesk_domain::id::ContactId> {
    type Sql = ty::Array<ty::Uuid>;
    type Raw = Vec<uuid::Uuid>;
    fn decode(raw: Vec<uuid::Uuid>) -> deserialize::Result<Self> {
        Ok(raw.into_iter().map(Into::into).collect())
    }
}

impl Column for Vec<Uuid> {
    type Sql = ty::Array<ty::Uuid>;
    type Raw = Vec<Uuid>;
    fn decode(raw: Vec<Uuid>) -> deserialize::Result<Self> {
        Ok(raw)
    }
}

impl Column for Vec<String> {
    type Sql = ty::Array<ty::Text>;
    type Raw = Vec<String>;
    fn decode(raw: Vec<String>) -> deserialize::Result<Self> {
        Ok(raw)
    }
}

/// Declares a row: a struct whose fields are read from the columns of the same names.
macro_rules! row {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl diesel::QueryableByName<diesel::pg::Pg> for $name {
            fn build<'a>(
                row: &impl diesel::row::NamedRow<'a, diesel::pg::Pg>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(Self { $(
                    $field: <$type as $crate::sql::Column>::decode(diesel::row::NamedRow::get::<
                        <$type as $crate::sql::Column>::Sql,
                        <$type as $crate::sql::Column>::Raw,
                    >(row, stringify!($field))?)?,
                )* })
            }
        }
    };
}

pub(crate) use row;
