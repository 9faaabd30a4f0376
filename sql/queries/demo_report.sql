-- All e-mails, threads together: each thread stands where its first message would, its messages in the order they were
-- sent.
select e.id, coalesce(e.sent_at, e.received_at) as at, e.from_name, e.from_address, e.subject, e.intent, e.priority,
       e.confidence_score, e.automation, e.review_reason, e.defects,
       row_number() over thread as thread_position,
       (select count(*) from email_deliveries d where d.email_id = e.id) as deliveries,
       (select string_agg(q.queue_name || ': ' || coalesce(q.last_error, ''), '; ')
        from processing_queue q where q.email_id = e.id and q.status = 'failed') as failure,
       x.id as action_id, x.action_type, x.adapter, x.status as action_status, x.entity_id, x.error_message,
       x.request_payload
from emails e
left join lateral (
    select * from erp_actions x where x.email_id = e.id and x.status <> 'cancelled' order by x.request_no limit 1
) x on true
window thread as (partition by coalesce(e.thread_id, e.id) order by coalesce(e.sent_at, e.received_at), e.id)
order by min(coalesce(e.sent_at, e.received_at)) over (partition by coalesce(e.thread_id, e.id)),
         coalesce(e.thread_id, e.id), coalesce(e.sent_at, e.received_at), e.id
