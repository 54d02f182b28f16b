-- A reply goes to one contact of the person, by one app; what an adapter remembers was told by one.
--
-- No foreign key on the message's: it is taken from rows that the same transaction has just read.
ALTER TABLE messages ADD COLUMN recipient_id uuid;
COMMENT ON COLUMN messages.recipient_id IS 'The contact that one of ours goes to, of the person; null for the customer''s, in a group, and for what was written before apps of one person shared a conversation.';

ALTER TABLE channel_states ADD COLUMN contact_id uuid REFERENCES contacts;
COMMENT ON COLUMN channel_states.contact_id IS 'Whose message told it, or who we wrote to; null where the conversation had one app. It is of no use for another contact of the same person.';
-- An unlink takes what the contact told out of the others'' conversations.
GRANT DELETE ON channel_states TO interdesk_app;

-- An agent who answers has to have seen what the customer's message holds now.
ALTER TABLE messages ADD COLUMN changed_version bigint;
COMMENT ON COLUMN messages.changed_version IS 'The conversation''s version when its author last replaced or took it back; null where they never did.';
CREATE INDEX messages_changed ON messages (conversation_id, changed_version) WHERE changed_version IS NOT NULL;
COMMENT ON INDEX messages_changed IS 'What was replaced or taken back since an agent last looked.';
