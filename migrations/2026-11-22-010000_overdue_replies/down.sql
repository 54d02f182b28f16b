DROP FUNCTION overdue_replies(timestamptz, integer);
