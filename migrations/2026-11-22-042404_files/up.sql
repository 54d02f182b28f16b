-- Files become more than references: their bytes are fetched once, kept once for a tenant, and every
-- attachment tells how far that got.

CREATE TABLE files (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    state text NOT NULL CHECK (state IN ('writing', 'stored', 'doomed')),
    sha256 text,
    size bigint,
    mime_type text,
    created_at timestamptz NOT NULL,
    idle_since timestamptz,
    CHECK (state <> 'stored' OR (sha256 IS NOT NULL AND size IS NOT NULL AND mime_type IS NOT NULL))
);
COMMENT ON TABLE files IS 'Bytes that the desk keeps, once for a tenant; the object''s key is the tenant''s id, a slash and the file''s. Written by flow::attach; flow (receive, reply) ends their idleness.';
COMMENT ON COLUMN files.id IS 'Names the bytes (UUIDv7).';
COMMENT ON COLUMN files.tenant_id IS 'Whose bytes.';
COMMENT ON COLUMN files.state IS 'writing: the object is on its way or its writer died; stored: it is there; doomed: it is being deleted and nobody may refer to it any more.';
COMMENT ON COLUMN files.sha256 IS 'The SHA-256 of the bytes in lower-case hex.';
COMMENT ON COLUMN files.size IS 'How many bytes.';
COMMENT ON COLUMN files.mime_type IS 'What the bytes are, by looking at them (RFC 6838).';
COMMENT ON COLUMN files.created_at IS 'When writing began.';
COMMENT ON COLUMN files.idle_since IS 'Since when no attachment refers to them; NULL while one does. What is idle for long is deleted.';
CREATE UNIQUE INDEX files_content ON files (tenant_id, sha256) WHERE state = 'stored';
COMMENT ON INDEX files_content IS 'The same bytes twice in a tenant are kept once.';
CREATE INDEX files_idle ON files (idle_since) WHERE idle_since IS NOT NULL;
COMMENT ON INDEX files_idle IS 'What nobody refers to, the longest idle first.';
CREATE INDEX files_tenant ON files (tenant_id) INCLUDE (size) WHERE state = 'stored';
COMMENT ON INDEX files_tenant IS 'How much a tenant keeps.';
ALTER TABLE files ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON files TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON files TO interdesk_app;

ALTER TABLE attachments
    ALTER COLUMN message_id DROP NOT NULL,
    ADD COLUMN position smallint NOT NULL DEFAULT 0,
    ADD COLUMN state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'failed')),
    ADD COLUMN file_id uuid REFERENCES files,
    ADD COLUMN tries integer NOT NULL DEFAULT 0,
    ADD COLUMN next_try_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN failure text,
    ADD COLUMN failure_detail text,
    ADD COLUMN agent_id uuid REFERENCES agents,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD CHECK (state <> 'stored' OR file_id IS NOT NULL),
    ADD CHECK (message_id IS NOT NULL OR agent_id IS NOT NULL);
COMMENT ON TABLE attachments IS 'A file of a message, or one that an agent uploaded for a message to come. Written by flow (receive, reply, attach).';
COMMENT ON COLUMN attachments.message_id IS 'Of which message; NULL while an agent''s upload waits for its message.';
COMMENT ON COLUMN attachments.position IS 'Which of the message''s files, from 0.';
COMMENT ON COLUMN attachments.state IS 'waiting: the bytes are still to be fetched; stored: they are here; failed: they cannot be had.';
COMMENT ON COLUMN attachments.file_id IS 'The bytes, once they are here.';
COMMENT ON COLUMN attachments.tries IS 'How often they were asked for; also the token of whoever fetches them now.';
COMMENT ON COLUMN attachments.next_try_at IS 'When they may be asked for again; while somebody fetches them, when that counts as lost.';
COMMENT ON COLUMN attachments.failure IS 'Why they could not be had, in one word; the last reason while further tries follow.';
COMMENT ON COLUMN attachments.failure_detail IS 'The same for an agent to read.';
COMMENT ON COLUMN attachments.agent_id IS 'Which agent uploaded it; NULL for what customers sent and for files of replies.';
COMMENT ON COLUMN attachments.created_at IS 'When it became known; uploads that nobody used expire.';
CREATE INDEX attachments_due ON attachments (next_try_at) WHERE state = 'waiting';
COMMENT ON INDEX attachments_due IS 'What is to be fetched next.';
CREATE INDEX attachments_file ON attachments (file_id) WHERE file_id IS NOT NULL;
COMMENT ON INDEX attachments_file IS 'Who refers to bytes.';
CREATE INDEX attachments_unused ON attachments (created_at) WHERE message_id IS NULL;
COMMENT ON INDEX attachments_unused IS 'Uploads that wait for their message.';

CREATE TABLE provider_files (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    file_id uuid NOT NULL REFERENCES files ON DELETE CASCADE,
    kind text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    provider_id text NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (inbox_id, file_id, kind)
);
COMMENT ON TABLE provider_files IS 'Under which ids providers keep our files, so that each is handed over once. Written by flow::deliver.';
COMMENT ON COLUMN provider_files.inbox_id IS 'The account that it was handed over through.';
COMMENT ON COLUMN provider_files.file_id IS 'Our bytes.';
COMMENT ON COLUMN provider_files.kind IS 'What it was handed over as: some providers take an id for the same kind alone.';
COMMENT ON COLUMN provider_files.tenant_id IS 'Whose file.';
COMMENT ON COLUMN provider_files.provider_id IS 'The provider''s id.';
COMMENT ON COLUMN provider_files.expires_at IS 'Until when the id holds; NULL for ever.';
CREATE INDEX provider_files_file ON provider_files (file_id);
COMMENT ON INDEX provider_files_file IS 'Which ids a file that goes away takes with it.';
ALTER TABLE provider_files ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider_files TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_files TO interdesk_app;

ALTER TABLE inboxes
    ADD COLUMN max_file_bytes bigint CHECK (max_file_bytes > 0),
    ADD COLUMN file_types text[];
COMMENT ON COLUMN inboxes.max_file_bytes IS 'The largest file that is kept; NULL for what the settings say.';
COMMENT ON COLUMN inboxes.file_types IS 'The types that are kept, image/* for a family; NULL for all but those that the settings refuse.';

-- What the system learns across tenants are ids and sums, and nothing else of any file.
CREATE FUNCTION due_attachments(at timestamptz, at_most integer)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.tenant_id, a.id FROM attachments a
    WHERE a.state = 'waiting' AND a.next_try_at <= at
    ORDER BY a.next_try_at LIMIT at_most
$$;
COMMENT ON FUNCTION due_attachments(timestamptz, integer) IS 'The attachments whose bytes are to be fetched, the longest due first.';
REVOKE ALL ON FUNCTION due_attachments(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_attachments(timestamptz, integer) TO interdesk_system;

CREATE FUNCTION unused_uploads(older_than timestamptz, at_most integer)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.tenant_id, a.id FROM attachments a
    WHERE a.message_id IS NULL AND a.created_at < older_than
    ORDER BY a.created_at LIMIT at_most
$$;
COMMENT ON FUNCTION unused_uploads(timestamptz, integer) IS 'The uploads that no message took, the oldest first.';
REVOKE ALL ON FUNCTION unused_uploads(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unused_uploads(timestamptz, integer) TO interdesk_system;

CREATE FUNCTION idle_files(older_than timestamptz, at_most integer)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.tenant_id, f.id FROM files f
    WHERE f.idle_since < older_than
    ORDER BY f.idle_since LIMIT at_most
$$;
COMMENT ON FUNCTION idle_files(timestamptz, integer) IS 'The files that nothing refers to, the longest idle first.';
REVOKE ALL ON FUNCTION idle_files(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idle_files(timestamptz, integer) TO interdesk_system;

CREATE FUNCTION file_totals()
RETURNS TABLE (tenant_id uuid, files bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.tenant_id, count(*), sum(f.size)::bigint FROM files f
    WHERE f.state = 'stored' GROUP BY f.tenant_id
$$;
COMMENT ON FUNCTION file_totals() IS 'How many files and bytes each tenant keeps.';
REVOKE ALL ON FUNCTION file_totals() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION file_totals() TO interdesk_system;
