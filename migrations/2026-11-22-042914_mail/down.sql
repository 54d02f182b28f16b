DROP TABLE mail_folders;
DROP INDEX inboxes_mail_address;
