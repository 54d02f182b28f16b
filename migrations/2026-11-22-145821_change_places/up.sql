-- A mutation that comes again under its key tells again where in the event log its effect is.
ALTER TABLE idempotency_keys ADD COLUMN log_before bigint;
ALTER TABLE idempotency_keys ADD COLUMN log_pos bigint;
COMMENT ON COLUMN idempotency_keys.log_before IS 'The tenant''s last seq before the effect; null where the effect is in no event.';
COMMENT ON COLUMN idempotency_keys.log_pos IS 'The position (outbox.pos) of the effect''s last event.';
