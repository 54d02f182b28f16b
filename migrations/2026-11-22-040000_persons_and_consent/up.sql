-- Whether a person lets us write is one thing per contact and network, not per address; and several
-- contacts may turn out to be one person.

CREATE TABLE consents (
    contact_id uuid NOT NULL REFERENCES contacts,
    network text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    state text NOT NULL CHECK (state IN ('unknown', 'invited', 'enabled', 'disabled')),
    said_at timestamptz NOT NULL,
    PRIMARY KEY (contact_id, network)
);
COMMENT ON TABLE consents IS 'Whether a contact lets us write on a network. Written by flow::consent.';
COMMENT ON COLUMN consents.contact_id IS 'Whose consent.';
COMMENT ON COLUMN consents.network IS 'On which network, for example whatsapp.';
COMMENT ON COLUMN consents.tenant_id IS 'Whose contact.';
COMMENT ON COLUMN consents.state IS 'What holds (domain::consent::Consent); what has no row is unknown.';
COMMENT ON COLUMN consents.said_at IS 'When it was said: what is older and comes later changes nothing.';
ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consents TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON consents TO interdesk_app;

-- A no by one address was a no by every address of the network.
INSERT INTO consents (contact_id, network, tenant_id, state, said_at)
SELECT contact_id, network, tenant_id,
    CASE WHEN bool_or(consent = 'forbidden') THEN 'disabled' ELSE 'enabled' END, now()
FROM identities
WHERE consent <> 'unknown' AND valid_to IS NULL
GROUP BY contact_id, network, tenant_id;
ALTER TABLE identities DROP COLUMN consent;

ALTER TABLE contacts
    ADD COLUMN linked_into uuid REFERENCES contacts,
    ADD COLUMN person_id uuid REFERENCES contacts,
    ADD CHECK ((linked_into IS NULL) = (person_id IS NULL) AND person_id <> id);
COMMENT ON TABLE contacts IS 'A person who writes. Written by flow (receive, link, unlink, rename).';
COMMENT ON COLUMN contacts.linked_into IS 'The contact that this one was found to be; null where it stands for the person.';
COMMENT ON COLUMN contacts.person_id IS 'The contact that stands for the person, through all links; null where that is this one.';
CREATE INDEX contacts_person ON contacts (person_id) WHERE person_id IS NOT NULL;
COMMENT ON INDEX contacts_person IS 'All contacts of a person.';

CREATE TABLE contact_notes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    contact_id uuid NOT NULL REFERENCES contacts,
    agent_id uuid NOT NULL REFERENCES agents,
    message_id uuid REFERENCES messages,
    kind text NOT NULL CHECK (kind IN ('linked', 'unlinked', 'consent')),
    text text NOT NULL,
    written_at timestamptz NOT NULL
);
COMMENT ON TABLE contact_notes IS 'Why an agent changed who a contact is or what it consents to: the evidence that events name. Written by flow (link, unlink, consent).';
COMMENT ON COLUMN contact_notes.id IS 'Names the note (UUIDv7).';
COMMENT ON COLUMN contact_notes.tenant_id IS 'Whose contact.';
COMMENT ON COLUMN contact_notes.contact_id IS 'Which contact it is about.';
COMMENT ON COLUMN contact_notes.agent_id IS 'Who wrote it.';
COMMENT ON COLUMN contact_notes.message_id IS 'The message that shows it; null where none does.';
COMMENT ON COLUMN contact_notes.kind IS 'What was changed: linked, unlinked, consent.';
COMMENT ON COLUMN contact_notes.text IS 'The reason in the agent''s words.';
COMMENT ON COLUMN contact_notes.written_at IS 'When.';
CREATE INDEX contact_notes_contact ON contact_notes (contact_id, id);
COMMENT ON INDEX contact_notes_contact IS 'The notes about a contact, oldest first.';
ALTER TABLE contact_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contact_notes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT ON contact_notes TO interdesk_app;
