-- What Auth0's tools say about a client, an API or a grant beyond what this server acts on: kept, and given back.
ALTER TABLE clients ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';        -- {"description": "", "callbacks": []}
ALTER TABLE apis ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE client_grants ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';

-- Lists are read page by page, the oldest first.
CREATE INDEX clients_by_age ON clients (created_at, id);
CREATE INDEX apis_by_age ON apis (created_at, id);
CREATE INDEX client_grants_by_age ON client_grants (created_at, id);
