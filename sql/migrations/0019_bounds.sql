-- Values that no worker can reckon with, 'infinity' for "no limit" among them, would end each that meets them.
update queue_controls set max_per_s = null where max_per_s > 1e9;
alter table queue_controls add constraint queue_controls_max_per_s_bound check (max_per_s <= 1e9);
alter table processing_queue drop constraint processing_queue_times;
alter table processing_queue add constraint processing_queue_times
    check (least(scheduled_at, created_at) >= '1970-01-01 00:00:00+00' and created_at < '9999-01-01 00:00:00+00') not valid;
