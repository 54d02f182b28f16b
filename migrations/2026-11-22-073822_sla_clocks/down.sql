DELETE FROM timers WHERE kind = 'sla_wake';
DROP TABLE notification_hooks;
DROP TABLE notifications;
DROP TABLE sla_actions;
DROP TABLE sla_clocks;
DROP TABLE sla_moments;
DROP TABLE sla_episodes;
DROP TABLE sla_conversations;
DROP TABLE sla_cursors;
