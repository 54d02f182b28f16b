WITH
continued AS (
    UPDATE conversations c
    SET inbox_id = COALESCE(u.inbox_id, c.inbox_id), status = u.status, version = u.version, episode_id = u.episode_id,
        episode_number = u.episode_number, assignee_id = u.assignee_id,
        last_message_at = u.last_message_at,
        last_customer_message_at = u.last_customer_message_at, last_text = u.last_text
    FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        AS u (id, inbox_id, status, version, episode_id, episode_number, assignee_id,
            last_message_at, last_customer_message_at, last_text)
    WHERE c.id = u.id
),
new_messages AS (
    INSERT INTO messages (id, tenant_id, conversation_id, episode_id, inbox_id, provider_id,
        contact_id, content, text, reply_to, sent_at, stored_at, version, raw, direction, delivery,
        shown_version, origin)
    SELECT id, $1, conversation_id, episode_id, inbox_id, provider_id,
        contact_id, content, text, reply_to, sent_at, $2, version, raw, direction, delivery,
        shown_version, origin
    FROM unnest($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $30,
            $31)
        AS r (id, conversation_id, episode_id, inbox_id, provider_id, contact_id, content, text,
            reply_to, sent_at, version, raw, direction, delivery, shown_version, origin)
)
INSERT INTO outbox (event_id, tenant_id, kind, body)
SELECT id, $1, kind, body
FROM unnest($27, $28, $29) WITH ORDINALITY AS r (id, kind, body, n)
ORDER BY n
