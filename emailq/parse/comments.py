"""Comments in structured header fields (RFC 5322 §3.2.2)."""

import re

# with others in it; of so many pieces, since each that is not closed would be followed to the end
A_COMMENT = r"\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.){0,99}+\)){0,99}+\)"
COMMENT = re.compile(A_COMMENT)
