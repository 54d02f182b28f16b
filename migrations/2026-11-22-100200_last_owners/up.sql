-- Who had a conversation last is asked whenever its next episode begins.
CREATE INDEX work_items_ended ON work_items (conversation_id, queued_at DESC)
    WHERE state IN ('done', 'wrap_up');
