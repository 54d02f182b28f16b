-- Nobody asks for a part of an explanation in SQL. As text it costs PostgreSQL a tenth of the time.
ALTER TABLE decisions ALTER COLUMN explanation TYPE json USING explanation::json;

-- Not every build of PostgreSQL has lz4; without it the text is compressed as usual.
DO $$
BEGIN
    ALTER TABLE decisions ALTER COLUMN explanation SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
