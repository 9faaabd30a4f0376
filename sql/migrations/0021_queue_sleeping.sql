-- Whose queue sleeps, for the trigger that each INSERT pays for: a bit a queue, which note_sleepers() in functions/queue.sql
-- keeps. To look it up in queue_sleepers takes a query, and the statement's rows a table of their own: ten times as long.
-- A sequence is read without one, by everybody, whatever his snapshot. Unlogged, as queue_sleepers is.
create unlogged sequence queue_sleeping minvalue -9223372036854775808 start 0 owned by queue_sleepers.asleep;
grant select on sequence queue_sleeping to public;  -- whoever may insert
drop trigger if exists processing_queue_wake on processing_queue;
drop trigger if exists processing_queue_wake_update on processing_queue;
drop function if exists wake_after_insert, wake_after_update;
