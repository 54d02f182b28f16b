CREATE INDEX work_items_ended ON work_items (conversation_id, queued_at DESC)
    WHERE state IN ('done', 'wrap_up');
DROP INDEX work_items_conversation;
