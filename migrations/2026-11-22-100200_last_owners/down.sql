DROP INDEX work_items_ended;
