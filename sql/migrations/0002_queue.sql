-- The broker: processing_queue, the settings of its queues, and the workers that serve them.

-- Shaped for few writes. `completed_at is null` means live (pending or processing), and no index mentions `status`,
-- so a claim changes no indexed column: it is a heap-only update wherever the page has room. That is what the
-- fillfactor buys. Columns that change stand last, which keeps the WAL of an update short.
create table processing_queue (
    id uuid primary key default gen_random_uuid(),
    email_id uuid not null references emails (id) on delete cascade,
    created_at timestamptz not null default now(),
    scheduled_at timestamptz not null default clock_timestamp(),  -- a bulk insert keeps its order
    queue_name text collate "C" not null check (length(queue_name) between 1 and 50),
    priority integer not null default 5 check (priority between 1 and 10),           -- 1 is served first
    max_attempts integer not null default 3 check (max_attempts between 1 and 1000),
    attempts integer not null default 0 check (attempts >= 0),                       -- counted at claim
    crashes integer not null default 0,                                              -- workers lost while they held it
    slot integer,                                                                    -- of a limited queue, while processing
    worker_id integer,                                                               -- who holds it, while processing
    status text not null default 'pending'
        check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    started_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,                                                           -- = completed_at of a failed item
    last_error text,                                                                 -- type, place, cause; never mail
    acknowledged_at timestamptz,                                                     -- a person saw the failure
    constraint processing_queue_live check ((completed_at is null) = (status in ('pending', 'processing'))),
    constraint processing_queue_failed check ((failed_at is not null) = (status = 'failed')),
    constraint processing_queue_slot check (slot is null or status = 'processing')
) with (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.0,
    autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_insert_threshold = 100000,
    vacuum_truncate = off
);
-- what a claim reads, lane by lane
create index idx_queue_live on processing_queue (queue_name, priority, scheduled_at, id) where completed_at is null;
-- one live item per message and queue; also serves lookups by message and the foreign key
create unique index idx_queue_email_id on processing_queue (email_id, queue_name, ((completed_at is null or null)));
-- what the cleanup reads; rows end in the order of time, so a block range index is enough and costs no writes
create index idx_queue_completed_at on processing_queue using brin (completed_at) with (pages_per_range = 32, autosummarize = on);
create index idx_queue_failed on processing_queue (queue_name, failed_at) where failed_at is not null;

-- suspects: live items that took a worker down more than once; they run alone
create index idx_queue_suspect on processing_queue (queue_name, id) where crashes > 1 and completed_at is null;
-- a queue with a limit gives each running item a slot; two can't have the same one, so the limit is exact
create unique index idx_queue_slot on processing_queue (queue_name, slot) where slot is not null;

-- One row a queue that has settings of its own; a queue without a row has the defaults. Change it with plain SQL.
create table queue_controls (
    queue_name text collate "C" primary key,
    paused boolean not null default false,
    reason text,                                    -- why it is paused or waits
    paused_at timestamptz,
    probe_at timestamptz,                           -- not null: its dependency is down, next probe then
    failures integer not null default 0,            -- probes failed in a row
    max_running integer check (max_running >= 0),   -- items at the same time, over all workers; null: no limit
    max_per_s double precision check (max_per_s > 0),  -- items a second, over all workers; null: no limit
    credit double precision not null default 0,     -- items that may start now, for max_per_s
    credit_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- One row a worker connection. Alive means: its session holds the advisory lock (7715, id), or its lease lasts.
create table workers (
    id integer primary key generated always as identity,
    host text not null,
    pid integer not null,                           -- of the worker process
    backend_pid integer not null default pg_backend_pid(),
    queues text[] not null,
    version text not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz                         -- of a worker behind a pooler, where no session lock holds
);

-- Which workers found their queue empty and wait for NOTIFY. Unlogged: after a crash nobody sleeps.
-- A row is updated in place, so falling asleep and waking leave the index alone.
create unlogged table queue_sleepers (
    queue_name text collate "C" not null,
    worker_id integer not null,
    asleep boolean not null,
    primary key (queue_name, worker_id)
) with (fillfactor = 50);

-- How long finished items stay. Failed ones stay this long after the failure, or until acknowledged and as old as
-- a completed one. null: for ever.
create table queue_retention (
    status text primary key check (status in ('completed', 'failed', 'cancelled')),
    keep interval
);
insert into queue_retention values ('completed', '7 days'), ('cancelled', '7 days'), ('failed', '30 days');
