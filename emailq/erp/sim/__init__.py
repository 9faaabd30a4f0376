"""A small ERP for demos, tests and people who write adapters: documents, idempotency keys, a page, and faults."""
