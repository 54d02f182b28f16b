-- What Matrix needs: reactions that are events of their own, and invitations that wait to be followed.

CREATE TABLE reaction_events (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    provider_id text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    target text NOT NULL,
    author text NOT NULL,
    emoji text NOT NULL,
    withdrawn boolean NOT NULL DEFAULT false,
    PRIMARY KEY (inbox_id, provider_id)
);
COMMENT ON TABLE reaction_events IS 'Reactions on channels where each is an event that a deletion withdraws; what stands of them is in reactions. Written by flow::receive.';
COMMENT ON COLUMN reaction_events.inbox_id IS 'In which inbox.';
COMMENT ON COLUMN reaction_events.provider_id IS 'The provider''s id of the reaction.';
COMMENT ON COLUMN reaction_events.tenant_id IS 'Whose reaction.';
COMMENT ON COLUMN reaction_events.target IS 'The provider''s id of the message.';
COMMENT ON COLUMN reaction_events.author IS 'The address of who reacted.';
COMMENT ON COLUMN reaction_events.emoji IS 'What they reacted with.';
COMMENT ON COLUMN reaction_events.withdrawn IS 'Whether it was withdrawn.';
CREATE INDEX reaction_events_standing ON reaction_events (inbox_id, target, author) WHERE NOT withdrawn;
COMMENT ON INDEX reaction_events_standing IS 'What of somebody stands on a message.';
ALTER TABLE reaction_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reaction_events TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON reaction_events TO interdesk_app;

CREATE INDEX raw_webhooks_asking ON raw_webhooks (received_at) WHERE retried_at IS NULL AND reason LIKE 'asks: %';
COMMENT ON INDEX raw_webhooks_asking IS 'What was kept because it asks the desk to act, an invitation for example, and was not followed yet.';
