-- Who may use the HTTP API, and what was answered to a request that may come again.

create table api_tokens (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    token_sha256 bytea not null unique,             -- of 256 random bits; the token itself is shown once
    scopes text[] not null check (scopes <@ array['read', 'ingest', 'write', 'admin'] and scopes <> '{}'),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);

-- The answer to a write with an Idempotency-Key; status null: it is being worked on.
create table api_answers (
    token_id uuid not null references api_tokens (id) on delete cascade,
    key text not null check (length(key) between 1 and 255),
    request_sha256 bytea not null,                  -- method, path and body
    status integer,
    body bytea,
    created_at timestamptz not null default now(),
    primary key (token_id, key)
);
create index api_answers_created_at on api_answers (created_at);
