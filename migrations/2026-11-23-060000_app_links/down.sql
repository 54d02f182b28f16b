DELETE FROM contact_notes WHERE agent_id IS NULL;
COMMENT ON TABLE contact_notes IS 'Why an agent changed who a contact is or what it consents to: the evidence that events name. Written by flow (link, unlink, consent).';
COMMENT ON COLUMN contact_notes.agent_id IS 'Who wrote it.';
COMMENT ON COLUMN contact_notes.text IS 'The reason in the agent''s words.';
ALTER TABLE contact_notes ALTER COLUMN agent_id SET NOT NULL;
