-- What agents do with work: they hold, put off, hand over, finish the paperwork; and who may speak.

ALTER TABLE conversations
    DROP CONSTRAINT conversations_status_check,
    ADD CONSTRAINT conversations_status_check CHECK (status IN ('new', 'open', 'waiting_for_customer', 'on_hold', 'snoozed', 'resolved', 'closed')),
    ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -5 AND 10),
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN held_reason text;
COMMENT ON COLUMN conversations.priority IS 'How much its work weighs: double for each step. A work item begins with it.';
COMMENT ON COLUMN conversations.snoozed_until IS 'Until when it was put off; of meaning while the status is snoozed.';
COMMENT ON COLUMN conversations.held_reason IS 'What it waits for at a third party, in the words of who put it on hold; of meaning while the status is on_hold.';

ALTER TABLE work_items ADD COLUMN wrap_up_until timestamptz;
COMMENT ON COLUMN work_items.wrap_up_until IS 'Until when its agent finishes the paperwork, at the latest; null where there is none.';

-- While its agent finishes the paperwork, the customer may come back with the next episode.
DROP INDEX work_items_live;
CREATE UNIQUE INDEX work_items_live ON work_items (conversation_id) WHERE state IN ('queued', 'offered', 'active');

ALTER TABLE offers
    ADD COLUMN decline_reason text CHECK (decline_reason IN ('no_time', 'not_able', 'language', 'not_for_me', 'other')),
    ADD COLUMN decline_note text,
    ADD COLUMN rest text CHECK (rest IN ('never', 'until', 'last_resort')),
    ADD COLUMN rest_until timestamptz,
    ADD CHECK ((rest_until IS NOT NULL) = (rest IS NOT NULL AND rest = 'until'));
COMMENT ON COLUMN offers.decline_reason IS 'Why the agent declined, where they said.';
COMMENT ON COLUMN offers.decline_note IS 'What the agent said about it.';
COMMENT ON COLUMN offers.rest IS 'Whether the agent may be offered the same again, as the queue had it when the offer was declined or expired; null where it was not.';
COMMENT ON COLUMN offers.rest_until IS 'From when on they may.';
UPDATE offers SET rest = 'until', rest_until = ended_at + interval '60 seconds'
WHERE state IN ('declined', 'expired');

CREATE TABLE transfers (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    work_item_id uuid NOT NULL REFERENCES work_items,
    kind text NOT NULL CHECK (kind IN ('release', 'absence', 'snooze', 'cold', 'warm')),
    state text NOT NULL CHECK (state IN ('asked', 'done', 'declined', 'expired', 'cancelled')),
    from_agent_id uuid NOT NULL REFERENCES agents,
    from_queue_id uuid NOT NULL REFERENCES queues,
    to_agent_id uuid REFERENCES agents,
    to_queue_id uuid NOT NULL REFERENCES queues,
    reason text NOT NULL DEFAULT '',
    made_by uuid REFERENCES agents,
    made_at timestamptz NOT NULL,
    expires_at timestamptz,
    ended_at timestamptz,
    rest text CHECK (rest IN ('never', 'until', 'last_resort')),
    rest_until timestamptz,
    CHECK ((rest_until IS NOT NULL) = (rest IS NOT NULL AND rest = 'until')),
    CHECK (kind = 'warm' OR state = 'done'),
    CHECK ((state = 'asked') = (ended_at IS NULL)),
    CHECK (kind <> 'warm' OR to_agent_id IS NOT NULL AND expires_at IS NOT NULL)
);
COMMENT ON TABLE transfers IS 'How work left the hands that it was in: given back, lost to an absence, put off, or handed over. Written by flow (release, transfer, transfer_answer, snooze, absence, resolve).';
COMMENT ON COLUMN transfers.id IS 'Names the transfer (UUIDv7).';
COMMENT ON COLUMN transfers.tenant_id IS 'Whose work.';
COMMENT ON COLUMN transfers.work_item_id IS 'Which work.';
COMMENT ON COLUMN transfers.kind IS 'How it left.';
COMMENT ON COLUMN transfers.state IS 'Where it stands: a warm one is asked first, all others are done at once.';
COMMENT ON COLUMN transfers.from_agent_id IS 'Who had it.';
COMMENT ON COLUMN transfers.from_queue_id IS 'Its queue before.';
COMMENT ON COLUMN transfers.to_agent_id IS 'Who got it or was asked; null where it went to a queue.';
COMMENT ON COLUMN transfers.to_queue_id IS 'Its queue afterwards.';
COMMENT ON COLUMN transfers.reason IS 'Why, in the words of who did it; empty where nobody said.';
COMMENT ON COLUMN transfers.made_by IS 'Who did it; null for a rule of the desk.';
COMMENT ON COLUMN transfers.made_at IS 'When it was begun.';
COMMENT ON COLUMN transfers.expires_at IS 'Until when the colleague may answer.';
COMMENT ON COLUMN transfers.ended_at IS 'When it was done, or was not; null while the answer is awaited.';
COMMENT ON COLUMN transfers.rest IS 'Whether who gave it back may be offered it again, as the queue has it after a refusal; null where nothing keeps it from them.';
COMMENT ON COLUMN transfers.rest_until IS 'From when on they may.';
CREATE INDEX transfers_work_item ON transfers (work_item_id, made_at);
COMMENT ON INDEX transfers_work_item IS 'The hands that work went through.';
CREATE UNIQUE INDEX transfers_asked ON transfers (work_item_id) WHERE state = 'asked';
COMMENT ON INDEX transfers_asked IS 'One colleague is asked at a time.';
CREATE INDEX transfers_to ON transfers (to_agent_id) WHERE state = 'asked';
COMMENT ON INDEX transfers_to IS 'What an agent is asked to take over.';
ALTER TABLE transfers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON transfers TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON transfers TO interdesk_app;

CREATE TABLE speaker_leases (
    conversation_id uuid PRIMARY KEY REFERENCES conversations,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid REFERENCES agents,
    epoch bigint NOT NULL CHECK (epoch >= 1),
    taken_at timestamptz NOT NULL
);
COMMENT ON TABLE speaker_leases IS 'Who has the right to speak in a conversation where that is not simply its owner: people and assistants take turns, never both at once. Written by flow::speaker.';
COMMENT ON COLUMN speaker_leases.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN speaker_leases.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN speaker_leases.agent_id IS 'Who has the right; null where nobody has.';
COMMENT ON COLUMN speaker_leases.epoch IS 'Counts the times that the right changed hands; an assistant''s words carry it.';
COMMENT ON COLUMN speaker_leases.taken_at IS 'Since when.';
ALTER TABLE speaker_leases ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON speaker_leases TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON speaker_leases TO interdesk_app;
