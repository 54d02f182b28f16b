DROP TABLE channel_states;
DROP TABLE message_ids;
