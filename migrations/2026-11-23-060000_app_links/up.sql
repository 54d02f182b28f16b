-- A customer who follows the link that their web chat gave them shows without an agent who they are.
ALTER TABLE contact_notes ALTER COLUMN agent_id DROP NOT NULL;
COMMENT ON TABLE contact_notes IS 'Why it was changed who a contact is or what it consents to: the evidence that events name. Written by flow (link, unlink, consent, update).';
COMMENT ON COLUMN contact_notes.agent_id IS 'Who wrote it; null where customers showed themselves who they are.';
COMMENT ON COLUMN contact_notes.text IS 'The reason in the agent''s words, or what the customer did.';
