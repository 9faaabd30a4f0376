"""Budgets of the parser. Past each of them it reads no further there, goes on elsewhere and records a defect."""

HEADER_BLOCK_BYTES = 256 * 1024
HEADER_BYTES = 100 * 1024  # one field, name and folds included
HEADERS = 1_000  # beyond them only such as From, To and Subject are read
PARTS = 1_000  # MIME leaves and multiparts, nested messages included
DEPTH = 64  # multiparts and nested messages, counted together
ADDRESSES = 2_000  # per header field
PARAMETERS = 100  # per Content-Type or Content-Disposition
REFERENCES = 200  # the first and the last half are kept
FILE_NAME_BYTES = 255
TEXT_BYTES = 4 * 1024 * 1024  # of one text part that is decoded to str; the part's content stays whole
INFLATED_BYTES = 16 * 1024 * 1024  # that compressed S/MIME may unpack to, in one message
DETECT_BYTES = 4 * 1024  # read by the charset detector
