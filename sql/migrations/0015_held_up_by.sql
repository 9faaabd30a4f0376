-- Which job held up a worker's event loop when the worker last looked: if the worker is lost, that job is a suspect.
alter table workers add column held_up_by uuid;
