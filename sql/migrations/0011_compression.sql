-- Texts are compressed with LZ4, which takes a tenth of the time of PostgreSQL's own method, where the server has it.
do $$
begin
    alter table emails
        alter body_text set compression lz4, alter body_html set compression lz4, alter new_text set compression lz4,
        alter headers set compression lz4, alter automation_details set compression lz4,
        alter authentication set compression lz4;
    alter table email_search alter search set compression lz4;
exception when feature_not_supported then
    null;  -- built without it
end $$;
