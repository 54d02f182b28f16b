DROP INDEX sla_clocks_live;
DROP INDEX sla_clocks_ended;
DROP TABLE sla_restatements;
DROP TABLE sla_rollups;
ALTER TABLE tenants DROP COLUMN zone;
