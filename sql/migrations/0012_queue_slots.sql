-- The places of a queue with a limit of running jobs: a row a claim, with the jobs that it took. A job has its place while
-- it is processing and its `slot` is the row's, so whatever ends it frees the place, and nobody keeps count. (Each job had
-- an index entry for its slot, and a claim was no heap-only update then.)
create sequence queue_slot_numbers as integer cycle;
create table queue_slots (
    queue_name text collate "C" not null,
    slot integer not null,
    job_ids uuid[] not null,
    running integer not null,                       -- how many of them, when somebody last looked
    primary key (queue_name, slot)
) with (
    autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = off
);
alter sequence queue_slot_numbers owned by queue_slots.slot;

drop index idx_queue_slot;  -- this waits for claims in flight; what they took stands in the table from here on
insert into queue_slots
select queue_name, slot, array_agg(id), count(*) from processing_queue where slot is not null group by queue_name, slot;
select setval('queue_slot_numbers', max(slot)) from queue_slots having max(slot) is not null;
