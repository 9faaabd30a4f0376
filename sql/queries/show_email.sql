-- One e-mail with all that hangs on it, as one JSON object.
select jsonb_build_object(
    'email', to_jsonb(e) - 'content_sha256' - 'raw_sha256'
             || jsonb_build_object('content_sha256', encode(e.content_sha256, 'hex'),
                                   'raw_sha256', encode(e.raw_sha256, 'hex')),
    'thread', (
        select jsonb_build_object('id', t.id, 'subject', t.subject, 'email_count', t.email_count,
                                  'participant_emails', t.participant_emails, 'emails', (
            select jsonb_agg(jsonb_build_object('id', o.id, 'received_at', o.received_at, 'sent_at', o.sent_at,
                                                'from_address', o.from_address, 'subject', o.subject,
                                                'intent', o.intent)
                             order by coalesce(o.sent_at, o.received_at), o.id)
            from (select * from emails o where o.thread_id = t.id
                  order by coalesce(o.sent_at, o.received_at) desc, o.id limit 50) o))
        from threads t where t.id = e.thread_id),
    'deliveries', coalesce((
        select jsonb_agg(jsonb_build_object('account', d.account, 'folder', d.folder, 'uid', d.uid,
                                            'uidvalidity', d.uidvalidity, 'source', d.source,
                                            'raw_sha256', encode(d.raw_sha256, 'hex'),
                                            'delivered_at', d.delivered_at) order by d.created_at, d.id)
        from email_deliveries d where d.email_id = e.id), '[]'),
    'attachments', coalesce((
        select jsonb_agg(to_jsonb(a) - 'sha256' - 'email_id' || jsonb_build_object('sha256', encode(a.sha256, 'hex'))
                         order by a.position)
        from attachments a where a.email_id = e.id), '[]'),
    'classification_history', coalesce((
        select jsonb_agg(to_jsonb(h) - 'email_id' - 'prompt_sha256' order by h.classified_at, h.id)
        from classification_history h where h.email_id = e.id), '[]'),
    'erp_actions', coalesce((
        select jsonb_agg(to_jsonb(x) - 'email_id' - 'payload_sha256' || jsonb_build_object(
            'attempts', coalesce((select jsonb_agg(to_jsonb(t) - 'id' - 'action_id' order by t.attempt)
                                  from erp_action_attempts t where t.action_id = x.id), '[]'),
            'decisions', coalesce((select jsonb_agg(to_jsonb(d) - 'id' - 'action_id' order by d.created_at)
                                   from erp_action_decisions d where d.action_id = x.id), '[]'))
            order by x.created_at, x.id)
        from erp_actions x where x.email_id = e.id), '[]'),
    'queue', coalesce((
        select jsonb_agg(jsonb_build_object('id', q.id, 'queue_name', q.queue_name, 'status', q.status,
                                            'attempts', q.attempts, 'max_attempts', q.max_attempts,
                                            'scheduled_at', q.scheduled_at, 'started_at', q.started_at,
                                            'completed_at', q.completed_at, 'last_error', q.last_error)
                         order by q.created_at, q.scheduled_at)
        from processing_queue q where q.email_id = e.id), '[]')
)
from emails e
where e.id = %(id)s
