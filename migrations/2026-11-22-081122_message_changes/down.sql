DROP FUNCTION due_changes(timestamptz, integer);
DROP TABLE message_changes;
