-- Conversations that are merged into another one of the same person.
--
-- No message is rewritten, neither by a merge nor when it is undone: each stays with the conversation by
-- whose thread it came or went, before and after, and the timeline of the one that goes on is read over all.

ALTER TABLE conversations
    ADD COLUMN merged_into uuid REFERENCES conversations,
    ADD COLUMN merged_status text,
    ADD COLUMN merged_version bigint,
    ADD COLUMN merged_own_version bigint,
    ADD COLUMN has_merged boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT conversations_merged_check CHECK (
        (merged_into IS NULL) = (merged_status IS NULL)
        AND (merged_into IS NULL) = (merged_version IS NULL)
        AND (merged_into IS NULL) = (merged_own_version IS NULL)
        AND (merged_into IS NULL OR (merged_into <> id AND NOT has_merged)));
COMMENT ON COLUMN conversations.merged_into IS 'The conversation that it is shown in and that goes on for it; null where it stands for itself. Written by flow::merge and flow::unmerge.';
COMMENT ON COLUMN conversations.merged_status IS 'Where it stood when it was merged; null where it is not.';
COMMENT ON COLUMN conversations.merged_version IS 'The version of the other conversation at the merge; null where it is not merged.';
COMMENT ON COLUMN conversations.merged_own_version IS 'Its own version at the merge: messages of later ones came since; null where it is not merged.';
COMMENT ON COLUMN conversations.has_merged IS 'Whether others are merged into it, so that all others pay nothing for it.';
CREATE INDEX conversations_merged ON conversations (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON INDEX conversations_merged IS 'What is merged into a conversation.';

ALTER TABLE messages ADD COLUMN shown_version bigint;
COMMENT ON COLUMN messages.shown_version IS 'The version, at its event, of the conversation that its own was merged into then; null for what came outside a merge.';
