-- Items get ids that begin alike within a second. What the function does stands in functions/queue.sql.
create function new_item_id() returns uuid language sql volatile parallel safe as 'select gen_random_uuid()';
alter table processing_queue alter column id set default new_item_id();
