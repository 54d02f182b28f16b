ALTER TABLE messages
    ADD CONSTRAINT messages_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants,
    ADD CONSTRAINT messages_episode_id_fkey FOREIGN KEY (episode_id) REFERENCES episodes,
    ADD CONSTRAINT messages_inbox_id_fkey FOREIGN KEY (inbox_id) REFERENCES inboxes,
    ADD CONSTRAINT messages_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts;
ALTER TABLE audit_leaves ADD CONSTRAINT audit_leaves_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
