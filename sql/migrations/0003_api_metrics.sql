-- One row an API request, partitioned by month from birth; ensure_api_metrics_partitions() makes the months.

create table api_metrics (
    id uuid not null default gen_random_uuid(),
    endpoint text not null,
    method text not null,
    status_code integer not null,
    latency_ms integer not null,
    client_ip inet,
    user_agent text,
    created_at timestamptz not null default now(),
    primary key (created_at, id)
) partition by range (created_at);
create index idx_metrics_endpoint on api_metrics (endpoint, created_at desc);
create index idx_metrics_status_code on api_metrics (status_code, created_at desc);
-- a row never fails for want of a month
create table api_metrics_default partition of api_metrics default;
