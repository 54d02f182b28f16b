DROP TABLE provider_sign_ins;
DROP TABLE agent_accounts;
DROP TABLE identity_providers;
