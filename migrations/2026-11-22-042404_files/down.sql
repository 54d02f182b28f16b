DROP FUNCTION file_totals();
DROP FUNCTION idle_files(timestamptz, integer);
DROP FUNCTION unused_uploads(timestamptz, integer);
DROP FUNCTION due_attachments(timestamptz, integer);
ALTER TABLE inboxes DROP COLUMN max_file_bytes, DROP COLUMN file_types;
DROP TABLE provider_files;
DELETE FROM attachments WHERE message_id IS NULL;
DROP INDEX attachments_unused, attachments_file, attachments_due;
ALTER TABLE attachments
    DROP COLUMN position, DROP COLUMN state, DROP COLUMN file_id, DROP COLUMN tries,
    DROP COLUMN next_try_at, DROP COLUMN failure, DROP COLUMN failure_detail,
    DROP COLUMN agent_id, DROP COLUMN created_at,
    ALTER COLUMN message_id SET NOT NULL;
DROP TABLE files;
