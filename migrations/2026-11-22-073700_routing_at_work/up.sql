-- What a work item asks for, which the router reads with it; and how it came to its agent.
--
-- New columns are null, or have a value that every row takes without being written again.
ALTER TABLE work_items
    ADD COLUMN class text NOT NULL DEFAULT 'message' CHECK (class IN ('message', 'email', 'call', 'task')),
    ADD COLUMN units integer NOT NULL DEFAULT 1 CHECK (units BETWEEN 1 AND 1000),
    ADD COLUMN vip boolean NOT NULL DEFAULT false,
    ADD COLUMN skills jsonb,
    ADD COLUMN language text,
    ADD COLUMN entered_at timestamptz,
    ADD COLUMN not_before timestamptz,
    ADD COLUMN preferred_agent uuid REFERENCES agents,
    ADD COLUMN preferred_until timestamptz,
    ADD COLUMN sla_deadline timestamptz,
    ADD COLUMN reply_deadline timestamptz,
    ADD COLUMN placement jsonb,
    ADD COLUMN by_queue_id uuid REFERENCES queues,
    ADD COLUMN limited text CHECK (limited IN ('call_back', 'answer', 'refuse')),
    ADD CHECK ((preferred_agent IS NULL) = (preferred_until IS NULL));
COMMENT ON COLUMN work_items.class IS 'What kind of work it is: each takes its own share of an agent.';
COMMENT ON COLUMN work_items.units IS 'How many units it takes of an agent.';
COMMENT ON COLUMN work_items.vip IS 'Whether the contact was marked as very important when it was placed.';
COMMENT ON COLUMN work_items.skills IS 'What it asks an agent to be able to do (domain::routing::model::Skills); null for nothing.';
COMMENT ON COLUMN work_items.language IS 'The language that it asks for; null for any.';
COMMENT ON COLUMN work_items.entered_at IS 'Since when it waits in its present queue, where that is later than queued_at: ladder and limits count from here.';
COMMENT ON COLUMN work_items.not_before IS 'Until when it sleeps and nobody gets it.';
COMMENT ON COLUMN work_items.preferred_agent IS 'Who should have it: who had it last, or who was named.';
COMMENT ON COLUMN work_items.preferred_until IS 'Until when nobody else gets it; afterwards they still come first.';
COMMENT ON COLUMN work_items.sla_deadline IS 'By when it has to be answered by the service level.';
COMMENT ON COLUMN work_items.reply_deadline IS 'By when the provider still takes a free reply.';
COMMENT ON COLUMN work_items.placement IS 'What the rules said when it was placed, with their reasons (domain::routing::rules::Placement); null where none were read.';
COMMENT ON COLUMN work_items.by_queue_id IS 'By which queue its agent got it: its own or one that it overflows to; null while nobody has it.';
COMMENT ON COLUMN work_items.limited IS 'What became of it because its queue was full or it waited too long, where that was an end; null otherwise.';
COMMENT ON COLUMN work_items.priority IS 'Higher weighs more, double for each step.';
COMMENT ON TABLE work_items IS 'An episode that waits for somebody. Written by flow (receive, reserve, accept, decline, expire, resolve, overdue).';
UPDATE work_items SET by_queue_id = queue_id WHERE state IN ('offered', 'active', 'wrap_up');

ALTER TABLE offers
    ADD COLUMN by_queue_id uuid REFERENCES queues,
    ADD COLUMN mode text NOT NULL DEFAULT 'offer' CHECK (mode IN ('offer', 'push', 'pull'));
COMMENT ON COLUMN offers.by_queue_id IS 'By which queue the agent was asked; null means the work item''s own.';
COMMENT ON COLUMN offers.mode IS 'Whether the agent was asked, or had it at once: pushed by the router, or fetched. What was pushed or fetched is accepted from the beginning.';

-- Every decision can be found by its moment and repeated from what it names.
ALTER TABLE decisions
    ADD COLUMN agent_id uuid REFERENCES agents,
    ADD COLUMN policies jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN router_id uuid,
    ADD COLUMN step bigint,
    ADD COLUMN cause_id uuid;
COMMENT ON COLUMN decisions.agent_id IS 'Who got the work; null where it waits on.';
COMMENT ON COLUMN decisions.policies IS 'The versions of policies by which it was decided: a list of kind, id and version.';
COMMENT ON COLUMN decisions.router_id IS 'Which router decided: one life of one engine; null for decisions before there were engines.';
COMMENT ON COLUMN decisions.step IS 'The place among the decisions of that router.';
COMMENT ON COLUMN decisions.cause_id IS 'The event that let the work wait, where it is known.';
COMMENT ON COLUMN decisions.explanation IS 'The whole decision with every fact that it rested on (domain::routing::Explanation).';
CREATE INDEX decisions_moment ON decisions (tenant_id, decided_at);
COMMENT ON INDEX decisions_moment IS 'The decisions of a span of time, to be repeated or looked at.';

CREATE TABLE agent_turns (
    agent_id uuid NOT NULL REFERENCES agents,
    queue_id uuid NOT NULL REFERENCES queues,
    tenant_id uuid NOT NULL REFERENCES tenants,
    turn bigint NOT NULL,
    PRIMARY KEY (agent_id, queue_id)
);
COMMENT ON TABLE agent_turns IS 'Whose turn it was in queues that take turns. Written by flow::reserve.';
COMMENT ON COLUMN agent_turns.agent_id IS 'Who.';
COMMENT ON COLUMN agent_turns.queue_id IS 'In which queue.';
COMMENT ON COLUMN agent_turns.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN agent_turns.turn IS 'Their last turn: the greater, the later.';
ALTER TABLE agent_turns ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_turns TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON agent_turns TO interdesk_app;

-- Which kinds there are is said by store::timers; a new one needs no new table of words.
ALTER TABLE timers DROP CONSTRAINT timers_kind_check;
ALTER TABLE timers ADD CONSTRAINT timers_kind_check CHECK (kind ~ '^[a-z_]{1,40}$');
