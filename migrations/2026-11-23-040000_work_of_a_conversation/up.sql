-- The latest work item of a conversation is found by an index, whatever became of it: without one each page
-- of conversations read all work that ever was. What found ended work finds it here too.
CREATE INDEX work_items_conversation ON work_items (conversation_id, queued_at DESC, id DESC);
DROP INDEX work_items_ended;
