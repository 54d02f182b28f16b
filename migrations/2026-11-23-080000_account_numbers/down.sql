ALTER TABLE inbox_facts DROP COLUMN number;
