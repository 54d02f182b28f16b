DROP TABLE signals;
DROP TABLE message_templates;
DROP TABLE inbox_news;
DROP TABLE inbox_conditions;
DROP TABLE inbox_facts;
