//! Events: what happened, in the past tense, with ids and facts and never a body.
//!
//! The JSON form is a promise to every consumer: a change is additive or a new schema version.

mod envelope;
mod kind;

use crate::agent::Presence;
use crate::consent::{Consent, Evidence};
use crate::conversation::ConversationStatus;
use crate::delivery::{DeliveryState, FailureReason};
use crate::handover::{DeclineReason, HandoverState, ReleaseReason};
use crate::id::*;
use crate::inbox::{ChannelKind, ThirdPartyInbox};
use crate::message::{GroupRole, HealthState, Standing};
use crate::permission::SessionEnd;
use crate::policy::PolicyKind;
use crate::routing::limit::Limited;
use crate::sla::{Clock, Medium, Party};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use envelope::{Actor, Aggregate, AggregateKind, Envelope, SCHEMA_VERSION};

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are the ids that their names say")]
pub enum Event {
    /// The tenant was created.
    TenantCreated {},
    /// The operator of the installation keeps the tenant out, lets it in again, or says how much it
    /// may use.
    TenantTermsChanged { suspended: bool },
    /// An agent was added.
    AgentAdded { agent: AgentId },
    /// An inbox was connected.
    InboxConnected {
        inbox: InboxId,
        channel: ChannelKind,
    },
    /// How well an inbox is changed in one respect.
    InboxHealthChanged {
        inbox: InboxId,
        subject: String,
        state: HealthState,
        reason: String,
    },
    /// What the provider thinks of a template changed, or it is new or gone.
    TemplateChanged {
        inbox: InboxId,
        name: String,
        language: String,
        status: String,
    },
    /// An agent proved who they are.
    AgentSignedIn { agent: AgentId },
    /// Too many wrong passwords: nobody signs in as the agent for a while.
    SignInLocked { agent: AgentId },
    /// An agent has another password; all their sessions ended.
    PasswordChanged { agent: AgentId },
    /// From now on sign-ins of an agent ask for a code too, or no more.
    SecondFactorChanged { agent: AgentId, is_on: bool },
    /// An account of an identity provider is an agent from now on.
    AgentAccountLinked {
        agent: AgentId,
        provider: IdentityProviderId,
    },
    /// A session of an agent ended, or all of them where none is named.
    SessionEnded {
        agent: AgentId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        reason: SessionEnd,
    },
    /// A program may speak to the API as an agent.
    ApiKeyCreated { agent: AgentId, key: ApiKeyId },
    /// It may not any more.
    ApiKeyRevoked { agent: AgentId, key: ApiKeyId },
    /// Where people prove who they are is new, other than before, or gone.
    IdentityProviderChanged { provider: IdentityProviderId },
    /// A role of the tenant's own is new, allows something else, or is gone.
    RoleChanged { role: RoleId },
    /// An agent chose another presence.
    AgentPresenceChanged {
        agent: AgentId,
        from: Presence,
        to: Presence,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<PresenceReasonId>,
    },
    /// How an agent is set up changed: skills, languages, capacity, time off and what else is named.
    AgentUpdated {
        agent: AgentId,
        changed: Vec<String>,
    },
    /// A team is new, or its name, hours or members changed.
    TeamChanged { team: TeamId },
    /// A queue is new, or its name, hours or teams changed.
    QueueChanged { queue: QueueId },
    /// An inbox keeps other files than before, of those that come.
    InboxFilesChanged {
        inbox: InboxId,
        max_bytes: Option<i64>,
        types: Option<Vec<String>>,
    },
    /// A version of a policy was saved, staged to a share of the work, or activated from a moment
    /// on; `version` is absent where all work follows the version in force again, or the policy was
    /// retired.
    PolicyChanged {
        policy_kind: PolicyKind,
        subject: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i32>,
        active: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<DateTime<Utc>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staged_permille: Option<i32>,
    },
    /// Other hours apply from a moment on.
    ScheduleChanged {
        schedule: ScheduleId,
        version: i32,
        from: DateTime<Utc>,
    },
    /// The days of reports begin by another zone, named as IANA does.
    WorkspaceZoneChanged { zone: String },
    /// All assistants were stopped, or may work again.
    AssistantsStopped { stopped: bool },
    /// A word of the workspace's own for a presence is new, stands for something else, or is gone.
    PresenceReasonChanged { reason: PresenceReasonId },
    /// Where third-party apps are shown was chosen: by an agent for themselves, or for the workspace
    /// where no agent is named. `None` is the workspace's choice again.
    ThirdPartyInboxChosen {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        choice: Option<ThirdPartyInbox>,
    },
    /// A person wrote for the first time.
    ContactAdded { contact: ContactId },
    /// Another address was found to be the same person.
    IdentityLinked {
        contact: ContactId,
        identity: IdentityId,
    },
    /// An address became invalid.
    IdentityRetired {
        contact: ContactId,
        identity: IdentityId,
    },
    /// Whether we may write to a person on a network changed, by what they said or by what an agent
    /// was told. Events of before tell `allowed` alone.
    ConsentChanged {
        contact: ContactId,
        network: String,
        allowed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Consent>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Consent>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Evidence>,
    },
    /// An agent found that a contact is the same person as another.
    ContactLinked {
        contact: ContactId,
        into: ContactId,
        note: NoteId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<MessageId>,
    },
    /// An agent found that a contact is not the person that it was linked into.
    ContactUnlinked {
        contact: ContactId,
        from: ContactId,
        note: NoteId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<MessageId>,
    },
    /// An agent gave a contact another name.
    ContactRenamed { contact: ContactId },
    /// What is known about a contact changed: attributes, segments and what else is named.
    ContactUpdated {
        contact: ContactId,
        changed: Vec<String>,
    },
    /// A conversation began.
    ConversationOpened {
        conversation: ConversationId,
        episode: EpisodeId,
        contact: ContactId,
        inbox: InboxId,
    },
    /// A conversation that was done began its next episode.
    ConversationReopened {
        conversation: ConversationId,
        episode: EpisodeId,
        number: i32,
    },
    /// A customer's message arrived.
    MessageReceived {
        conversation: ConversationId,
        episode: EpisodeId,
        message: MessageId,
        inbox: InboxId,
        channel: ChannelKind,
        content: String,
    },
    /// One of us wrote in the provider's own app.
    MessageEchoed {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// A message from before the desk had the inbox was brought to it. Nobody waits for an answer by it.
    MessageImported {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// A group changed: somebody came or went, or it is called otherwise. The message tells what.
    GroupChanged {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// A program answered for a customer, or wrote on its own account, in a conversation of theirs.
    /// Nobody waits for an answer by it. The message holds its words.
    NoticeReceived {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// Somebody came into a group, left it, or is something else in it. The conversation is the one
    /// that is open with the group, where there is any.
    GroupMemberChanged {
        contact: ContactId,
        inbox: InboxId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<ConversationId>,
        standing: Standing,
        role: GroupRole,
    },
    /// A message was replaced by its author.
    MessageEdited {
        conversation: ConversationId,
        message: MessageId,
        revision: i32,
    },
    /// A message was taken back by its author.
    MessageDeleted {
        conversation: ConversationId,
        message: MessageId,
    },
    /// A message was withdrawn when its time was over: nothing of what it held is kept.
    MessageExpired {
        conversation: ConversationId,
        message: MessageId,
    },
    /// The reactions of one person to a message changed.
    ReactionChanged {
        conversation: ConversationId,
        message: MessageId,
        withdrawn: bool,
    },
    /// An episode was put into a queue.
    WorkItemQueued {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        epoch: i32,
    },
    /// An agent began work by themselves; it counts for their capacity.
    WorkItemTaken {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        agent: AgentId,
    },
    /// What a limit of its queue made of a work item was told to its customer, by a message of the desk
    /// itself, or could not be told.
    WorkItemLimited {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        outcome: Limited,
        message: Option<MessageId>,
        untold: Option<String>,
    },
    /// A work item ended without an agent.
    WorkItemCancelled {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
    },
    /// A work item was finished; its agent has room again.
    WorkItemDone {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        agent: AgentId,
    },
    /// A work item was shown to an agent.
    OfferMade {
        conversation: ConversationId,
        work_item: WorkItemId,
        offer: OfferId,
        agent: AgentId,
        queue: QueueId,
        epoch: i32,
        expires_at: DateTime<Utc>,
    },
    /// The agent took it.
    OfferAccepted {
        conversation: ConversationId,
        work_item: WorkItemId,
        offer: OfferId,
        agent: AgentId,
        queue: QueueId,
    },
    /// The agent refused it; it waits again.
    OfferDeclined {
        conversation: ConversationId,
        work_item: WorkItemId,
        offer: OfferId,
        agent: AgentId,
        queue: QueueId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<DeclineReason>,
    },
    /// The deadline passed; it waits again.
    OfferExpired {
        conversation: ConversationId,
        work_item: WorkItemId,
        offer: OfferId,
        agent: AgentId,
        queue: QueueId,
    },
    /// It was taken back.
    OfferRescinded {
        conversation: ConversationId,
        work_item: WorkItemId,
        offer: OfferId,
        agent: AgentId,
        queue: QueueId,
    },
    /// An agent's work went back to its queue, in its next epoch.
    WorkItemReleased {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        agent: AgentId,
        epoch: i32,
        reason: ReleaseReason,
    },
    /// Work went to another agent, who has it, or to another queue, where it waits.
    WorkItemTransferred {
        conversation: ConversationId,
        work_item: WorkItemId,
        transfer: TransferId,
        queue: QueueId,
        from: AgentId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<AgentId>,
        epoch: i32,
    },
    /// A colleague was asked to take work over; until they answer it stays where it is.
    TransferAsked {
        conversation: ConversationId,
        work_item: WorkItemId,
        transfer: TransferId,
        queue: QueueId,
        from: AgentId,
        to: AgentId,
        expires_at: DateTime<Utc>,
    },
    /// Work was not taken over: it stayed where it was.
    TransferEnded {
        conversation: ConversationId,
        work_item: WorkItemId,
        transfer: TransferId,
        queue: QueueId,
        from: AgentId,
        to: AgentId,
        state: HandoverState,
    },
    /// The episode is over and its agent finishes the paperwork; they hold the work until the end.
    WrapUpBegun {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        agent: AgentId,
        until: DateTime<Utc>,
    },
    /// The paperwork is finished; the agent has room again.
    WrapUpEnded {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
        agent: AgentId,
    },
    /// The right to speak went to somebody; whoever had it has it no more.
    SpeakerTaken {
        conversation: ConversationId,
        agent: AgentId,
        epoch: i64,
    },
    /// An agent's reply was committed and waits for delivery.
    MessageQueued {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// An agent changed a sent message: other words, taken back, a reaction. It waits for delivery.
    MessageChangeQueued {
        conversation: ConversationId,
        message: MessageId,
        change: ChangeId,
        inbox: InboxId,
    },
    /// A change of a sent message did not get through; the message is as it was.
    MessageChangeFailed {
        conversation: ConversationId,
        message: MessageId,
        change: ChangeId,
        reason: FailureReason,
    },
    /// The time of the next try has come.
    MessageRetryDue {
        conversation: ConversationId,
        message: MessageId,
        inbox: InboxId,
    },
    /// A reply got further, or failed.
    DeliveryChanged {
        conversation: ConversationId,
        message: MessageId,
        from: DeliveryState,
        to: DeliveryState,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<FailureReason>,
    },
    /// The bytes of a file that came with a message are here.
    AttachmentStored {
        conversation: ConversationId,
        message: MessageId,
        attachment: AttachmentId,
    },
    /// The bytes of a file that came with a message cannot be had.
    AttachmentFailed {
        conversation: ConversationId,
        message: MessageId,
        attachment: AttachmentId,
        reason: String,
    },
    /// An agent asked once more for a file that could not be had.
    AttachmentRetried {
        conversation: ConversationId,
        message: MessageId,
        attachment: AttachmentId,
    },
    /// The episode ended.
    ConversationResolved {
        conversation: ConversationId,
        episode: EpisodeId,
    },
    /// It ended for good: the customer's next message begins another conversation.
    ConversationClosed {
        conversation: ConversationId,
        episode: EpisodeId,
    },
    /// It was merged into another conversation of the same person, which goes on for both; told in both,
    /// each in its own order. Whether somebody waits for an answer in it goes over to the other one.
    ConversationMerged {
        conversation: ConversationId,
        into: ConversationId,
        episode: EpisodeId,
        unanswered: bool,
    },
    /// A merge was undone; told in both. Each says whether somebody waits for an answer there from now on.
    ConversationUnmerged {
        conversation: ConversationId,
        from: ConversationId,
        unanswered: bool,
    },
    /// A message came or goes by the thread of a conversation that is merged into this one. The thread tells
    /// of it in its own order; this says so in the order of the conversation that shows it.
    MessageThreaded {
        conversation: ConversationId,
        thread: ConversationId,
        message: MessageId,
        inbox: InboxId,
        by: Party,
    },
    /// It waits for a third party now.
    ConversationHeld { conversation: ConversationId },
    /// It was put off until a moment or the customer's next message. The queue is that in which its
    /// work waits, where it does; nobody gets it meanwhile.
    ConversationSnoozed {
        conversation: ConversationId,
        until: DateTime<Utc>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
    },
    /// What was put off is open again. The queue is that in which its work waits, where it does.
    ConversationWoken {
        conversation: ConversationId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
    },
    /// Its state changed by something that no other event says.
    ConversationStatusChanged {
        conversation: ConversationId,
        from: ConversationStatus,
        to: ConversationStatus,
    },
    /// Its priority changed. The queue is that in which its work waits, where it does.
    PriorityChanged {
        conversation: ConversationId,
        from: i16,
        to: i16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
    },
    /// A tag was put on it.
    ConversationTagged {
        conversation: ConversationId,
        tag: String,
    },
    /// A tag was taken off it.
    ConversationUntagged {
        conversation: ConversationId,
        tag: String,
    },
    /// An agent wrote something down for colleagues, and called some of them in.
    NoteWritten {
        conversation: ConversationId,
        note: NoteId,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<AgentId>,
    },
    /// A note was taken back.
    NoteDeleted {
        conversation: ConversationId,
        note: NoteId,
    },
    /// A word by which conversations are marked is new, changed or offered no more.
    TagChanged { tag: TagId },
    /// A view that is shared is new, changed or gone.
    ViewChanged { view: ViewId },
    /// By when waiting work has to be answered changed.
    DeadlineChanged {
        conversation: ConversationId,
        queue: QueueId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<DateTime<Utc>>,
    },
    /// A step of a service level let waiting work be as old as the next step of its ladder asks.
    LadderWidened {
        conversation: ConversationId,
        work_item: WorkItemId,
        queue: QueueId,
    },
    /// The deadline of a clock is near: a step before it came, at its computed time.
    SlaWarned {
        conversation: ConversationId,
        episode: EpisodeId,
        clock: Clock,
        started_by: EventId,
        step: String,
        at: DateTime<Utc>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<DateTime<Utc>>,
    },
    /// The target of a clock was used up, at the computed time, whenever it was told.
    SlaBreached {
        conversation: ConversationId,
        episode: EpisodeId,
        clock: Clock,
        started_by: EventId,
        at: DateTime<Utc>,
    },
    /// A step at or after the breach of a clock came, at its computed time.
    SlaStepped {
        conversation: ConversationId,
        episode: EpisodeId,
        clock: Clock,
        started_by: EventId,
        step: String,
        at: DateTime<Utc>,
    },
    /// What a clock with a target waits for came, in time or late.
    SlaFulfilled {
        conversation: ConversationId,
        episode: EpisodeId,
        clock: Clock,
        started_by: EventId,
        at: DateTime<Utc>,
        in_time: bool,
    },
    /// Clocks with targets began, pause, count again, ended, or have another promise or deadline.
    SlaClocksChanged {
        conversation: ConversationId,
        episode: EpisodeId,
        clocks: Vec<Clock>,
    },
    /// The time of service levels came: others are in force from now on.
    SlaInForce { version: i32 },
    /// The clocks of episodes were computed again after hours of the past were corrected.
    SlaCorrected {
        schedule: ScheduleId,
        version: i32,
        from: DateTime<Utc>,
        episodes: u32,
        clocks: u32,
    },
    /// Somebody is told something beside their work: an agent, or the tenant's own address.
    NotificationMade {
        notification: NotificationId,
        conversation: ConversationId,
        medium: Medium,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
        due_at: DateTime<Utc>,
    },
}
