-- ERP actions: the policy that decides about them, the actions with their attempts, and what people decided.

-- Which action follows from a message. The rules of an intent are tried in order of `position`, the first that fits
-- decides; if none fits, a person looks at the message. An intent without rules leads to nothing. Change it with SQL:
-- nothing else chooses an action or an adapter, least of all the text of a message.
create table erp_policy (
    rule text primary key,                          -- a name for people
    position integer not null,
    intent text not null
        check (intent in ('invoice', 'order', 'complaint', 'inquiry', 'newsletter', 'spam', 'other')),
    enabled boolean not null default true,

    -- what a message must be
    min_confidence double precision not null default 0 check (min_confidence between 0 and 1),  -- beyond review_below
    sender_trust text[] not null default '{trusted,known}'
        check (sender_trust <@ array['trusted', 'known', 'new', 'suspicious']),
    attachments text not null default 'clean'       -- clean: each was scanned; not_infected: unscanned ones may be there
        check (attachments in ('clean', 'not_infected', 'any')),
    max_amount numeric check (max_amount > 0),      -- the message names amounts and none is larger; null: no limit
    currency text check (currency ~ '^[A-Z]{3}$'),  -- of max_amount
    automation text[] not null default '{}',        -- kinds of automatic mail that count too (auto_reply, bounce …)

    -- what follows
    action_type text not null
        check (action_type in ('create_order', 'create_invoice', 'update_invoice', 'create_complaint', 'create_lead')),
    entity_type text,
    adapter text,                                   -- null: the setting erp_adapter
    approval text not null default 'always'         -- first: only the first action for this sender needs a person
        check (approval in ('never', 'first', 'always')),
    check ((max_amount is null) = (currency is null))
);
create unique index erp_policy_position on erp_policy (intent, position);

insert into erp_policy (rule, position, intent, min_confidence, sender_trust, attachments, action_type, entity_type,
                        approval) values
    ('order-known',     10, 'order',     0.8, '{trusted,known}',     'clean',        'create_order', 'order', 'first'),
    ('order-other',     20, 'order',     0,   '{trusted,known,new}', 'not_infected', 'create_order', 'order', 'always'),
    ('invoice-trusted', 10, 'invoice',   0.8, '{trusted}',           'clean',        'create_invoice', 'invoice', 'first'),
    ('invoice-other',   20, 'invoice',   0,   '{trusted,known,new}', 'not_infected', 'create_invoice', 'invoice', 'always'),
    ('complaint-known', 10, 'complaint', 0.8, '{trusted,known}',     'clean',        'create_complaint', 'complaint', 'first'),
    ('complaint-other', 20, 'complaint', 0,   '{trusted,known,new}', 'not_infected', 'create_complaint', 'complaint', 'always'),
    ('inquiry-known',   10, 'inquiry',   0.8, '{trusted,known}',     'clean',        'create_lead', 'lead', 'first'),
    ('inquiry-other',   20, 'inquiry',   0,   '{trusted,known,new}', 'not_infected', 'create_lead', 'lead', 'always');

-- How the adapter `http` writes an action of a type. Without a row the payload goes out as it is. docs/erp.md shows the
-- small language of `body`. An action keeps the template it was proposed with, so that all its tries are the same bytes.
create table erp_templates (
    action_type text primary key,
    method text not null default 'POST' check (method in ('POST', 'PUT', 'PATCH')),
    path text not null default '',                  -- appended to erp_url; may hold {entity_id} and {key}
    body jsonb not null
);

create table erp_actions (
    id uuid primary key default gen_random_uuid(),
    email_id uuid not null references emails (id) on delete restrict,
    request_no integer not null default 1,          -- several requests in one message are several actions
    action_type text not null,
    adapter text not null default 'dry_run',
    rule text,                                      -- of the policy, by name
    entity_type text,
    entity_id text,                                 -- the ERP's id: of what was made, or of what is to be changed
    revision integer not null default 0,            -- counts changes of the payload after a try: each has its own key
    idempotency_key text not null unique,           -- the same on every try
    request_payload jsonb not null,                 -- what is (or would be) sent, before the template
    payload_sha256 bytea not null,
    template jsonb,                                 -- {method, path, body}; null: the payload as it is
    response_payload jsonb,
    status text not null default 'pending'
        check (status in ('pending', 'success', 'failed', 'retrying', 'needs_review', 'cancelled')),
    error_message text,                             -- why it failed, or what a person has to decide
    retry_count integer not null default 0,
    approved_at timestamptz,                        -- a person said yes to this payload
    created_at timestamptz not null default now(),
    executed_at timestamptz,                        -- start of the last try
    completed_at timestamptz,
    unique (email_id, request_no, action_type)
);
create index idx_erp_actions_status on erp_actions (status, created_at);
create index idx_erp_actions_entity on erp_actions (entity_type, entity_id);

-- Each request to an ERP and what came back, bounded and without secrets.
create table erp_action_attempts (
    id uuid primary key default gen_random_uuid(),
    action_id uuid not null references erp_actions (id) on delete cascade,
    attempt integer not null,
    outcome text not null default 'unknown'         -- 'unknown' before the answer, and if there is none
        check (outcome in ('success', 'rejected', 'unavailable', 'unknown')),
    entity_id text,                                 -- the ERP's id, if the answer named one
    http_status integer,
    request jsonb,                                  -- what was called: method, place, size and hash of the body
    response jsonb,
    error_message text,
    latency_ms integer,
    created_at timestamptz not null default clock_timestamp(),
    unique (action_id, attempt)
);

-- What people decided about actions, with each value that they changed. Rows are added, never changed.
create table erp_action_decisions (
    id uuid primary key default gen_random_uuid(),
    action_id uuid not null references erp_actions (id) on delete cascade,
    decision text not null check (decision in ('approved', 'rejected')),
    decided_by text not null,
    reason text,
    changes jsonb not null default '[]',            -- [{"path", "before", "after"}, …]
    created_at timestamptz not null default clock_timestamp()
);
create index erp_action_decisions_action_id on erp_action_decisions (action_id, created_at);
