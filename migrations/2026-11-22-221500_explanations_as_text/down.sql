ALTER TABLE decisions ALTER COLUMN explanation SET COMPRESSION default;
ALTER TABLE decisions ALTER COLUMN explanation TYPE jsonb USING explanation::jsonb;
