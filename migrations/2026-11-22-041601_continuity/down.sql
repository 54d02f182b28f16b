DROP INDEX contacts_linked;
