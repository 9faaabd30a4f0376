-- What a limit of rate has left: a row for the last claim, which the next one replaces. Read from the newest one back, so
-- what older claims left behind is never read, though no vacuum can remove it while somebody's transaction is open. (It stood
-- in queue_controls, all of whose old versions each claim read then.)
create table queue_credits (
    queue_name text collate "C" not null,
    n bigint generated always as identity,
    credit double precision not null,               -- items that may start, at that moment
    credit_at timestamptz not null,
    primary key (queue_name, n)
) with (
    autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = off
);
