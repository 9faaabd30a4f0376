-- Blobs among stored_blobs that no row names now, and whether they are old enough to be nobody's.
select encode(s.sha256, 'hex'), s.modified_at < now() - make_interval(secs => %(grace_s)s)
from stored_blobs s
where not exists (select from emails e where e.raw_sha256 = s.sha256)
  and not exists (select from email_deliveries d where d.raw_sha256 = s.sha256)
  and not exists (select from attachments a where a.sha256 = s.sha256)
