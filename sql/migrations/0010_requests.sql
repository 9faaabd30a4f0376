-- Several requests in one message, that of `intent` first: [{intent, confidence, sentences}]; [] where it is one.
-- `sentences` are numbers into the newest text (emailq/parse/sentences.py).
alter table emails add column requests jsonb not null default '[]';
