ALTER TABLE messages DROP COLUMN shown_version;
DROP INDEX conversations_merged;
ALTER TABLE conversations
    DROP CONSTRAINT conversations_merged_check,
    DROP COLUMN has_merged,
    DROP COLUMN merged_own_version,
    DROP COLUMN merged_version,
    DROP COLUMN merged_status,
    DROP COLUMN merged_into;
