ALTER TABLE agents DROP COLUMN third_party_inbox;
ALTER TABLE tenants DROP COLUMN third_party_inbox;
