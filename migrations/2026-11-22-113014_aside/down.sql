DROP TABLE views;
DROP TABLE drafts;
DROP TABLE mentions;
DROP TABLE conversation_notes;
DROP TABLE tags;
