WITH
new_contacts AS (
    INSERT INTO contacts (id, tenant_id, name, name_source, locale, version, created_at)
    SELECT id, $1, name, CASE WHEN name IS NULL THEN 'none' WHEN vouched THEN 'verified' ELSE 'self_asserted' END, locale, version, $2
    FROM unnest($3, $4, $5, $6, $37) AS r (id, name, locale, version, vouched)
),
new_identities AS (
    INSERT INTO identities (id, tenant_id, contact_id, network, namespace, value, verified_by, valid_from)
    SELECT id, $1, contact_id, network, namespace, value,
        CASE WHEN vouched THEN 'provider' ELSE 'self_asserted' END, $2
    FROM unnest($7, $8, $9, $10, $11, $12)
        AS r (id, contact_id, network, namespace, value, vouched)
),
new_conversations AS (
    INSERT INTO conversations (id, tenant_id, thread_key, contact_id, group_id, queue_id, created_at,
        inbox_id, status, version, episode_id, episode_number, assignee_id, last_message_at,
        last_customer_message_at, last_text)
    SELECT r.id, $1, r.thread_key, r.contact_id, r.group_id, r.queue_id, $2,
        u.inbox_id, u.status, u.version, u.episode_id, u.episode_number, u.assignee_id,
        u.last_message_at, u.last_customer_message_at, u.last_text
    FROM unnest($13, $14, $15, $16, $17)
        AS r (id, thread_key, contact_id, group_id, queue_id)
    JOIN unnest($18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
        AS u (id, inbox_id, status, version, episode_id, episode_number, assignee_id,
            last_message_at, last_customer_message_at, last_text) USING (id)
),
new_episodes AS (
    INSERT INTO episodes (id, tenant_id, conversation_id, number, opened_at, resolved_at)
    SELECT id, $1, conversation_id, number, $2, CASE WHEN number = 0 THEN $2 END
    FROM unnest($28, $29, $30) AS r (id, conversation_id, number)
),
new_work_items AS (
    INSERT INTO work_items (id, tenant_id, conversation_id, episode_id, queue_id, state, queued_at,
        priority)
    SELECT id, $1, conversation_id, episode_id, queue_id, 'queued', $2,
        COALESCE((SELECT priority FROM conversations c WHERE c.id = r.conversation_id), 0)
    FROM unnest($31, $32, $33, $34) AS r (id, conversation_id, episode_id, queue_id)
)
UPDATE contacts c SET version = l.version
FROM unnest($35, $36) AS l (id, version) WHERE c.id = l.id
