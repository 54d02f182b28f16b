ALTER TABLE messages DROP COLUMN origin;
