-- Rows whose blob is not among stored_blobs, or has another size. What was erased while we looked is not missing.
select encode(n.sha256, 'hex'), n.what, n.email_id::text,
       case when s.sha256 is null then 'missing' else 'wrong size' end
from named_blobs n
left join stored_blobs s using (sha256)
where (s.sha256 is null or s.size_bytes <> n.size_bytes)
  and exists (select from emails e where e.id = n.email_id)
order by n.email_id, n.sha256
