ALTER TABLE consents DROP COLUMN blocked_from;
