-- Finds replies that nobody began to deliver, so that a lost event does not hold one up for ever.
--
-- A function of the tables' owner rather than a right on messages: the system role learns which
-- conversations have one, and nothing else of any message.
CREATE FUNCTION overdue_replies(written_before timestamptz, at_most integer)
RETURNS TABLE (tenant_id uuid, conversation_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Replies leave in order, so only the first that is not out yet counts: what waits behind one
    -- that is under way or waits for its next try is not overdue.
    SELECT first.tenant_id, first.conversation_id
    FROM (
        SELECT DISTINCT ON (m.conversation_id) m.id, m.tenant_id, m.conversation_id, m.delivery, m.stored_at
        FROM messages m
        WHERE m.delivery IN ('queued', 'sending')
        ORDER BY m.conversation_id, m.version
    ) first
    WHERE first.delivery = 'queued' AND first.stored_at < written_before
        AND NOT EXISTS (SELECT FROM timers t WHERE t.subject_id = first.id AND t.kind = 'delivery_retry')
    ORDER BY first.stored_at
    LIMIT at_most
$$;
COMMENT ON FUNCTION overdue_replies(timestamptz, integer) IS 'The conversations whose next reply was written before a moment and is neither under way nor waits for its next try, the oldest first.';
REVOKE ALL ON FUNCTION overdue_replies(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION overdue_replies(timestamptz, integer) TO interdesk_system;
