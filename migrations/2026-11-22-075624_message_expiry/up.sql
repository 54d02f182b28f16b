-- Messages that their author wants gone: until when they are shown, and that they are gone.

ALTER TABLE messages
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN expires_after integer CHECK (expires_after >= 0),
    ADD COLUMN expired_at timestamptz;
COMMENT ON COLUMN messages.expires_at IS 'Until when it is shown; null for ever, or while expires_after waits to be read.';
COMMENT ON COLUMN messages.expires_after IS 'How many seconds after an agent read it it is to be gone; null where nobody asked for that.';
COMMENT ON COLUMN messages.expired_at IS 'When it was withdrawn: content, words, versions, files and the provider''s JSON are gone since. Written by flow::expiry.';
CREATE INDEX messages_unread_expiry ON messages (conversation_id)
    WHERE expires_after IS NOT NULL AND expires_at IS NULL;
COMMENT ON INDEX messages_unread_expiry IS 'Messages whose time begins to run when somebody reads them.';
