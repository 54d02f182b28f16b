ALTER TABLE idempotency_keys DROP COLUMN log_before;
ALTER TABLE idempotency_keys DROP COLUMN log_pos;
