-- The newest failures that nobody has acknowledged, with their messages.
select q.id, q.email_id, q.queue_name, q.last_error, q.failed_at, e.subject
from (
    select * from processing_queue where failed_at is not null and acknowledged_at is null
    order by failed_at desc limit 10
) q
join emails e on e.id = q.email_id
order by q.failed_at desc
