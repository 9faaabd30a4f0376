-- Labels: decisions about messages, by a model, a rule or a person, and what waits for a person.

-- Records one decision about a message. p_result: {intent, sentiment, priority, confidence, decided_by, person, note,
-- decision, provider, model, digest, parameters, prompt, prompt_sha256 (hex), response, prompt_tokens, answer_tokens,
-- latency_ms, review_reason, details}. What a person decided is not overruled: a later decision by a model or rule is
-- history with the decision `superseded`, and changes nothing.
create or replace function record_classification(p_email_id uuid, p_result jsonb) returns void language plpgsql as $$
declare
    r record;
    v_overruled boolean;
begin
    perform lock_mail_graph();  -- the thread gets a label too: first of all locks, as everywhere
    select * into r from jsonb_to_record(p_result) as r (
        intent text, sentiment text, priority text, confidence double precision, decided_by text, person text,
        note text, decision text, provider text, model text, digest text, parameters jsonb, prompt text,
        prompt_sha256 text, response text, prompt_tokens integer, answer_tokens integer, latency_ms integer,
        review_reason text, details jsonb);
    v_overruled := r.decided_by <> 'person' and exists (
        select from classification_history h where h.email_id = p_email_id and h.decided_by = 'person');

    insert into classification_history (
        email_id, intent, sentiment, priority, confidence_score, decided_by, person, note, decision, provider,
        llm_model, llm_digest, llm_parameters, llm_prompt, prompt_sha256, llm_response, llm_prompt_tokens,
        llm_answer_tokens, llm_latency_ms, details)
    values (
        p_email_id, r.intent, r.sentiment, r.priority, r.confidence, r.decided_by, r.person, r.note,
        case when v_overruled then 'superseded' else r.decision end, r.provider,
        r.model, r.digest, r.parameters, r.prompt,
        coalesce(decode(r.prompt_sha256, 'hex'), sha256(convert_to(r.prompt, 'UTF8'))), r.response, r.prompt_tokens,
        r.answer_tokens, r.latency_ms, coalesce(r.details, '{}'));
    if v_overruled then
        return;
    end if;

    update emails e set
        requests = case when r.decided_by = 'person' then confirmed_requests(e.requests, r.intent)
                        else coalesce(r.details -> 'requests', '[]') end,
        intent = r.intent, sentiment = r.sentiment, priority = r.priority, confidence_score = r.confidence,
        review_reason = r.review_reason, classified_at = now()
    where id = p_email_id;
    -- a thread has the intent of its first message
    update threads t set intent = (
        select o.intent from emails o
        where o.thread_id = t.id and o.intent is not null
        order by coalesce(o.sent_at, o.received_at), o.id limit 1)
    where t.id = (select e.thread_id from emails e where e.id = p_email_id);
end $$;

-- A person who names one of a message's requests confirms all of them, that one first; another intent is the only one.
create or replace function confirmed_requests(p_requests jsonb, p_intent text) returns jsonb
language sql immutable as $$
    select case when bool_or(request ->> 'intent' = p_intent)
                then jsonb_agg(request order by request ->> 'intent' <> p_intent, n) else '[]' end
    from jsonb_array_elements(p_requests) with ordinality x (request, n)
$$;

-- A person says what a message is; what is not said (null) stays as it is. Counts for ever, whatever a model says later.
-- With p_act the message goes on to the ERP where policy knows the intent. Returns whether it did.
create or replace function label_email(
    p_email_id uuid, p_intent text, p_sentiment text, p_priority text, p_person text, p_note text,
    p_act boolean default true
) returns boolean language plpgsql as $$
declare
    e emails;
begin
    perform lock_mail_graph();
    select * into strict e from emails where id = p_email_id for no key update;
    perform record_classification(p_email_id, jsonb_build_object(
        'intent', coalesce(p_intent, e.intent), 'sentiment', coalesce(p_sentiment, e.sentiment, 'neutral'),
        'priority', coalesce(p_priority, e.priority, 'normal'), 'confidence', 1, 'decided_by', 'person',
        'person', p_person, 'note', p_note, 'decision', 'accepted',
        'details', jsonb_build_object('before', jsonb_build_object(
            'intent', e.intent, 'sentiment', e.sentiment, 'priority', e.priority, 'confidence', e.confidence_score,
            'review_reason', e.review_reason))));
    -- an action that waits for an approval is a question of its own; with another label it was withdrawn
    update emails set review_reason = 'ERP action: ' || coalesce(a.error_message, 'it waits for an approval')
    from erp_actions a
    where emails.id = p_email_id and a.email_id = p_email_id and a.status = 'needs_review';
    if not (p_act and is_erp_action_due(p_email_id, coalesce(p_intent, e.intent))) then
        return false;
    end if;
    perform enqueue_jobs(array[p_email_id], array['erp_action'], array[3]);
    return true;
end $$;

-- What waits for a person, and what one needs to know to decide: why, the newest text, and what the model thought.
create or replace view review_queue as
select e.id as email_id, e.received_at, e.from_name, e.from_address, e.subject, left(e.new_text, 4000) as new_text,
       e.language, e.automation, e.review_reason, e.intent, e.sentiment, e.priority, e.confidence_score,
       h.provider, h.llm_model as model, h.details -> 'probabilities' as probabilities, h.details ->> 'reasoning' as reasoning,
       array(select a.filename from attachments a where a.email_id = e.id and not a.is_inline order by a.position)
           as attachments,
       x.id as action_id, x.action_type, x.request_payload -> 'fields' as fields, x.payload_sha256,
       array(select request ->> 'intent' from jsonb_array_elements(e.requests) request) as requests
from emails e
left join lateral (
    select * from classification_history h where h.email_id = e.id order by h.classified_at desc, h.id limit 1
) h on true
left join lateral (
    select * from erp_actions x where x.email_id = e.id and x.status = 'needs_review' order by x.request_no limit 1
) x on true
where e.review_reason is not null
order by array_position(array['urgent', 'high', 'normal', 'low'], e.priority), e.received_at, e.id;
