-- A person who writes by another app goes on in the conversation that is open: receiving asks of each
-- writer whether their contact is one of several of a person. Most are not, so the index that knows
-- those that are stays small, and asking costs one look into it.
CREATE INDEX contacts_linked ON contacts (id) INCLUDE (person_id) WHERE person_id IS NOT NULL;
COMMENT ON INDEX contacts_linked IS 'The person of each contact that was linked into another.';
