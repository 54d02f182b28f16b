-- An edit may put another file in the place of a message's; the former one is kept, without a place.
COMMENT ON COLUMN attachments.position IS 'Which of the message''s files, from 0; -1 once an edit put others in its place.';
