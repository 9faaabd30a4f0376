-- Where the places of a limited queue begin: nothing older runs. So a claim need not read past what earlier claims left
-- in queue_slots, which no vacuum can remove while somebody's transaction is open.
alter table queue_controls add column first_slot integer not null default 0;
