-- A refused delivery tells that the customer blocks us; their next message tells that they do not.
ALTER TABLE consents ADD COLUMN blocked_from text
    CHECK (blocked_from IS NULL
        OR blocked_from IN ('unknown', 'invited', 'enabled') AND state = 'disabled');
COMMENT ON COLUMN consents.blocked_from IS 'What held before the provider refused a delivery because the customer blocks us: it holds again once they write. Null where a no was said.';
