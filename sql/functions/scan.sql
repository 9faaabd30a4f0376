-- Records what the scanner said of a message and its attachments: p_verdicts is {sha256 (hex): {status, detail}}.
-- An infection is one wherever the same bytes lie; other verdicts are for this message's attachments.
create or replace function record_virus_scan(p_email_id uuid, p_signatures text, p_verdicts jsonb) returns void
language plpgsql as $$
begin
    insert into virus_scans (sha256, signatures, status, detail, scanned_at)
    select decode(v.key, 'hex'), p_signatures, v.value ->> 'status', v.value ->> 'detail', queue_now()
    from jsonb_each(p_verdicts) v
    order by v.key
    on conflict (sha256) do update
    set signatures = excluded.signatures, status = excluded.status, detail = excluded.detail,
        scanned_at = excluded.scanned_at;

    update attachments a
    set virus_scan_status = v.value ->> 'status',
        virus_scan_result = jsonb_build_object('detail', v.value ->> 'detail', 'scanner', p_signatures,
                                               'scanned_at', queue_now()),
        updated_at = queue_now()
    from jsonb_each(p_verdicts) v
    where a.sha256 = decode(v.key, 'hex') and (a.email_id = p_email_id or v.value ->> 'status' = 'infected');
end $$;
