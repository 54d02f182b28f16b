-- Names from the address book of an account's own app.

ALTER TABLE contacts
    DROP CONSTRAINT contacts_name_source_check,
    ADD CONSTRAINT contacts_name_source_check
        CHECK (name_source IN ('none', 'self_asserted', 'verified', 'agent', 'address_book'));
COMMENT ON COLUMN contacts.name_source IS 'Who says that this is the name; address_book is one of us in the provider''s own app.';
