-- What people find: the words of messages and notes, the names and addresses of contacts.
--
-- Both extensions come with PostgreSQL and are trusted: whoever may create things in the database,
-- its owner for one, may create them.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE search_cursors (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    seq bigint NOT NULL CHECK (seq >= 0)
);
COMMENT ON TABLE search_cursors IS 'How far a tenant''s search has read the event log. Written by flow::index.';
COMMENT ON COLUMN search_cursors.tenant_id IS 'Whose search.';
COMMENT ON COLUMN search_cursors.seq IS 'The last event that was read.';

CREATE TABLE search_words (
    subject_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    kind text NOT NULL CHECK (kind IN ('message', 'note')),
    conversation_id uuid NOT NULL,
    at timestamptz NOT NULL,
    words tsvector NOT NULL
);
COMMENT ON TABLE search_words IS 'The words of messages and notes, as they are looked for. It lies apart from them, so that receiving never waits for it, and no foreign key leads there. Written by flow::index.';
COMMENT ON COLUMN search_words.subject_id IS 'Which message or note.';
COMMENT ON COLUMN search_words.tenant_id IS 'Whose words.';
COMMENT ON COLUMN search_words.kind IS 'message: either side said it; note: an agent wrote it for colleagues.';
COMMENT ON COLUMN search_words.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN search_words.at IS 'When it was said.';
COMMENT ON COLUMN search_words.words IS 'The words in the configuration "simple", which fits every language alike.';
CREATE INDEX search_words_find ON search_words USING gin (tenant_id, words);
COMMENT ON INDEX search_words_find IS 'Who said some words; its pending list makes writing cheap.';
CREATE INDEX search_words_latest ON search_words (tenant_id, at DESC, subject_id DESC);
COMMENT ON INDEX search_words_latest IS 'The other way in, for words that nearly everybody says: from the latest on.';
CREATE INDEX search_words_conversation ON search_words (conversation_id);
COMMENT ON INDEX search_words_conversation IS 'What was said in a conversation.';

CREATE TABLE search_names (
    subject_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    kind text NOT NULL CHECK (kind IN ('name', 'address')),
    contact_id uuid NOT NULL,
    text text NOT NULL
);
COMMENT ON TABLE search_names IS 'The names and addresses of contacts, as they are looked for. Written by flow::index.';
COMMENT ON COLUMN search_names.subject_id IS 'Which contact''s name, or which identity.';
COMMENT ON COLUMN search_names.tenant_id IS 'Whose contact.';
COMMENT ON COLUMN search_names.kind IS 'name: what the contact is called; address: where they are written to.';
COMMENT ON COLUMN search_names.contact_id IS 'Which contact.';
COMMENT ON COLUMN search_names.text IS 'The name or address in lower case.';
CREATE INDEX search_names_find ON search_names USING gin (tenant_id, text gin_trgm_ops);
COMMENT ON INDEX search_names_find IS 'Who is called nearly so.';
CREATE INDEX search_names_contact ON search_names (contact_id);
COMMENT ON INDEX search_names_contact IS 'What is known of a contact, to renew it.';

ALTER TABLE search_cursors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON search_cursors TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE search_words ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON search_words TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE search_names ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON search_names TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON search_cursors TO interdesk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON search_words, search_names TO interdesk_app;

-- The system looks over all tenants for whose log to read on.
CREATE POLICY system ON search_cursors FOR SELECT TO interdesk_system USING (true);
GRANT SELECT ON search_cursors TO interdesk_system;

CREATE FUNCTION search_query(wanted text) RETURNS tsquery
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    query tsquery := websearch_to_tsquery('simple', lower(wanted COLLATE "und-x-icu"));
BEGIN
    -- Somebody may still be writing the last word.
    IF wanted !~ '[[:punct:][:space:]]$' AND query::text ~ '''$' THEN
        RETURN (query::text || ':*')::tsquery;
    END IF;
    RETURN (query);
END $$;
COMMENT ON FUNCTION search_query(text) IS 'What somebody looks for: words that all occur, "a phrase", one or another, -without; the last word may be the beginning of one.';
REVOKE ALL ON FUNCTION search_query(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_query(text) TO interdesk_app;

-- Row-level security keeps operators that might leak from the index. These functions look as the owner of
-- the tables, so they name the tenant themselves.
--
-- Nobody can guess how rare a word is, its beginning least of all, so it is tried: what many say is met
-- soon among the latest; what few say is taken from the index of words and sorted.
CREATE FUNCTION search_few(query tsquery, tenant uuid, at_most integer)
RETURNS TABLE (subject_id uuid, kind text, conversation_id uuid, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_indexscan = off AS $$
BEGIN
    RETURN QUERY SELECT w.subject_id, w.kind, w.conversation_id, w.at FROM search_words w
        WHERE w.tenant_id = tenant AND w.words @@ query LIMIT at_most;
END $$;
COMMENT ON FUNCTION search_few(tsquery, uuid, integer) IS 'Some who said what is wanted, by the index of words; all where they are fewer.';
REVOKE ALL ON FUNCTION search_few(tsquery, uuid, integer) FROM PUBLIC;

CREATE FUNCTION search_latest(
    query tsquery, tenant uuid, kinds text[], since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, looked integer, at_most integer)
RETURNS TABLE (subject_id uuid, kind text, conversation_id uuid, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_bitmapscan = off AS $$
BEGIN
    RETURN QUERY SELECT w.subject_id, w.kind, w.conversation_id, w.at FROM (
            SELECT * FROM search_words s
            WHERE s.tenant_id = tenant
                AND s.at >= COALESCE(since, '-infinity') AND s.at < COALESCE(until, 'infinity')
                AND (s.at, s.subject_id) < (before_at, before_id)
            ORDER BY s.at DESC, s.subject_id DESC LIMIT looked) w
        WHERE w.words @@ query AND w.kind = ANY (kinds)
        ORDER BY w.at DESC, w.subject_id DESC LIMIT at_most;
END $$;
COMMENT ON FUNCTION search_latest(tsquery, uuid, text[], timestamptz, timestamptz, timestamptz, uuid, integer, integer) IS 'Who said what is wanted among the latest, as many as are looked at.';
REVOKE ALL ON FUNCTION search_latest(tsquery, uuid, text[], timestamptz, timestamptz, timestamptz, uuid, integer, integer) FROM PUBLIC;

CREATE FUNCTION search_said(
    wanted text, kinds text[], in_conversation uuid, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, at_most integer)
RETURNS TABLE (subject_id uuid, kind text, conversation_id uuid, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    query tsquery := search_query(wanted);
    tenant uuid := scoped_tenant();
    few CONSTANT integer := 5000;
BEGIN
    IF numnode(query) = 0 THEN
        RETURN;
    END IF;
    IF in_conversation IS NOT NULL THEN
        RETURN QUERY SELECT w.subject_id, w.kind, w.conversation_id, w.at FROM search_words w
            WHERE w.conversation_id = in_conversation AND w.tenant_id = tenant
                AND w.words @@ query AND w.kind = ANY (kinds)
                AND w.at >= COALESCE(since, '-infinity') AND w.at < COALESCE(until, 'infinity')
                AND (w.at, w.subject_id) < (before_at, before_id)
            ORDER BY w.at DESC, w.subject_id DESC LIMIT at_most;
    ELSIF (SELECT count(*) FROM search_latest(
            query, tenant, kinds, since, until, before_at, before_id, few, at_most)) = at_most THEN
        RETURN QUERY SELECT * FROM search_latest(
            query, tenant, kinds, since, until, before_at, before_id, few, at_most);
    ELSIF (SELECT count(*) FROM search_few(query, tenant, few + 1)) > few THEN
        RETURN QUERY SELECT * FROM search_latest(
            query, tenant, kinds, since, until, before_at, before_id, NULL, at_most);
    ELSE
        RETURN QUERY SELECT w.* FROM search_few(query, tenant, few) w
            WHERE w.kind = ANY (kinds)
                AND w.at >= COALESCE(since, '-infinity') AND w.at < COALESCE(until, 'infinity')
                AND (w.at, w.subject_id) < (before_at, before_id)
            ORDER BY w.at DESC, w.subject_id DESC LIMIT at_most;
    END IF;
END $$;
COMMENT ON FUNCTION search_said(text, text[], uuid, timestamptz, timestamptz, timestamptz, uuid, integer) IS 'Who said what is wanted within the scoped tenant, the latest first.';
REVOKE ALL ON FUNCTION search_said(text, text[], uuid, timestamptz, timestamptz, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_said(text, text[], uuid, timestamptz, timestamptz, timestamptz, uuid, integer) TO interdesk_app;

CREATE FUNCTION search_people(wanted text, after_score integer, after_id uuid, at_most integer)
RETURNS TABLE (contact_id uuid, score integer, kind text, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET pg_trgm.word_similarity_threshold = 0.65 AS $$
#variable_conflict use_column
DECLARE
    needle text := lower(btrim(wanted) COLLATE "und-x-icu") COLLATE "default";
    plain text := replace(replace(replace(needle, '\', '\\'), '%', '\%'), '_', '\_');
    digits text := regexp_replace(needle, '[^0-9]', '', 'g');
    is_number boolean := needle ~ '^[-+0-9 ()./]+$' AND length(digits) >= 3;
    -- Three letters are the least that the index knows.
    inside text := CASE WHEN length(needle) >= 3 THEN '%' || plain || '%' ELSE plain || '%' END;
    number text := CASE WHEN is_number THEN '%' || digits || '%' ELSE inside END;
    tenant uuid := scoped_tenant();
    had integer;
BEGIN
    IF needle ~ '^[[:punct:][:space:]]*$' THEN
        RETURN;
    END IF;
    -- Those who are called so; where these are very many, some of them.
    RETURN QUERY SELECT one.contact_id, one.score, one.kind, one.text FROM (
        SELECT DISTINCT ON (n.contact_id) n.contact_id, n.kind, n.text,
            CASE WHEN n.text = needle THEN 0
                WHEN starts_with(n.text, needle) THEN 100
                WHEN strpos(n.text, ' ' || needle) > 0 THEN 200
                ELSE 300 END AS score
        FROM (SELECT * FROM search_names s WHERE s.tenant_id = tenant
            AND (s.text LIKE inside OR s.text LIKE number) LIMIT 10000) n
        ORDER BY n.contact_id, score, n.subject_id
    ) one
    WHERE (one.score, after_id) > (after_score, one.contact_id)
    ORDER BY one.score, one.contact_id DESC LIMIT at_most;
    GET DIAGNOSTICS had = ROW_COUNT;
    -- A number that is nearly right is another number.
    IF had >= at_most OR length(needle) < 4 OR length(digits) * 2 > length(needle) THEN
        RETURN;
    END IF;
    -- Those who are called nearly so.
    RETURN QUERY SELECT one.contact_id, one.score, one.kind, one.text FROM (
        SELECT DISTINCT ON (n.contact_id) n.contact_id, n.kind, n.text,
            1000 - (600 * word_similarity(needle, n.text))::integer AS score
        FROM (SELECT * FROM search_names s WHERE s.tenant_id = tenant AND s.text %> needle
            LIMIT 1000) n
        WHERE NOT EXISTS (SELECT FROM search_names o WHERE o.contact_id = n.contact_id
            AND (o.text LIKE inside OR o.text LIKE number))
        ORDER BY n.contact_id, score, n.subject_id
    ) one
    WHERE (one.score, after_id) > (after_score, one.contact_id)
    ORDER BY one.score, one.contact_id DESC LIMIT at_most - had;
END $$;
COMMENT ON FUNCTION search_people(text, integer, uuid, integer) IS 'Who is called what is wanted within the scoped tenant, or nearly so; the nearest first, and among equals the newest.';
REVOKE ALL ON FUNCTION search_people(text, integer, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_people(text, integer, uuid, integer) TO interdesk_app;
