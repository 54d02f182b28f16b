DROP TABLE message_recipients;
