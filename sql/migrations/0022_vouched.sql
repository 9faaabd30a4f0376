-- Whose domain our servers vouched for once and do not now is hardly the same sender (judge_sender in functions/trust.sql).
-- From now on: to fill it from old messages would hold up who writes mail.
alter table contacts
    add column vouched_at timestamptz;   -- when the first message of it came for which SPF, DKIM or DMARC passed
