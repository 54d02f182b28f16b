COMMENT ON COLUMN attachments.position IS 'Which of the message''s files, from 0.';
