DROP TABLE contact_notes;
DROP INDEX contacts_person;
COMMENT ON TABLE contacts IS 'A person who writes. Written by flow::receive.';
ALTER TABLE contacts DROP COLUMN person_id, DROP COLUMN linked_into;
ALTER TABLE identities ADD COLUMN consent text NOT NULL DEFAULT 'unknown'
    CHECK (consent IN ('unknown', 'allowed', 'forbidden'));
COMMENT ON COLUMN identities.consent IS 'Whether the person lets us write there.';
UPDATE identities i SET consent = CASE c.state WHEN 'disabled' THEN 'forbidden' ELSE 'allowed' END
FROM consents c
WHERE c.contact_id = i.contact_id AND c.network = i.network AND c.state IN ('enabled', 'disabled')
    AND i.valid_to IS NULL;
DROP TABLE consents;
