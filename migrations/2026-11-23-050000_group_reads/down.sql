DROP TABLE group_reads;
