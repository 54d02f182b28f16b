DROP TABLE widget_threads;
DROP TABLE widget_sessions;
