-- E-mails get ids in the order of time too (new_item_id in functions/queue.sql says why), so that what refers to new ones
-- stands together in the indexes.
alter table emails alter column id set default new_item_id();
-- A claimed row is longer than a waiting one: of a page that waiting rows fill to a half, the last ones found no room, and
-- their claims were no heap-only updates.
alter table processing_queue set (fillfactor = 45);
