-- Where messages come from: passed on, quoted in part, of an album, about a product, by an advertisement.

ALTER TABLE messages ADD COLUMN origin jsonb;
COMMENT ON COLUMN messages.origin IS 'Where it comes from and what it belongs to (domain::message::Origin); null where nothing is told.';
