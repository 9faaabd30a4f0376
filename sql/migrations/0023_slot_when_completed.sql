-- A completed job keeps its slot, which says to complete_jobs what ended with it. Not validated: what was there has none.
alter table processing_queue drop constraint processing_queue_slot;
alter table processing_queue
    add constraint processing_queue_slot check (slot is null or status in ('processing', 'completed')) not valid;
