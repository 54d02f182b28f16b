WITH used AS (
    UPDATE files SET idle_since = NULL WHERE id = ANY ($8) AND state = 'stored' RETURNING id
)
INSERT INTO attachments (id, tenant_id, message_id, position, kind, source, file_id, mime_type,
    file_name, size, sha256, next_try_at, created_at, state, failure, failure_detail)
SELECT r.id, $1, r.message_id, r.position, r.kind, r.source, used.id, r.mime_type,
    r.file_name, r.size, r.sha256, $2, $2,
    CASE WHEN used.id IS NOT NULL THEN 'stored' WHEN r.file_id IS NULL THEN 'waiting' ELSE 'failed' END,
    CASE WHEN used.id IS NULL AND r.file_id IS NOT NULL THEN 'gone' END,
    CASE WHEN used.id IS NULL AND r.file_id IS NOT NULL THEN 'the file was deleted before its message came' END
FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    AS r (id, message_id, position, kind, source, file_id, mime_type, file_name, size, sha256)
LEFT JOIN used ON used.id = r.file_id
