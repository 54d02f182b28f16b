DELETE FROM window_touches WHERE at IS NULL;
ALTER TABLE window_touches DROP COLUMN shut_at, ALTER COLUMN at SET NOT NULL;
COMMENT ON TABLE window_touches IS 'When a customer last did in an app what opens its reply window and is no message: a reaction. Written by flow::update.';
COMMENT ON COLUMN window_touches.at IS 'When, by the provider''s clock.';
