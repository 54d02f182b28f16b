DROP INDEX messages_changed;
ALTER TABLE messages DROP COLUMN changed_version;
REVOKE DELETE ON channel_states FROM interdesk_app;
ALTER TABLE channel_states DROP COLUMN contact_id;
ALTER TABLE messages DROP COLUMN recipient_id;
