-- E-mails, newest first; null parameters do not filter. Keyset pages: pass the last row's received_at and id.
select e.id, e.received_at, e.sent_at, e.from_address, e.from_name, e.subject, e.intent, e.sentiment, e.priority,
       e.confidence_score, e.automation, e.review_reason, e.sender_trust, e.erp_action_status, e.thread_id, t.email_count as thread_count,
       e.attachment_count, e.parsed_at is not null as parsed,
       (select string_agg(q.queue_name || ': ' || coalesce(q.last_error, ''), '; ')
        from processing_queue q
        where q.email_id = e.id and q.status = 'failed') as failure
from emails e
left join threads t on t.id = e.thread_id
where (%(intent)s::text is null or e.intent = %(intent)s)
  and (%(sentiment)s::text is null or e.sentiment = %(sentiment)s)
  and (%(priority)s::text is null or e.priority = %(priority)s)
  and (%(thread)s::uuid is null or e.thread_id = %(thread)s)
  and (%(account)s::text is null
       or exists (select from email_deliveries d where d.email_id = e.id and d.account = %(account)s))
  and (%(sender)s::text is null or e.from_address = lower(%(sender)s))
  and (%(trust)s::text is null or e.sender_trust = %(trust)s)
  and (not %(review)s or e.review_reason is not null)
  and (not %(failed)s or exists (select from processing_queue q where q.email_id = e.id and q.status = 'failed'))
  and (%(search)s::text is null
       or e.id = any (array(select s.email_id from email_search s where s.search @@ search_query(%(search)s))))
  and (%(before)s::timestamptz is null or (e.received_at, e.id) < (%(before)s, %(before_id)s::uuid))
order by e.received_at desc, e.id desc
limit %(limit)s
