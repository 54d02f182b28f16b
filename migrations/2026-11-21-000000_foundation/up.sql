-- The foundation: every table of the desk, its indexes, its row-level security and its grants.
--
-- Two roles, neither of which can bypass row-level security:
--   interdesk_app     sees one tenant at a time: the one that the transaction set as
--                     interdesk.tenant. Nothing set, nothing seen.
--   interdesk_system  sees all tenants, but only in the few tables that the relay, the timers and
--                     the directory of inboxes need.
-- The program signs in as a third role that has no right of its own and may become either.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['interdesk_app', 'interdesk_system'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', role);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                    RAISE EXCEPTION 'role % does not exist and may not be created; run deploy/postgres/roles.sql first', role;
                END IF;
        END;
    END LOOP;
END $$;

CREATE FUNCTION scoped_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN NULLIF(current_setting('interdesk.tenant', true), '')::uuid;
COMMENT ON FUNCTION scoped_tenant() IS 'The tenant that the present transaction is confined to; null where none is set.';

CREATE SEQUENCE outbox_pos CACHE 1;

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE tenants IS 'One customer of Interdesk. Written by flow::provision.';
COMMENT ON COLUMN tenants.id IS 'Names the tenant (UUIDv7).';
COMMENT ON COLUMN tenants.slug IS 'The short name that people type at sign-in.';
COMMENT ON COLUMN tenants.name IS 'The name to show.';
COMMENT ON COLUMN tenants.version IS 'Counts configuration changes: the aggregate version of tenant events.';
COMMENT ON COLUMN tenants.created_at IS 'When it was created.';

CREATE TABLE agents (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
    password_hash text,
    presence text NOT NULL DEFAULT 'offline' CHECK (presence IN ('online', 'away', 'offline')),
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    UNIQUE (tenant_id, email)
);
COMMENT ON TABLE agents IS 'A person or program that answers. Written by flow::provision and flow::presence.';
COMMENT ON COLUMN agents.id IS 'Names the agent (UUIDv7).';
COMMENT ON COLUMN agents.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN agents.email IS 'The name at sign-in, lower case.';
COMMENT ON COLUMN agents.name IS 'The name that colleagues see.';
COMMENT ON COLUMN agents.role IS 'What the agent may do.';
COMMENT ON COLUMN agents.password_hash IS 'Argon2id in PHC form; null for agents who sign in otherwise.';
COMMENT ON COLUMN agents.presence IS 'What the agent chose to be; schedules never overwrite it.';
COMMENT ON COLUMN agents.version IS 'Counts changes: the aggregate version of agent events.';
COMMENT ON COLUMN agents.created_at IS 'When the agent was added.';
COMMENT ON COLUMN agents.disabled_at IS 'Since when the agent may not sign in.';

CREATE TABLE agent_loads (
    agent_id uuid PRIMARY KEY REFERENCES agents,
    tenant_id uuid NOT NULL REFERENCES tenants,
    load integer NOT NULL DEFAULT 0 CHECK (load >= 0),
    capacity integer NOT NULL DEFAULT 3 CHECK (capacity BETWEEN 0 AND 1000),
    idle_since timestamptz NOT NULL
);
COMMENT ON TABLE agent_loads IS 'What an agent holds and may hold, apart from agents because it changes with every assignment. Written by flow::reserve, accept, decline, expire and resolve.';
COMMENT ON COLUMN agent_loads.agent_id IS 'Whose load.';
COMMENT ON COLUMN agent_loads.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN agent_loads.load IS 'Units of work held: pending offers and active work items.';
COMMENT ON COLUMN agent_loads.capacity IS 'Units of work the agent may hold.';
COMMENT ON COLUMN agent_loads.idle_since IS 'When the agent last got or finished work: longest idle goes first.';

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE teams IS 'A group of agents. Written by flow::provision.';
COMMENT ON COLUMN teams.id IS 'Names the team (UUIDv7).';
COMMENT ON COLUMN teams.tenant_id IS 'Whose team.';
COMMENT ON COLUMN teams.name IS 'The name to show.';
COMMENT ON COLUMN teams.created_at IS 'When it was created.';

CREATE TABLE team_members (
    team_id uuid NOT NULL REFERENCES teams,
    agent_id uuid NOT NULL REFERENCES agents,
    tenant_id uuid NOT NULL REFERENCES tenants,
    PRIMARY KEY (team_id, agent_id)
);
COMMENT ON TABLE team_members IS 'Which agents a team has. Written by flow::provision.';
COMMENT ON COLUMN team_members.team_id IS 'The team.';
COMMENT ON COLUMN team_members.agent_id IS 'The member.';
COMMENT ON COLUMN team_members.tenant_id IS 'Whose membership.';

CREATE TABLE queues (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    offer_seconds integer NOT NULL DEFAULT 30 CHECK (offer_seconds BETWEEN 1 AND 86400),
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE queues IS 'A line of work items that teams share. Written by flow::provision.';
COMMENT ON COLUMN queues.id IS 'Names the queue (UUIDv7).';
COMMENT ON COLUMN queues.tenant_id IS 'Whose queue.';
COMMENT ON COLUMN queues.name IS 'The name to show.';
COMMENT ON COLUMN queues.offer_seconds IS 'How long an offer waits for its agent, in seconds.';
COMMENT ON COLUMN queues.created_at IS 'When it was created.';

CREATE TABLE queue_teams (
    queue_id uuid NOT NULL REFERENCES queues,
    team_id uuid NOT NULL REFERENCES teams,
    tenant_id uuid NOT NULL REFERENCES tenants,
    PRIMARY KEY (queue_id, team_id)
);
COMMENT ON TABLE queue_teams IS 'Which teams serve a queue. Written by flow::provision.';
COMMENT ON COLUMN queue_teams.queue_id IS 'The queue.';
COMMENT ON COLUMN queue_teams.team_id IS 'The team that serves it.';
COMMENT ON COLUMN queue_teams.tenant_id IS 'Whose share.';

CREATE TABLE inboxes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    public_id text NOT NULL UNIQUE,
    channel text NOT NULL,
    name text NOT NULL,
    account_id text NOT NULL,
    endpoint text,
    queue_id uuid NOT NULL REFERENCES queues,
    credentials bytea NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, channel, account_id)
);
COMMENT ON TABLE inboxes IS 'One configured account of a channel. Written by flow::provision.';
COMMENT ON COLUMN inboxes.id IS 'Names the inbox (UUIDv7).';
COMMENT ON COLUMN inboxes.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN inboxes.public_id IS 'The unguessable part of its webhook path.';
COMMENT ON COLUMN inboxes.channel IS 'The kind of app, for example whatsapp.';
COMMENT ON COLUMN inboxes.name IS 'The name to show.';
COMMENT ON COLUMN inboxes.account_id IS 'The provider''s id of the account: phone number id, bot id.';
COMMENT ON COLUMN inboxes.endpoint IS 'Where to send, instead of the channel''s configured base URL; the callback of a webhook inbox.';
COMMENT ON COLUMN inboxes.queue_id IS 'Where its conversations wait.';
COMMENT ON COLUMN inboxes.credentials IS 'The provider''s secrets, sealed with AES-256-GCM by the installation''s key.';
COMMENT ON COLUMN inboxes.enabled IS 'Whether webhooks are taken and replies sent.';
COMMENT ON COLUMN inboxes.created_at IS 'When it was connected.';

CREATE TABLE contacts (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text,
    name_source text NOT NULL DEFAULT 'none' CHECK (name_source IN ('none', 'self_asserted', 'verified', 'agent')),
    locale text,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE contacts IS 'A person who writes. Written by flow::receive.';
COMMENT ON COLUMN contacts.id IS 'Names the contact (UUIDv7).';
COMMENT ON COLUMN contacts.tenant_id IS 'Whose contact.';
COMMENT ON COLUMN contacts.name IS 'The name to show.';
COMMENT ON COLUMN contacts.name_source IS 'Who says that this is the name.';
COMMENT ON COLUMN contacts.locale IS 'The language of the contact''s app (BCP 47).';
COMMENT ON COLUMN contacts.version IS 'Counts changes: the aggregate version of contact events.';
COMMENT ON COLUMN contacts.created_at IS 'When the contact first wrote.';

CREATE TABLE identities (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    contact_id uuid NOT NULL REFERENCES contacts,
    network text NOT NULL,
    namespace text NOT NULL,
    value text NOT NULL,
    verified_by text NOT NULL DEFAULT 'provider',
    consent text NOT NULL DEFAULT 'unknown' CHECK (consent IN ('unknown', 'allowed', 'forbidden')),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz
);
COMMENT ON TABLE identities IS 'One typed address of a contact on one network. Written by flow::receive.';
COMMENT ON COLUMN identities.id IS 'Names the identity (UUIDv7).';
COMMENT ON COLUMN identities.tenant_id IS 'Whose identity.';
COMMENT ON COLUMN identities.contact_id IS 'Whose address.';
COMMENT ON COLUMN identities.network IS 'Where the person is, for example whatsapp.';
COMMENT ON COLUMN identities.namespace IS 'What kind of value it is: phone, bsuid, user, username.';
COMMENT ON COLUMN identities.value IS 'The address in the provider''s canonical form.';
COMMENT ON COLUMN identities.verified_by IS 'Who vouches for it: provider, self_asserted.';
COMMENT ON COLUMN identities.consent IS 'Whether the person lets us write there.';
COMMENT ON COLUMN identities.valid_from IS 'Since when it is the contact''s.';
COMMENT ON COLUMN identities.valid_to IS 'Until when it was; null while it is.';

CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    thread_key text NOT NULL,
    contact_id uuid NOT NULL REFERENCES contacts,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    group_id text,
    queue_id uuid NOT NULL REFERENCES queues,
    assignee_id uuid REFERENCES agents,
    status text NOT NULL CHECK (status IN ('new', 'open', 'waiting_for_customer', 'resolved', 'closed')),
    version bigint NOT NULL DEFAULT 0,
    episode_id uuid NOT NULL,
    episode_number integer NOT NULL DEFAULT 1,
    last_message_at timestamptz NOT NULL,
    last_customer_message_at timestamptz,
    last_text text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE conversations IS 'All messages with one contact about one thing. Written by flow (receive, route, accept, reply, resolve).';
COMMENT ON COLUMN conversations.id IS 'Names the conversation (UUIDv7).';
COMMENT ON COLUMN conversations.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN conversations.thread_key IS 'Finds the conversation of the next message: the contact and queue, or the group.';
COMMENT ON COLUMN conversations.contact_id IS 'Who opened it.';
COMMENT ON COLUMN conversations.inbox_id IS 'Where the customer wrote last: replies go there.';
COMMENT ON COLUMN conversations.group_id IS 'The provider''s id of the group; null between two.';
COMMENT ON COLUMN conversations.queue_id IS 'The queue that it belongs to.';
COMMENT ON COLUMN conversations.assignee_id IS 'Who has it.';
COMMENT ON COLUMN conversations.status IS 'Where it stands.';
COMMENT ON COLUMN conversations.version IS 'Counts events: the aggregate version of conversation events.';
COMMENT ON COLUMN conversations.episode_id IS 'The present or last episode.';
COMMENT ON COLUMN conversations.episode_number IS 'Counts the episodes, from 1.';
COMMENT ON COLUMN conversations.last_message_at IS 'When the last message of either side came: lists are ordered by it.';
COMMENT ON COLUMN conversations.last_customer_message_at IS 'When the customer wrote last by the provider''s clock: the reply window starts there.';
COMMENT ON COLUMN conversations.last_text IS 'The beginning of the last message, for lists.';
COMMENT ON COLUMN conversations.created_at IS 'When it began.';

CREATE TABLE episodes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL REFERENCES conversations,
    number integer NOT NULL,
    opened_at timestamptz NOT NULL,
    first_reply_at timestamptz,
    resolved_at timestamptz,
    resolved_by uuid REFERENCES agents,
    UNIQUE (conversation_id, number)
);
COMMENT ON TABLE episodes IS 'From a conversation''s opening to its resolution. Written by flow::receive and flow::resolve.';
COMMENT ON COLUMN episodes.id IS 'Names the episode (UUIDv7).';
COMMENT ON COLUMN episodes.tenant_id IS 'Whose episode.';
COMMENT ON COLUMN episodes.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN episodes.number IS 'Counts within the conversation, from 1.';
COMMENT ON COLUMN episodes.opened_at IS 'When it began.';
COMMENT ON COLUMN episodes.first_reply_at IS 'When an agent first answered.';
COMMENT ON COLUMN episodes.resolved_at IS 'When it ended; null while it runs.';
COMMENT ON COLUMN episodes.resolved_by IS 'Who ended it.';

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL REFERENCES conversations,
    episode_id uuid NOT NULL REFERENCES episodes,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    provider_id text,
    contact_id uuid REFERENCES contacts,
    agent_id uuid REFERENCES agents,
    content jsonb NOT NULL,
    text text NOT NULL DEFAULT '',
    reply_to text,
    sent_at timestamptz NOT NULL,
    stored_at timestamptz NOT NULL,
    version bigint NOT NULL,
    revision integer NOT NULL DEFAULT 0,
    deleted_at timestamptz,
    delivery text CHECK (delivery IN ('queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed')),
    attempt_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    failure jsonb,
    raw text
);
COMMENT ON TABLE messages IS 'One message, either way. Written by flow (receive, reply, deliver).';
COMMENT ON COLUMN messages.id IS 'Names the message (UUIDv7).';
COMMENT ON COLUMN messages.tenant_id IS 'Whose message.';
COMMENT ON COLUMN messages.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN messages.episode_id IS 'Of which episode.';
COMMENT ON COLUMN messages.inbox_id IS 'Which app carries it.';
COMMENT ON COLUMN messages.direction IS 'in: from the customer; out: from us.';
COMMENT ON COLUMN messages.provider_id IS 'The provider''s id, unique within the inbox; null until the provider gave one.';
COMMENT ON COLUMN messages.contact_id IS 'The customer who wrote it; null for ours.';
COMMENT ON COLUMN messages.agent_id IS 'The agent who wrote it; null for the customer''s and for echoes.';
COMMENT ON COLUMN messages.content IS 'The canonical content (domain::message::Content).';
COMMENT ON COLUMN messages.text IS 'The words of it, for lists and search.';
COMMENT ON COLUMN messages.reply_to IS 'The provider''s id of the message that it answers.';
COMMENT ON COLUMN messages.sent_at IS 'When it was sent by the provider''s clock, or by ours.';
COMMENT ON COLUMN messages.stored_at IS 'When it was committed here.';
COMMENT ON COLUMN messages.version IS 'The conversation''s version at its event: the order within the conversation.';
COMMENT ON COLUMN messages.revision IS 'Counts edits.';
COMMENT ON COLUMN messages.deleted_at IS 'When its author took it back.';
COMMENT ON COLUMN messages.delivery IS 'How far ours got; null for the customer''s.';
COMMENT ON COLUMN messages.attempt_id IS 'The present try, as the provider was told.';
COMMENT ON COLUMN messages.attempts IS 'Counts the tries.';
COMMENT ON COLUMN messages.failure IS 'Why it failed or waits (domain::delivery::Failure).';
COMMENT ON COLUMN messages.raw IS 'The provider''s own JSON, where the content does not tell the whole.';

CREATE TABLE message_revisions (
    message_id uuid NOT NULL REFERENCES messages,
    tenant_id uuid NOT NULL REFERENCES tenants,
    revision integer NOT NULL,
    content jsonb NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, revision)
);
COMMENT ON TABLE message_revisions IS 'What a message held before an edit. Written by flow::receive.';
COMMENT ON COLUMN message_revisions.message_id IS 'Which message.';
COMMENT ON COLUMN message_revisions.tenant_id IS 'Whose message.';
COMMENT ON COLUMN message_revisions.revision IS 'Which revision this was, from 0.';
COMMENT ON COLUMN message_revisions.content IS 'What it held.';
COMMENT ON COLUMN message_revisions.replaced_at IS 'When it was replaced.';

CREATE TABLE reactions (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    target text NOT NULL,
    author text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    emojis text[] NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (inbox_id, target, author)
);
COMMENT ON TABLE reactions IS 'What stands on a message, by whom; kept by the provider''s id, so that one that comes first waits for its message. Written by flow::receive.';
COMMENT ON COLUMN reactions.inbox_id IS 'In which inbox.';
COMMENT ON COLUMN reactions.target IS 'The provider''s id of the message.';
COMMENT ON COLUMN reactions.author IS 'The address of who reacted.';
COMMENT ON COLUMN reactions.tenant_id IS 'Whose reaction.';
COMMENT ON COLUMN reactions.emojis IS 'What stands now; empty when withdrawn.';
COMMENT ON COLUMN reactions.changed_at IS 'When it changed, by the provider''s clock.';

CREATE TABLE early_updates (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    target text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receipt', 'edit', 'delete')),
    data jsonb NOT NULL,
    arrived_at timestamptz NOT NULL
);
COMMENT ON TABLE early_updates IS 'Receipts, edits and deletions that came before their message. Written by flow::receive, taken by receive and deliver.';
COMMENT ON COLUMN early_updates.id IS 'Names the update (UUIDv7).';
COMMENT ON COLUMN early_updates.tenant_id IS 'Whose update.';
COMMENT ON COLUMN early_updates.inbox_id IS 'In which inbox.';
COMMENT ON COLUMN early_updates.target IS 'The provider''s id of the message that it waits for.';
COMMENT ON COLUMN early_updates.kind IS 'What it is.';
COMMENT ON COLUMN early_updates.data IS 'What it says.';
COMMENT ON COLUMN early_updates.arrived_at IS 'When it came; after 30 days it is dropped.';

CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    message_id uuid NOT NULL REFERENCES messages,
    kind text NOT NULL,
    source jsonb NOT NULL,
    mime_type text,
    file_name text,
    size bigint,
    sha256 text
);
COMMENT ON TABLE attachments IS 'A file of a message, by reference. Written by flow::receive and flow::reply.';
COMMENT ON COLUMN attachments.id IS 'Names the file (UUIDv7).';
COMMENT ON COLUMN attachments.tenant_id IS 'Whose file.';
COMMENT ON COLUMN attachments.message_id IS 'Of which message.';
COMMENT ON COLUMN attachments.kind IS 'What the app shows it as: image, voice, document.';
COMMENT ON COLUMN attachments.source IS 'Where the bytes are: the provider''s id or a link.';
COMMENT ON COLUMN attachments.mime_type IS 'The declared type, never trusted.';
COMMENT ON COLUMN attachments.file_name IS 'The name that the customer gave; never a path.';
COMMENT ON COLUMN attachments.size IS 'The size in bytes, where it was told.';
COMMENT ON COLUMN attachments.sha256 IS 'The SHA-256 of the bytes in hex, where it was told.';

CREATE TABLE work_items (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL REFERENCES conversations,
    episode_id uuid NOT NULL REFERENCES episodes,
    queue_id uuid NOT NULL REFERENCES queues,
    state text NOT NULL CHECK (state IN ('queued', 'offered', 'active', 'wrap_up', 'done', 'cancelled')),
    epoch integer NOT NULL DEFAULT 1,
    priority smallint NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL,
    agent_id uuid REFERENCES agents,
    ended_at timestamptz
);
COMMENT ON TABLE work_items IS 'An episode that waits for somebody. Written by flow (receive, reserve, accept, decline, expire, resolve).';
COMMENT ON COLUMN work_items.id IS 'Names the work item (UUIDv7).';
COMMENT ON COLUMN work_items.tenant_id IS 'Whose work.';
COMMENT ON COLUMN work_items.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN work_items.episode_id IS 'Of which episode.';
COMMENT ON COLUMN work_items.queue_id IS 'Where it waits.';
COMMENT ON COLUMN work_items.state IS 'Where it stands.';
COMMENT ON COLUMN work_items.epoch IS 'Counts the times it was queued; what names an older epoch changes nothing.';
COMMENT ON COLUMN work_items.priority IS 'Higher goes first.';
COMMENT ON COLUMN work_items.queued_at IS 'Since when it waits; a return to the queue keeps it.';
COMMENT ON COLUMN work_items.agent_id IS 'Who is offered it or has it.';
COMMENT ON COLUMN work_items.ended_at IS 'When it was done or cancelled.';

CREATE TABLE offers (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    work_item_id uuid NOT NULL REFERENCES work_items,
    agent_id uuid NOT NULL REFERENCES agents,
    epoch integer NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'accepted', 'declined', 'expired', 'rescinded')),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
COMMENT ON TABLE offers IS 'A work item shown to one agent, with a deadline. Written by flow (reserve, accept, decline, expire, resolve).';
COMMENT ON COLUMN offers.id IS 'Names the offer (UUIDv7).';
COMMENT ON COLUMN offers.tenant_id IS 'Whose offer.';
COMMENT ON COLUMN offers.work_item_id IS 'Which work.';
COMMENT ON COLUMN offers.agent_id IS 'To whom.';
COMMENT ON COLUMN offers.epoch IS 'The work item''s epoch when it was made.';
COMMENT ON COLUMN offers.state IS 'Where it stands.';
COMMENT ON COLUMN offers.made_at IS 'When it was made.';
COMMENT ON COLUMN offers.expires_at IS 'Until when the agent may answer.';
COMMENT ON COLUMN offers.ended_at IS 'When it was answered, expired or taken back.';

CREATE TABLE decisions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    work_item_id uuid NOT NULL REFERENCES work_items,
    epoch integer NOT NULL,
    decided_at timestamptz NOT NULL,
    explanation jsonb NOT NULL
);
COMMENT ON TABLE decisions IS 'Why routing chose as it did. Written by flow::reserve.';
COMMENT ON COLUMN decisions.id IS 'Names the decision (UUIDv7).';
COMMENT ON COLUMN decisions.tenant_id IS 'Whose decision.';
COMMENT ON COLUMN decisions.work_item_id IS 'About which work.';
COMMENT ON COLUMN decisions.epoch IS 'The work item''s epoch.';
COMMENT ON COLUMN decisions.decided_at IS 'The moment that it was decided for.';
COMMENT ON COLUMN decisions.explanation IS 'The whole decision (domain::routing::Decision).';

CREATE TABLE outbox (
    pos bigint NOT NULL,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    logged_at timestamptz NOT NULL DEFAULT now(),
    event_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (logged_at, pos)
) PARTITION BY RANGE (logged_at);
COMMENT ON TABLE outbox IS 'The event log: written with the state that it tells of, published by the relay, kept as long as the longest subscription cursor. Written by flow, never changed.';
COMMENT ON COLUMN outbox.pos IS 'The order of insertion.';
COMMENT ON COLUMN outbox.xid IS 'The transaction, by which the relay knows what is complete.';
COMMENT ON COLUMN outbox.logged_at IS 'When it was inserted by the database''s clock; the partition goes by it.';
COMMENT ON COLUMN outbox.event_id IS 'Names the event (UUIDv7).';
COMMENT ON COLUMN outbox.tenant_id IS 'Whose event.';
COMMENT ON COLUMN outbox.kind IS 'What happened.';
COMMENT ON COLUMN outbox.body IS 'The whole envelope as JSON, without its seq.';

CREATE TABLE event_seqs (
    stamp bigint PRIMARY KEY,
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    pos bigint NOT NULL,
    logged_at timestamptz NOT NULL,
    UNIQUE (tenant_id, seq)
);
COMMENT ON TABLE event_seqs IS 'The gapless order of each tenant''s events. Written by node::relay, never changed.';
COMMENT ON COLUMN event_seqs.stamp IS 'The order over all tenants, in which the relay publishes.';
COMMENT ON COLUMN event_seqs.tenant_id IS 'Whose event.';
COMMENT ON COLUMN event_seqs.seq IS 'The place in the tenant''s order, from 1 without a gap.';
COMMENT ON COLUMN event_seqs.pos IS 'The event''s row in the outbox.';
COMMENT ON COLUMN event_seqs.logged_at IS 'The row''s partition.';

CREATE TABLE tenant_seqs (
    tenant_id uuid PRIMARY KEY,
    seq bigint NOT NULL
);
COMMENT ON TABLE tenant_seqs IS 'The last seq that each tenant was given. Written by node::relay.';
COMMENT ON COLUMN tenant_seqs.tenant_id IS 'Whose.';
COMMENT ON COLUMN tenant_seqs.seq IS 'The last one given.';

CREATE TABLE relay_cursor (
    id smallint PRIMARY KEY CHECK (id = 1),
    from_xid bigint NOT NULL DEFAULT 0,
    to_xid bigint NOT NULL DEFAULT 0,
    pos bigint NOT NULL DEFAULT 0,
    stamped bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE relay_cursor IS 'How far the relay got; one row. Written by node::relay.';
COMMENT ON COLUMN relay_cursor.id IS 'Always 1.';
COMMENT ON COLUMN relay_cursor.from_xid IS 'The first transaction of which not everything is known to be stamped.';
COMMENT ON COLUMN relay_cursor.to_xid IS 'The first transaction of which nothing is stamped.';
COMMENT ON COLUMN relay_cursor.pos IS 'A stamp up to which all belong to transactions below from_xid.';
COMMENT ON COLUMN relay_cursor.stamped IS 'The last stamp given.';
COMMENT ON COLUMN relay_cursor.published IS 'The last stamp that the bus confirmed.';

CREATE TABLE handled_events (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
COMMENT ON TABLE handled_events IS 'What a consumer has done, so that a redelivery has no second effect. Written by each consumer within its own transaction.';
COMMENT ON COLUMN handled_events.consumer IS 'Which consumer.';
COMMENT ON COLUMN handled_events.event_id IS 'Which event.';
COMMENT ON COLUMN handled_events.tenant_id IS 'Whose event.';
COMMENT ON COLUMN handled_events.handled_at IS 'When; rows older than the event log are dropped.';

CREATE TABLE timers (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('offer_expires', 'routing_retry', 'delivery_retry', 'delivery_unknown')),
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE timers IS 'Deadlines that outlive a restart. Written by flow, taken by node timers with SKIP LOCKED.';
COMMENT ON COLUMN timers.id IS 'Names the timer (UUIDv7).';
COMMENT ON COLUMN timers.tenant_id IS 'Whose timer.';
COMMENT ON COLUMN timers.kind IS 'What happens when it is due.';
COMMENT ON COLUMN timers.subject_id IS 'The offer, queue or message.';
COMMENT ON COLUMN timers.due_at IS 'When.';

CREATE TABLE audit_trees (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    size bigint NOT NULL,
    last_seq bigint NOT NULL,
    frontier bytea NOT NULL
);
COMMENT ON TABLE audit_trees IS 'The state of each tenant''s Merkle log. Written by flow::audit.';
COMMENT ON COLUMN audit_trees.tenant_id IS 'Whose log.';
COMMENT ON COLUMN audit_trees.size IS 'The number of leaves.';
COMMENT ON COLUMN audit_trees.last_seq IS 'The last event that is a leaf.';
COMMENT ON COLUMN audit_trees.frontier IS 'The roots of the complete subtrees, largest first, 32 bytes each.';

CREATE TABLE audit_leaves (
    tenant_id uuid NOT NULL REFERENCES tenants,
    index bigint NOT NULL,
    event_id uuid NOT NULL,
    leaf bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant_id, index)
);
COMMENT ON TABLE audit_leaves IS 'Every event, as it was hashed. Written by flow::audit, never changed.';
COMMENT ON COLUMN audit_leaves.tenant_id IS 'Whose leaf.';
COMMENT ON COLUMN audit_leaves.index IS 'The place in the log, from 0.';
COMMENT ON COLUMN audit_leaves.event_id IS 'Which event.';
COMMENT ON COLUMN audit_leaves.leaf IS 'The canonical bytes that were hashed.';
COMMENT ON COLUMN audit_leaves.hash IS 'SHA-256 of 0x00 and the leaf (RFC 6962 section 2.1).';

CREATE TABLE audit_checkpoints (
    tenant_id uuid NOT NULL REFERENCES tenants,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, size)
);
COMMENT ON TABLE audit_checkpoints IS 'Signed statements of size and root. Written by flow::audit, never changed.';
COMMENT ON COLUMN audit_checkpoints.tenant_id IS 'Whose log.';
COMMENT ON COLUMN audit_checkpoints.size IS 'The number of leaves.';
COMMENT ON COLUMN audit_checkpoints.root IS 'The root hash over them.';
COMMENT ON COLUMN audit_checkpoints.note IS 'The signed note (C2SP tlog-checkpoint).';
COMMENT ON COLUMN audit_checkpoints.signed_at IS 'When.';

CREATE TABLE raw_webhooks (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    digest bytea NOT NULL,
    body bytea NOT NULL,
    reason text NOT NULL,
    received_at timestamptz NOT NULL,
    retried_at timestamptz,
    UNIQUE (inbox_id, digest)
);
COMMENT ON TABLE raw_webhooks IS 'Bodies that were proven but not understood, as they came. Written by flow::receive.';
COMMENT ON COLUMN raw_webhooks.id IS 'Names the body (UUIDv7).';
COMMENT ON COLUMN raw_webhooks.tenant_id IS 'Whose.';
COMMENT ON COLUMN raw_webhooks.inbox_id IS 'Where it came.';
COMMENT ON COLUMN raw_webhooks.digest IS 'SHA-256 of the body: a redelivery is kept once.';
COMMENT ON COLUMN raw_webhooks.body IS 'The raw bytes.';
COMMENT ON COLUMN raw_webhooks.reason IS 'Why it was not understood.';
COMMENT ON COLUMN raw_webhooks.received_at IS 'When it came.';
COMMENT ON COLUMN raw_webhooks.retried_at IS 'When it was last read again with success.';

CREATE TABLE dead_letters (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    body text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    died_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
COMMENT ON TABLE dead_letters IS 'Events that a consumer gave up on, of the bus within one process. Written by node::dead.';
COMMENT ON COLUMN dead_letters.consumer IS 'Which queue gave up.';
COMMENT ON COLUMN dead_letters.event_id IS 'Which event.';
COMMENT ON COLUMN dead_letters.tenant_id IS 'Whose.';
COMMENT ON COLUMN dead_letters.body IS 'The envelope.';
COMMENT ON COLUMN dead_letters.reason IS 'Why.';
COMMENT ON COLUMN dead_letters.attempts IS 'After how many tries.';
COMMENT ON COLUMN dead_letters.died_at IS 'When.';

CREATE TABLE idempotency_keys (
    agent_id uuid NOT NULL REFERENCES agents,
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 128),
    tenant_id uuid NOT NULL REFERENCES tenants,
    operation text NOT NULL,
    digest bytea NOT NULL,
    outcome jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, key)
);
COMMENT ON TABLE idempotency_keys IS 'The answers to mutations that named a key. Written by flow (accept, decline, reply, resolve, presence).';
COMMENT ON COLUMN idempotency_keys.agent_id IS 'Who asked.';
COMMENT ON COLUMN idempotency_keys.key IS 'The key that the client chose.';
COMMENT ON COLUMN idempotency_keys.tenant_id IS 'Whose.';
COMMENT ON COLUMN idempotency_keys.operation IS 'What was asked; the same key for something else is refused.';
COMMENT ON COLUMN idempotency_keys.digest IS 'SHA-256 of the arguments; the same key with others is refused.';
COMMENT ON COLUMN idempotency_keys.outcome IS 'The answer.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When; rows are dropped after 24 hours.';

CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('token', 'checkpoint')),
    public_key bytea NOT NULL,
    private_key bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE signing_keys IS 'Keys of the installation that sign checkpoints. Written by flow::keys.';
COMMENT ON COLUMN signing_keys.id IS 'The key id that signatures name.';
COMMENT ON COLUMN signing_keys.purpose IS 'What it signs.';
COMMENT ON COLUMN signing_keys.public_key IS 'Ed25519, 32 bytes.';
COMMENT ON COLUMN signing_keys.private_key IS 'PKCS#8, sealed with the installation''s key.';
COMMENT ON COLUMN signing_keys.created_at IS 'When it was made; the newest signs.';
COMMENT ON COLUMN signing_keys.retired_at IS 'Since when it neither signs nor proves.';

ALTER TABLE outbox ALTER COLUMN pos SET DEFAULT nextval('outbox_pos');
CREATE TABLE outbox_other PARTITION OF outbox DEFAULT;
COMMENT ON TABLE outbox_other IS 'Events of days that have no partition of their own; empty while maintain_outbox runs.';
CREATE INDEX outbox_complete ON outbox (xid, pos);

INSERT INTO relay_cursor (id) VALUES (1);

-- An address that the provider vouches for belongs to one contact at a time.
CREATE UNIQUE INDEX identities_address ON identities (tenant_id, network, namespace, value)
    WHERE valid_to IS NULL AND verified_by = 'provider';
CREATE INDEX identities_contact ON identities (contact_id);
-- The next message of a thread finds one conversation, whoever looks at the same time.
CREATE UNIQUE INDEX conversations_thread ON conversations (tenant_id, thread_key) WHERE status <> 'closed';
CREATE INDEX conversations_recent ON conversations (tenant_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_assignee ON conversations (assignee_id, last_message_at DESC) WHERE assignee_id IS NOT NULL;
-- A redelivered webhook meets the message that it brought before.
CREATE UNIQUE INDEX messages_provider ON messages (inbox_id, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX messages_order ON messages (conversation_id, version);
CREATE INDEX messages_attempt ON messages (attempt_id) WHERE attempt_id IS NOT NULL;
CREATE INDEX messages_pending ON messages (conversation_id, version) WHERE delivery IN ('queued', 'sending');
CREATE INDEX early_updates_target ON early_updates (inbox_id, target);
CREATE INDEX attachments_message ON attachments (message_id);
-- At most one live work item per conversation, at most one live offer per work item.
CREATE UNIQUE INDEX work_items_live ON work_items (conversation_id) WHERE state IN ('queued', 'offered', 'active', 'wrap_up');
CREATE INDEX work_items_waiting ON work_items (queue_id, priority DESC, queued_at) WHERE state = 'queued';
CREATE INDEX work_items_agent ON work_items (agent_id) WHERE state IN ('offered', 'active', 'wrap_up');
CREATE UNIQUE INDEX offers_pending ON offers (work_item_id) WHERE state = 'pending';
CREATE INDEX offers_agent ON offers (agent_id) WHERE state = 'pending';
CREATE INDEX offers_history ON offers (work_item_id, ended_at);
CREATE INDEX decisions_work_item ON decisions (work_item_id, decided_at);
CREATE INDEX timers_due ON timers (due_at);
CREATE INDEX timers_subject ON timers (subject_id);
CREATE INDEX team_members_agent ON team_members (agent_id);
CREATE INDEX queue_teams_team ON queue_teams (team_id);
CREATE INDEX handled_events_age ON handled_events (handled_at);

-- Rows that change often keep room on their page, so that updates stay there (heap-only tuples).
ALTER TABLE agent_loads SET (fillfactor = 50);
ALTER TABLE relay_cursor SET (fillfactor = 10);
ALTER TABLE tenant_seqs SET (fillfactor = 50);
ALTER TABLE conversations SET (fillfactor = 80);
ALTER TABLE work_items SET (fillfactor = 80);

CREATE FUNCTION maintain_outbox(days_ahead integer, days_kept integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    day date;
    dropped integer := 0;
    part record;
BEGIN
    FOR day IN SELECT d::date FROM generate_series(current_date, current_date + days_ahead, '1 day') d LOOP
        IF to_regclass(format('outbox_%s', to_char(day, 'YYYYMMDD'))) IS NULL
            AND NOT EXISTS (SELECT FROM outbox_other WHERE logged_at >= day AND logged_at < day + 1) THEN
            EXECUTE format('CREATE TABLE outbox_%s PARTITION OF outbox FOR VALUES FROM (%L) TO (%L)',
                to_char(day, 'YYYYMMDD'), day, day + 1);
            EXECUTE format('COMMENT ON TABLE outbox_%s IS %L', to_char(day, 'YYYYMMDD'),
                'The events of one day.');
        END IF;
    END LOOP;
    -- Only whole days that are stamped, published and under audit go.
    FOR part IN
        SELECT c.relname, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_[0-9]{8}$'
    LOOP
        IF part.day < current_date - days_kept AND NOT EXISTS (
            SELECT FROM event_seqs s LEFT JOIN audit_trees t USING (tenant_id)
            WHERE s.logged_at < part.day + 1 AND s.seq > COALESCE(t.last_seq, 0)
        ) AND NOT EXISTS (
            SELECT FROM event_seqs s, relay_cursor r
            WHERE s.logged_at < part.day + 1 AND s.stamp > r.published
        ) AND (SELECT from_xid FROM relay_cursor) >
            COALESCE((SELECT max(xid) FROM outbox o WHERE o.logged_at >= part.day AND o.logged_at < part.day + 1), 0) THEN
            EXECUTE format('DROP TABLE %I', part.relname);
            DELETE FROM event_seqs WHERE logged_at < part.day + 1;
            dropped := dropped + 1;
        END IF;
    END LOOP;
    DELETE FROM handled_events WHERE handled_at < now() - make_interval(days => days_kept);
    DELETE FROM early_updates WHERE arrived_at < now() - interval '30 days';
    DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours';
    RETURN dropped;
END $$;
COMMENT ON FUNCTION maintain_outbox(integer, integer) IS 'Makes the partitions of the days ahead, drops those older than days_kept, returns how many it dropped.';
REVOKE ALL ON FUNCTION maintain_outbox(integer, integer) FROM PUBLIC;

-- Row-level security: a query without a tenant sees nothing, a foreign tenant's row does not exist.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants TO interdesk_app USING (id = (SELECT scoped_tenant()));
ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agents TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE agent_loads ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_loads TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON teams TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE team_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON team_members TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE queues ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queues TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE queue_teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queue_teams TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE inboxes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inboxes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contacts TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identities TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON conversations TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE episodes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON episodes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON messages TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE message_revisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_revisions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE reactions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reactions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE early_updates ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON early_updates TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attachments TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE work_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON work_items TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE offers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON offers TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON decisions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE event_seqs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON event_seqs TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE tenant_seqs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenant_seqs TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE handled_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON handled_events TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE timers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON timers TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE audit_trees ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_trees TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE audit_leaves ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_leaves TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE audit_checkpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_checkpoints TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE raw_webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON raw_webhooks TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dead_letters TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));

GRANT USAGE ON SCHEMA public TO interdesk_app, interdesk_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO interdesk_app;
GRANT USAGE ON SEQUENCE outbox_pos TO interdesk_app;
GRANT EXECUTE ON FUNCTION maintain_outbox(integer, integer) TO interdesk_system;
-- What happened is not changed by the program.
REVOKE UPDATE, DELETE ON outbox, event_seqs, audit_leaves, audit_checkpoints, decisions FROM interdesk_app;
-- A partition has no policy of its own; it is reached through its parent only.
REVOKE ALL ON outbox_other FROM interdesk_app;
REVOKE INSERT ON event_seqs FROM interdesk_app;
REVOKE ALL ON relay_cursor, tenant_seqs, signing_keys FROM interdesk_app;
GRANT SELECT ON tenant_seqs TO interdesk_app;

-- What the system role may see over all tenants, and nothing else.
CREATE POLICY system ON tenants FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON inboxes FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON work_items FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON timers FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON outbox FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON event_seqs TO interdesk_system USING (true);
CREATE POLICY system ON tenant_seqs TO interdesk_system USING (true);
CREATE POLICY system ON audit_trees FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON raw_webhooks FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON dead_letters TO interdesk_system USING (true);
GRANT SELECT ON tenants, inboxes, work_items, timers, outbox, event_seqs, tenant_seqs, relay_cursor,
    audit_trees, raw_webhooks, dead_letters, signing_keys TO interdesk_system;
GRANT INSERT ON event_seqs TO interdesk_system;
GRANT INSERT, UPDATE ON tenant_seqs TO interdesk_system;
GRANT UPDATE ON relay_cursor TO interdesk_system;
GRANT INSERT, DELETE ON dead_letters TO interdesk_system;
GRANT INSERT, UPDATE ON signing_keys TO interdesk_system;

-- The first days have their partitions before anything is written: a default partition that holds
-- rows of a day keeps that day from ever getting its own.
SELECT maintain_outbox(3, 7);
