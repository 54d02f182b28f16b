-- Which of several inboxes news are about that one callback brings.

ALTER TABLE inbox_facts ADD COLUMN number text;
COMMENT ON COLUMN inbox_facts.number IS 'The number that customers know, as digits; null until the provider told it.';
CREATE INDEX inbox_facts_number ON inbox_facts (tenant_id, number) WHERE number IS NOT NULL;
