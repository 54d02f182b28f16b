UPDATE contacts SET name_source = 'agent' WHERE name_source = 'address_book';
ALTER TABLE contacts
    DROP CONSTRAINT contacts_name_source_check,
    ADD CONSTRAINT contacts_name_source_check
        CHECK (name_source IN ('none', 'self_asserted', 'verified', 'agent'));
COMMENT ON COLUMN contacts.name_source IS 'Who says that this is the name.';
