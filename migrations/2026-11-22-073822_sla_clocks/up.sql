-- Clocks of service levels: what happened in each episode, what the clocks say, what was done.
--
-- Nothing here refers to conversations or episodes by a foreign key: its check would lock rows that
-- receiving and answering lock, and clocks must never make those wait.

CREATE TABLE sla_cursors (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    seq bigint NOT NULL CHECK (seq >= 0)
);
COMMENT ON TABLE sla_cursors IS 'How far the clocks of a tenant have read the event log. Written by flow::watch_sla.';
COMMENT ON COLUMN sla_cursors.tenant_id IS 'Whose clocks.';
COMMENT ON COLUMN sla_cursors.seq IS 'The last event that was read.';

CREATE TABLE sla_conversations (
    conversation_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    episode_id uuid NOT NULL,
    version bigint NOT NULL
);
COMMENT ON TABLE sla_conversations IS 'How far the clocks have read a conversation. Written by flow::watch_sla.';
COMMENT ON COLUMN sla_conversations.conversation_id IS 'Which conversation.';
COMMENT ON COLUMN sla_conversations.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN sla_conversations.episode_id IS 'The episode that its last read event belongs to.';
COMMENT ON COLUMN sla_conversations.version IS 'The aggregate version of its last read event.';
ALTER TABLE sla_conversations SET (fillfactor = 70);

CREATE TABLE sla_episodes (
    episode_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL,
    moments integer NOT NULL CHECK (moments >= 0),
    version bigint NOT NULL DEFAULT 0,
    told_until timestamptz,
    opened_at timestamptz NOT NULL,
    resolved_at timestamptz,
    state text NOT NULL CHECK (state IN ('new', 'open', 'waiting_for_customer', 'on_hold', 'snoozed', 'resolved', 'closed')),
    priority smallint NOT NULL DEFAULT 0,
    policy_id uuid,
    policy_version integer CHECK (policy_version >= 1),
    schedule_id uuid,
    queue_id uuid,
    team_id uuid,
    agent_id uuid,
    next_wake_up timestamptz
);
COMMENT ON TABLE sla_episodes IS 'Where an episode stands for the clocks: the end of its moments. Locked before they grow. Written by flow (watch_sla, sla_correct).';
COMMENT ON COLUMN sla_episodes.episode_id IS 'Which episode.';
COMMENT ON COLUMN sla_episodes.tenant_id IS 'Whose episode.';
COMMENT ON COLUMN sla_episodes.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN sla_episodes.moments IS 'How many moments it has.';
COMMENT ON COLUMN sla_episodes.version IS 'Counts events: the aggregate version of the episode''s clock events.';
COMMENT ON COLUMN sla_episodes.told_until IS 'Up to when all that came due was told; no moment is put before it.';
COMMENT ON COLUMN sla_episodes.opened_at IS 'When it began.';
COMMENT ON COLUMN sla_episodes.resolved_at IS 'When it ended; null while it runs.';
COMMENT ON COLUMN sla_episodes.state IS 'The state of the conversation after the last moment.';
COMMENT ON COLUMN sla_episodes.priority IS 'Its priority.';
COMMENT ON COLUMN sla_episodes.policy_id IS 'The policy that governs it; null for none.';
COMMENT ON COLUMN sla_episodes.policy_version IS 'Which version of the policy.';
COMMENT ON COLUMN sla_episodes.schedule_id IS 'The schedule by which it counts; null for around the clock.';
COMMENT ON COLUMN sla_episodes.queue_id IS 'The queue that it is in, or was last.';
COMMENT ON COLUMN sla_episodes.team_id IS 'The team of the agent who has it, or had it last, as far as it serves the queue.';
COMMENT ON COLUMN sla_episodes.agent_id IS 'Who has it, or had it last.';
COMMENT ON COLUMN sla_episodes.next_wake_up IS 'When something comes next if nothing happens; a timer is set for it.';
CREATE INDEX sla_episodes_conversation ON sla_episodes (conversation_id);
COMMENT ON INDEX sla_episodes_conversation IS 'The episodes of a conversation.';
CREATE INDEX sla_episodes_running ON sla_episodes (tenant_id, opened_at) WHERE resolved_at IS NULL;
COMMENT ON INDEX sla_episodes_running IS 'The episodes that a change of policies or schedules may concern.';
ALTER TABLE sla_episodes SET (fillfactor = 70);

CREATE TABLE sla_moments (
    episode_id uuid NOT NULL,
    position integer NOT NULL CHECK (position >= 1),
    tenant_id uuid NOT NULL REFERENCES tenants,
    at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    what jsonb NOT NULL,
    queue_id uuid,
    team_id uuid,
    agent_id uuid,
    PRIMARY KEY (episode_id, position)
);
COMMENT ON TABLE sla_moments IS 'What happened in an episode, as far as clocks care: their own history, kept longer than the event log. With policies and schedules it is all that clocks are computed from. Written by flow::watch_sla, never changed.';
COMMENT ON COLUMN sla_moments.episode_id IS 'Of which episode.';
COMMENT ON COLUMN sla_moments.position IS 'The place in its history, from 1, without a gap.';
COMMENT ON COLUMN sla_moments.tenant_id IS 'Whose episode.';
COMMENT ON COLUMN sla_moments.at IS 'When, to the millisecond; never before its predecessor.';
COMMENT ON COLUMN sla_moments.event_id IS 'The event of the log that tells of it.';
COMMENT ON COLUMN sla_moments.what IS 'What happened (domain::sla::What).';
COMMENT ON COLUMN sla_moments.queue_id IS 'The queue that the episode is in from then on, or was last.';
COMMENT ON COLUMN sla_moments.team_id IS 'The team that has it from then on, or had it last.';
COMMENT ON COLUMN sla_moments.agent_id IS 'Who has it from then on, or had it last.';

CREATE TABLE sla_clocks (
    episode_id uuid NOT NULL,
    clock text NOT NULL CHECK (clock IN ('first_reply', 'next_reply', 'periodic_update', 'pausable_update', 'requester_wait', 'agent_work', 'total_resolution', 'queue_wait', 'time_to_accept')),
    started_by uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    policy_id uuid,
    policy_version integer CHECK (policy_version >= 1),
    priority smallint NOT NULL,
    within_ms bigint CHECK (within_ms > 0),
    hours text CHECK (hours IN ('business', 'calendar')),
    schedule_id uuid,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_how text CHECK (ended_how IN ('fulfilled', 'stopped')),
    ended_by uuid,
    counted_ms bigint NOT NULL CHECK (counted_ms >= 0),
    counting_since timestamptz,
    paused_in text,
    deadline timestamptz,
    breached_at timestamptz,
    outcome text NOT NULL CHECK (outcome IN ('no_target', 'open', 'met', 'breached', 'void')),
    queue_id uuid,
    team_id uuid,
    agent_id uuid,
    next_wake_up timestamptz,
    PRIMARY KEY (episode_id, clock, started_by),
    CHECK ((ended_at IS NULL) = (ended_how IS NULL)),
    CHECK ((policy_id IS NULL) = (policy_version IS NULL))
);
COMMENT ON TABLE sla_clocks IS 'What the clocks say (domain::sla::Figures): a cache of the pure function over sla_moments; `interdesk sla recompute --check` compares. Written by flow (watch_sla, sla_correct).';
COMMENT ON COLUMN sla_clocks.episode_id IS 'Of which episode.';
COMMENT ON COLUMN sla_clocks.clock IS 'Which clock.';
COMMENT ON COLUMN sla_clocks.started_by IS 'The event that started it, which names this run of the clock.';
COMMENT ON COLUMN sla_clocks.tenant_id IS 'Whose clock.';
COMMENT ON COLUMN sla_clocks.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN sla_clocks.number IS 'Which run of its clock in the episode, from 1.';
COMMENT ON COLUMN sla_clocks.policy_id IS 'The policy that governs it; null for none.';
COMMENT ON COLUMN sla_clocks.policy_version IS 'Which version of the policy.';
COMMENT ON COLUMN sla_clocks.priority IS 'The priority that its target is for.';
COMMENT ON COLUMN sla_clocks.within_ms IS 'The target in milliseconds; null where nothing was promised.';
COMMENT ON COLUMN sla_clocks.hours IS 'Which time counts.';
COMMENT ON COLUMN sla_clocks.schedule_id IS 'The schedule by which it counts; null for around the clock.';
COMMENT ON COLUMN sla_clocks.started_at IS 'When it began.';
COMMENT ON COLUMN sla_clocks.ended_at IS 'When it ended; null while it runs.';
COMMENT ON COLUMN sla_clocks.ended_how IS 'How it ended.';
COMMENT ON COLUMN sla_clocks.ended_by IS 'The event that ended it.';
COMMENT ON COLUMN sla_clocks.counted_ms IS 'The counted milliseconds of what is over.';
COMMENT ON COLUMN sla_clocks.counting_since IS 'Since when its state lets it count, open hours or not; null while it is paused and after its end.';
COMMENT ON COLUMN sla_clocks.paused_in IS 'The state that pauses it.';
COMMENT ON COLUMN sla_clocks.deadline IS 'When the target is, or was, used up; null while it is paused.';
COMMENT ON COLUMN sla_clocks.breached_at IS 'When the target was used up, as computed.';
COMMENT ON COLUMN sla_clocks.outcome IS 'What came of the promise.';
COMMENT ON COLUMN sla_clocks.queue_id IS 'The queue when it ended, or now.';
COMMENT ON COLUMN sla_clocks.team_id IS 'The team that had the episode when it ended, or has it.';
COMMENT ON COLUMN sla_clocks.agent_id IS 'Who had the episode when it ended, or has it.';
COMMENT ON COLUMN sla_clocks.next_wake_up IS 'When its next step or its breach comes if nothing happens.';
CREATE INDEX sla_clocks_conversation ON sla_clocks (conversation_id, started_at);
COMMENT ON INDEX sla_clocks_conversation IS 'The clocks of a conversation.';
CREATE INDEX sla_clocks_running ON sla_clocks (tenant_id, deadline) WHERE ended_at IS NULL AND deadline IS NOT NULL;
COMMENT ON INDEX sla_clocks_running IS 'What is about to break, or broken and not ended, the most urgent first.';
ALTER TABLE sla_clocks SET (fillfactor = 70);

CREATE TABLE sla_actions (
    episode_id uuid NOT NULL,
    clock text NOT NULL,
    started_by uuid NOT NULL,
    step text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL,
    at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    done jsonb NOT NULL,
    PRIMARY KEY (episode_id, clock, started_by, step)
);
COMMENT ON TABLE sla_actions IS 'The breaches and steps that were told and acted on: each once (domain::sla::ActionKey). Written by flow::watch_sla, never changed.';
COMMENT ON COLUMN sla_actions.episode_id IS 'Of which episode.';
COMMENT ON COLUMN sla_actions.clock IS 'Which clock.';
COMMENT ON COLUMN sla_actions.started_by IS 'Which run of it.';
COMMENT ON COLUMN sla_actions.step IS 'The name of the step; empty for the breach itself.';
COMMENT ON COLUMN sla_actions.tenant_id IS 'Whose clock.';
COMMENT ON COLUMN sla_actions.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN sla_actions.at IS 'When it came, as computed.';
COMMENT ON COLUMN sla_actions.told_at IS 'When it was told; later than it came where nobody was there to tell.';
COMMENT ON COLUMN sla_actions.done IS 'What became of each of its actions, in their order.';
CREATE INDEX sla_actions_conversation ON sla_actions (conversation_id, at);
COMMENT ON INDEX sla_actions_conversation IS 'What was done in a conversation.';

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    medium text NOT NULL CHECK (medium IN ('in_app', 'email', 'webhook')),
    recipient_id uuid REFERENCES agents,
    kind text NOT NULL CHECK (kind IN ('sla_warning', 'sla_breach', 'sla_step')),
    conversation_id uuid NOT NULL,
    episode_id uuid NOT NULL,
    clock text NOT NULL,
    started_by uuid NOT NULL,
    step text NOT NULL,
    at timestamptz NOT NULL,
    deadline timestamptz,
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    read_at timestamptz,
    sent_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    try_at timestamptz,
    failure text,
    UNIQUE NULLS NOT DISTINCT (episode_id, clock, started_by, step, medium, recipient_id),
    CHECK ((medium = 'webhook') = (recipient_id IS NULL))
);
COMMENT ON TABLE notifications IS 'What people and programs are told beside their work. Written by flow (watch_sla, notify).';
COMMENT ON COLUMN notifications.id IS 'Names the notification (UUIDv7).';
COMMENT ON COLUMN notifications.tenant_id IS 'Whose.';
COMMENT ON COLUMN notifications.medium IS 'How: in the desk, by mail, or by a call of the tenant''s own address.';
COMMENT ON COLUMN notifications.recipient_id IS 'Whom; null for the tenant''s own address.';
COMMENT ON COLUMN notifications.kind IS 'What about.';
COMMENT ON COLUMN notifications.conversation_id IS 'About which conversation.';
COMMENT ON COLUMN notifications.episode_id IS 'About which episode.';
COMMENT ON COLUMN notifications.clock IS 'About which clock.';
COMMENT ON COLUMN notifications.started_by IS 'About which run of it.';
COMMENT ON COLUMN notifications.step IS 'The name of the step; empty for the breach itself.';
COMMENT ON COLUMN notifications.at IS 'When it came, as computed.';
COMMENT ON COLUMN notifications.deadline IS 'When the target is, or was, used up.';
COMMENT ON COLUMN notifications.made_at IS 'When it was written down.';
COMMENT ON COLUMN notifications.due_at IS 'When it is told: at once, or when the recipient''s hours begin.';
COMMENT ON COLUMN notifications.read_at IS 'When the recipient marked it as read.';
COMMENT ON COLUMN notifications.sent_at IS 'When the mail was taken or the address answered.';
COMMENT ON COLUMN notifications.attempts IS 'How often that was tried.';
COMMENT ON COLUMN notifications.try_at IS 'When to try next; null for what is told in the desk and for what is settled.';
COMMENT ON COLUMN notifications.failure IS 'Why it could not be told.';
CREATE INDEX notifications_inbox ON notifications (recipient_id, due_at DESC, id DESC) WHERE medium = 'in_app';
COMMENT ON INDEX notifications_inbox IS 'What an agent is told in the desk, the latest first.';
CREATE INDEX notifications_unsent ON notifications (try_at) WHERE try_at IS NOT NULL;
COMMENT ON INDEX notifications_unsent IS 'What waits to be sent.';

CREATE TABLE notification_hooks (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    url text NOT NULL,
    secret bytea NOT NULL,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE notification_hooks IS 'The tenant''s own address that is called with notifications. Written by flow::notify.';
COMMENT ON COLUMN notification_hooks.tenant_id IS 'Whose address.';
COMMENT ON COLUMN notification_hooks.url IS 'The address, https.';
COMMENT ON COLUMN notification_hooks.secret IS 'What signs the calls (Standard Webhooks), sealed with AES-256-GCM by the installation''s key.';
COMMENT ON COLUMN notification_hooks.changed_at IS 'When it was set.';

ALTER TABLE sla_cursors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_cursors TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_conversations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_conversations TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_episodes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_episodes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_moments ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_moments TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_clocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_clocks TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_actions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_actions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notifications TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE notification_hooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notification_hooks TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON sla_cursors, sla_conversations, sla_episodes TO interdesk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sla_clocks TO interdesk_app;
GRANT SELECT, INSERT ON sla_moments, sla_actions TO interdesk_app;
GRANT SELECT, INSERT, UPDATE ON notifications TO interdesk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_hooks TO interdesk_app;

-- The system looks over all tenants for whose log to read on and for what to send.
CREATE POLICY system ON sla_cursors FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON notifications FOR SELECT TO interdesk_system USING (true);
GRANT SELECT ON sla_cursors, notifications TO interdesk_system;
