DROP INDEX messages_unread_expiry;
ALTER TABLE messages DROP COLUMN expired_at, DROP COLUMN expires_after, DROP COLUMN expires_at;
