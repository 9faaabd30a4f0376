-- Which blobs the rows name, as a temporary table. An e-mail made by hand in SQL has no raw message: the hash of nothing.
create temp table named_blobs as
select r.sha256, max(r.size_bytes) as size_bytes, min(r.email_id::text)::uuid as email_id, min(r.what) as what
from (
    select raw_sha256 as sha256, size_bytes, id as email_id, 'raw message' as what from emails
    where raw_sha256 <> sha256('')
    union all
    select raw_sha256, null, email_id, 'raw message' from email_deliveries
    union all
    select sha256, size_bytes, email_id, 'attachment' from attachments
) r
group by r.sha256
