-- What every received message pays for, and nothing gains by.
--
-- A message is written in the transaction that holds its conversation's row, by one flow that takes
-- tenant, inbox, contact and episode from rows it has just read; row-level security proves the
-- tenant again. The foreign key to the conversation stays; the other four looked the same truth up
-- once more for each message.
ALTER TABLE messages
    DROP CONSTRAINT messages_tenant_id_fkey,
    DROP CONSTRAINT messages_episode_id_fkey,
    DROP CONSTRAINT messages_inbox_id_fkey,
    DROP CONSTRAINT messages_contact_id_fkey;

-- A leaf is written under the lock of its tenant's tree, which has the foreign key.
ALTER TABLE audit_leaves DROP CONSTRAINT audit_leaves_tenant_id_fkey;

-- The key of a conversation between two is made of the bare ids, so that PostgreSQL can make it too
-- and one statement finds the conversation of an address.
UPDATE conversations SET thread_key = 'contact:' || contact_id || ':' || queue_id
WHERE thread_key LIKE 'contact:%';
