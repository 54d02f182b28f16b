-- What a workspace sets up: versioned policies, and what routing and clocks know about agents,
-- teams, queues and contacts. Without any row and with every default it works as before.

CREATE TABLE policies (
    tenant_id uuid NOT NULL REFERENCES tenants,
    kind text NOT NULL CHECK (kind IN ('schedule', 'queue', 'rules', 'order', 'sla', 'absence')),
    id uuid NOT NULL,
    name text NOT NULL,
    latest integer NOT NULL CHECK (latest >= 1),
    version integer CHECK (version BETWEEN 1 AND latest),
    staged_version integer CHECK (staged_version BETWEEN 1 AND latest),
    staged_permille integer CHECK (staged_permille BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (tenant_id, kind, id),
    CHECK ((staged_version IS NULL) = (staged_permille IS NULL))
);
COMMENT ON TABLE policies IS 'A document that decides how a workspace works, over all its versions. Written by flow (policy, provision).';
COMMENT ON COLUMN policies.tenant_id IS 'Whose policy.';
COMMENT ON COLUMN policies.kind IS 'What it decides (domain::policy::PolicyKind).';
COMMENT ON COLUMN policies.id IS 'What it is about: the schedule itself, the queue, or the tenant where there is one for all.';
COMMENT ON COLUMN policies.name IS 'What people call it; conditions name schedules by it.';
COMMENT ON COLUMN policies.latest IS 'The newest version, active or not.';
COMMENT ON COLUMN policies.version IS 'The version that was activated last; it is in force from its effective_from on. Null before the first.';
COMMENT ON COLUMN policies.staged_version IS 'The version that a share of the work follows instead; null where none is staged.';
COMMENT ON COLUMN policies.staged_permille IS 'How large that share is, in thousandths.';
COMMENT ON COLUMN policies.created_at IS 'When it was first saved.';
COMMENT ON COLUMN policies.retired_at IS 'Since when nothing new may use it.';
CREATE UNIQUE INDEX policies_schedule_name ON policies (tenant_id, name)
    WHERE kind = 'schedule' AND retired_at IS NULL;
COMMENT ON INDEX policies_schedule_name IS 'Conditions name schedules: one of a name at a time.';

CREATE TABLE policy_versions (
    tenant_id uuid NOT NULL REFERENCES tenants,
    kind text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    body jsonb NOT NULL,
    note text NOT NULL,
    made_by uuid REFERENCES agents,
    made_at timestamptz NOT NULL,
    effective_from timestamptz,
    PRIMARY KEY (tenant_id, kind, id, version),
    FOREIGN KEY (tenant_id, kind, id) REFERENCES policies
);
COMMENT ON TABLE policy_versions IS 'One version of a policy; what it says is never changed. Written by flow (policy, provision).';
COMMENT ON COLUMN policy_versions.tenant_id IS 'Whose policy.';
COMMENT ON COLUMN policy_versions.kind IS 'What it decides.';
COMMENT ON COLUMN policy_versions.id IS 'Which policy.';
COMMENT ON COLUMN policy_versions.version IS 'Which version, from 1.';
COMMENT ON COLUMN policy_versions.body IS 'What it says, in the form of its kind (domain::policy).';
COMMENT ON COLUMN policy_versions.note IS 'Why it was made, in the words of who made it.';
COMMENT ON COLUMN policy_versions.made_by IS 'Who made it; null for the operator.';
COMMENT ON COLUMN policy_versions.made_at IS 'When it was made.';
COMMENT ON COLUMN policy_versions.effective_from IS 'From when on it is in force, until the next; null while it was never activated.';

ALTER TABLE policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policies TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON policies TO interdesk_app;
ALTER TABLE policy_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_versions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE (effective_from) ON policy_versions TO interdesk_app;

ALTER TABLE tenants ADD COLUMN assistants_stopped boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN tenants.assistants_stopped IS 'Whether no assistant gets any new work.';
COMMENT ON TABLE tenants IS 'One customer of Interdesk. Written by flow (provision, workspace).';

CREATE TABLE presence_reasons (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    presence text NOT NULL CHECK (presence IN ('online', 'busy', 'away', 'offline')),
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE presence_reasons IS 'What agents may say they are, beside the four words that routing knows. Written by flow (presence, provision).';
COMMENT ON COLUMN presence_reasons.id IS 'Names the reason (UUIDv7).';
COMMENT ON COLUMN presence_reasons.tenant_id IS 'Whose reason.';
COMMENT ON COLUMN presence_reasons.name IS 'What people call it.';
COMMENT ON COLUMN presence_reasons.presence IS 'What it stands for.';
COMMENT ON COLUMN presence_reasons.created_at IS 'When it was added.';
COMMENT ON COLUMN presence_reasons.retired_at IS 'Since when it is not offered any more.';
ALTER TABLE presence_reasons ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON presence_reasons TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON presence_reasons TO interdesk_app;

ALTER TABLE agents
    DROP CONSTRAINT agents_presence_check,
    ADD CONSTRAINT agents_presence_check CHECK (presence IN ('online', 'busy', 'away', 'offline')),
    ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'assistant')),
    ADD COLUMN languages text[] NOT NULL DEFAULT '{}',
    ADD COLUMN capacity jsonb,
    ADD COLUMN schedule_id uuid,
    ADD COLUMN presence_reason uuid REFERENCES presence_reasons;
COMMENT ON TABLE agents IS 'A person or program that answers. Written by flow (provision, presence, agent).';
COMMENT ON COLUMN agents.kind IS 'A person or an assistant, which one switch can stop.';
COMMENT ON COLUMN agents.languages IS 'The languages that the agent answers in (BCP 47).';
COMMENT ON COLUMN agents.capacity IS 'What the agent may hold (domain::routing::model::Capacity), its total as in agent_loads; null for a total alone.';
COMMENT ON COLUMN agents.schedule_id IS 'When the agent is at work: a policy of kind schedule; null for always.';
COMMENT ON COLUMN agents.presence_reason IS 'The word of the tenant''s own that the agent chose; null for none.';

CREATE TABLE agent_skills (
    agent_id uuid NOT NULL REFERENCES agents,
    skill text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 100),
    PRIMARY KEY (agent_id, skill)
);
COMMENT ON TABLE agent_skills IS 'What an agent is able to do, and how well. Written by flow (agent, provision).';
COMMENT ON COLUMN agent_skills.agent_id IS 'Whose skill.';
COMMENT ON COLUMN agent_skills.skill IS 'Its name.';
COMMENT ON COLUMN agent_skills.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN agent_skills.level IS 'How well, from 1.';
CREATE INDEX agent_skills_skill ON agent_skills (tenant_id, skill);
COMMENT ON INDEX agent_skills_skill IS 'Which skills a tenant has, and who has them.';
ALTER TABLE agent_skills ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_skills TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_skills TO interdesk_app;

CREATE TABLE agent_absences (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    note text NOT NULL DEFAULT '',
    made_by uuid REFERENCES agents,
    made_at timestamptz NOT NULL,
    removed_at timestamptz,
    CHECK (starts_at < ends_at)
);
COMMENT ON TABLE agent_absences IS 'Time off: while it lasts the agent is not on schedule. Written by flow (agent).';
COMMENT ON COLUMN agent_absences.id IS 'Names the absence (UUIDv7).';
COMMENT ON COLUMN agent_absences.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN agent_absences.agent_id IS 'Who is off.';
COMMENT ON COLUMN agent_absences.starts_at IS 'From when on.';
COMMENT ON COLUMN agent_absences.ends_at IS 'Until when; itself not included.';
COMMENT ON COLUMN agent_absences.note IS 'What was said about it.';
COMMENT ON COLUMN agent_absences.made_by IS 'Who wrote it down.';
COMMENT ON COLUMN agent_absences.made_at IS 'When it was written down.';
COMMENT ON COLUMN agent_absences.removed_at IS 'When it was taken back; null while it stands.';
CREATE INDEX agent_absences_agent ON agent_absences (agent_id, ends_at) WHERE removed_at IS NULL;
COMMENT ON INDEX agent_absences_agent IS 'The time off of an agent that is not over.';
ALTER TABLE agent_absences ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_absences TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON agent_absences TO interdesk_app;

ALTER TABLE teams ADD COLUMN schedule_id uuid;
COMMENT ON TABLE teams IS 'A group of agents. Written by flow (provision, team).';
COMMENT ON COLUMN teams.schedule_id IS 'When the team is open: a policy of kind schedule; null for always.';

ALTER TABLE team_members ADD COLUMN rank smallint NOT NULL DEFAULT 0 CHECK (rank BETWEEN 0 AND 9);
COMMENT ON TABLE team_members IS 'Which agents a team has. Written by flow (provision, team).';
COMMENT ON COLUMN team_members.rank IS 'Added to the rank of the team: lower is asked first.';

ALTER TABLE queues ADD COLUMN schedule_id uuid;
COMMENT ON TABLE queues IS 'A line of work items that teams share. Written by flow (provision, queue).';
COMMENT ON COLUMN queues.schedule_id IS 'When the queue is open: a policy of kind schedule; null for always.';

ALTER TABLE queue_teams
    ADD COLUMN rank smallint NOT NULL DEFAULT 0 CHECK (rank BETWEEN 0 AND 9),
    ADD COLUMN most integer CHECK (most BETWEEN 0 AND 1000);
COMMENT ON TABLE queue_teams IS 'Which teams serve a queue. Written by flow (provision, queue).';
COMMENT ON COLUMN queue_teams.rank IS 'Which line of the queue the team is: lower is asked first.';
COMMENT ON COLUMN queue_teams.most IS 'How many units each member may hold by this queue; null for no limit.';

ALTER TABLE contacts
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN vip boolean NOT NULL DEFAULT false,
    ADD COLUMN segments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN schedule_id uuid;
COMMENT ON TABLE contacts IS 'A person who writes. Written by flow (receive, link, unlink, rename, contact).';
COMMENT ON COLUMN contacts.attributes IS 'What the tenant knows about the contact: names with texts, whole numbers, or yes and no.';
COMMENT ON COLUMN contacts.vip IS 'Whether the contact is very important.';
COMMENT ON COLUMN contacts.segments IS 'The segments that the contact is in.';
COMMENT ON COLUMN contacts.schedule_id IS 'The hours that were promised to the contact: a policy of kind schedule; null for none.';

ALTER TABLE conversations ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN conversations.tags IS 'What people and rules marked it with.';
