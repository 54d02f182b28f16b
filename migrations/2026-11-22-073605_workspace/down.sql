ALTER TABLE conversations DROP COLUMN tags;
ALTER TABLE contacts DROP COLUMN schedule_id, DROP COLUMN segments, DROP COLUMN vip, DROP COLUMN attributes;
COMMENT ON TABLE contacts IS 'A person who writes. Written by flow (receive, link, unlink, rename).';
ALTER TABLE queue_teams DROP COLUMN most, DROP COLUMN rank;
COMMENT ON TABLE queue_teams IS 'Which teams serve a queue. Written by flow::provision.';
ALTER TABLE queues DROP COLUMN schedule_id;
COMMENT ON TABLE queues IS 'A line of work items that teams share. Written by flow::provision.';
ALTER TABLE team_members DROP COLUMN rank;
COMMENT ON TABLE team_members IS 'Which agents a team has. Written by flow::provision.';
ALTER TABLE teams DROP COLUMN schedule_id;
COMMENT ON TABLE teams IS 'A group of agents. Written by flow::provision.';
DROP TABLE agent_absences;
DROP TABLE agent_skills;
UPDATE agents SET presence = 'away' WHERE presence = 'busy';
ALTER TABLE agents
    DROP COLUMN presence_reason,
    DROP COLUMN schedule_id,
    DROP COLUMN capacity,
    DROP COLUMN languages,
    DROP COLUMN kind,
    DROP CONSTRAINT agents_presence_check,
    ADD CONSTRAINT agents_presence_check CHECK (presence IN ('online', 'away', 'offline'));
COMMENT ON TABLE agents IS 'A person or program that answers. Written by flow::provision and flow::presence.';
DROP TABLE presence_reasons;
ALTER TABLE tenants DROP COLUMN assistants_stopped;
COMMENT ON TABLE tenants IS 'One customer of Interdesk. Written by flow::provision.';
DROP TABLE policy_versions;
DROP TABLE policies;
