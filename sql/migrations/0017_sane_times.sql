-- Times that no program can read (-infinity, before Christ) would fail the claim of whoever meets them. Rows that are there
-- are not looked at.
alter table processing_queue add constraint processing_queue_times
    check (least(scheduled_at, created_at) >= '1970-01-01 00:00:00+00') not valid;
alter table queue_retention add constraint queue_retention_keep check (keep >= interval '0') not valid;
