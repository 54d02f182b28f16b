DROP TABLE window_touches;
