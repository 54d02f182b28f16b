DROP INDEX contacts_linked;
CREATE INDEX contacts_linked ON contacts (id) INCLUDE (person_id) WHERE person_id IS NOT NULL;
COMMENT ON INDEX contacts_linked IS 'The person of each contact that was linked into another.';
