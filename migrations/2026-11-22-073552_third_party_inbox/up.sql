-- Where third-party apps are shown: a workspace chooses, an agent may choose otherwise.

ALTER TABLE tenants ADD COLUMN third_party_inbox text NOT NULL DEFAULT 'combined'
    CHECK (third_party_inbox IN ('combined', 'separate'));
COMMENT ON COLUMN tenants.third_party_inbox IS 'Whether conversations of third-party apps are listed with all others (combined) or apart (separate). Written by flow::third_party.';

ALTER TABLE agents ADD COLUMN third_party_inbox text
    CHECK (third_party_inbox IN ('combined', 'separate'));
COMMENT ON COLUMN agents.third_party_inbox IS 'The agent''s own choice of it; null where the workspace''s holds. Written by flow::third_party.';
