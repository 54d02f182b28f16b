DROP TABLE api_keys;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
ALTER TABLE agents DROP COLUMN failed_sign_ins, DROP COLUMN locked_until, DROP COLUMN tokens_from;
