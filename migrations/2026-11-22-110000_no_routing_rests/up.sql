-- Routers look again by themselves; no timer wakes them.
DELETE FROM timers WHERE kind = 'routing_retry';
