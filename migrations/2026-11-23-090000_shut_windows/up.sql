-- A provider may refuse words for a window that it holds for closed; its word is the truth.

ALTER TABLE window_touches ALTER COLUMN at DROP NOT NULL, ADD COLUMN shut_at timestamptz;
COMMENT ON TABLE window_touches IS 'What opened or closed the reply window of a customer in an app and is no message of theirs. Written by flow (update, deliver).';
COMMENT ON COLUMN window_touches.at IS 'When they last did what opens it, a reaction, by the provider''s clock; null where they never did.';
COMMENT ON COLUMN window_touches.shut_at IS 'When the provider last refused our words because it was closed; null where it never did.';
