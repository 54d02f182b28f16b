WITH t AS (
    SELECT * FROM unnest($3, $4, $5, $6, $7, $8, $9, $10)
        AS t (work_item, epoch, conversation, version, agent, queue, units, is_offer)
),
items AS (
    UPDATE work_items w SET agent_id = t.agent, by_queue_id = t.queue,
        state = CASE WHEN t.is_offer THEN 'offered' ELSE 'active' END
    FROM t WHERE w.id = ANY ($3) AND w.id = t.work_item AND w.epoch = t.epoch AND w.state = 'queued'
),
seen AS (
    UPDATE conversations c SET version = t.version,
        status = CASE WHEN t.is_offer THEN c.status ELSE 'open' END,
        assignee_id = CASE WHEN t.is_offer THEN c.assignee_id ELSE t.agent END
    FROM t WHERE c.id = ANY ($5) AND c.id = t.conversation
),
held AS (
    UPDATE agent_loads l SET load = l.load + u.units, idle_since = $2
    FROM (SELECT agent, sum(units)::integer AS units FROM t GROUP BY agent) AS u
    WHERE l.agent_id = ANY ($7) AND l.agent_id = u.agent
),
asked AS (
    INSERT INTO offers (id, tenant_id, work_item_id, agent_id, epoch, state, made_at, expires_at, by_queue_id)
    SELECT o.id, $1, t.work_item, t.agent, t.epoch, 'pending', $2, o.expires_at, t.queue
    FROM unnest($11, $13, $14) AS o (id, work_item, expires_at) JOIN t ON t.work_item = o.work_item
),
ends AS (
    INSERT INTO timers (id, tenant_id, kind, subject_id, due_at)
    SELECT timer, $1, 'offer_expires', id, expires_at
    FROM unnest($11, $12, $14) AS o (id, timer, expires_at)
)
INSERT INTO decisions (id, tenant_id, work_item_id, epoch, decided_at, explanation, agent_id, policies,
    router_id, step, cause_id)
SELECT decision, $1, work_item, epoch, decided_at, explanation, agent, policies, router, step, cause
FROM unnest($15, $3, $4, $16, $17, $7, $18, $19, $20, $21)
    AS d (decision, work_item, epoch, decided_at, explanation, agent, policies, router, step, cause)
