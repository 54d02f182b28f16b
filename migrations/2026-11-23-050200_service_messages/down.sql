DROP TABLE service_messages;
