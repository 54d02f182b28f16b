-- What a queue's limit makes of work is told to its customer.

ALTER TABLE work_items
    ADD COLUMN limited_text text,
    ADD COLUMN limited_message_id uuid REFERENCES messages,
    ADD COLUMN limited_untold text;
COMMENT ON COLUMN work_items.limited IS 'What became of it because its queue was full or it waited too long: call_back is a call since then, answer and refuse ended it; null otherwise.';
COMMENT ON COLUMN work_items.limited_text IS 'The words for its customer, as the policy had them at that moment; null where it had none.';
COMMENT ON COLUMN work_items.limited_message_id IS 'The message, or the first of several, in which the customer was told; null before and where they were not.';
COMMENT ON COLUMN work_items.limited_untold IS 'Why the customer could not be told, as replies name it; null where they were.';
COMMENT ON COLUMN messages.agent_id IS 'The agent who wrote it; null for the customer''s, for echoes, and for what the desk says itself.';
COMMENT ON COLUMN episodes.resolved_by IS 'Who ended it; null while it lasts, and where the desk refused it.';
