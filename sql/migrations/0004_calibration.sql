-- What the confidence of a classifier is worth, measured on labelled mail (emailq calibrate). Rows are added, never
-- changed; the newest one of a model counts. Workers read them again every minute.
create table classifier_thresholds (
    id bigint generated always as identity primary key,
    provider text not null,                         -- local, ollama, openai
    model text not null,
    slope double precision not null,                -- calibrated log-odds = slope * log-odds + intercept
    intercept double precision not null,
    threshold double precision not null check (threshold between 0 and 1),  -- of the calibrated confidence
    error double precision not null check (error between 0 and 1),          -- share of wrong labels that was asked for
    messages integer not null,                      -- labelled messages looked at
    answered integer not null,                      -- of those: with a confidence of at least the threshold
    wrong integer not null,                         -- of those: with the wrong intent
    created_at timestamptz not null default now()
);
create index classifier_thresholds_model on classifier_thresholds (model, id desc);
