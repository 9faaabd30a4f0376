"""Marks in the text of a page while it is walked; such characters were taken out of the text itself."""

LINE, PARAGRAPH, QUOTE, UNQUOTE, SIGNATURE, SIGNED = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06"
BLANK = "\x07"  # one of preformatted text, which counts
SET_OFF, USUAL = "\x08", "\x0e"  # text of history in a colour, bold or slanted
BREAKS = f" \n{LINE}{PARAGRAPH}"
BROKEN = frozenset(f"\n{LINE}{PARAGRAPH}{QUOTE}{UNQUOTE}{SIGNATURE}{SIGNED}")  # what no single line has
