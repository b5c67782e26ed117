"""What reading one file may take, each with its unit. Memory beyond ``conf.CHILD_MEMORY_MB`` ends it, too."""

from __future__ import annotations

#: Pages of a PDF.
PAGES = 300
#: Text of a file altogether, and of one section, in characters; sections of a file; a heading, in characters.
TEXT_CHARS = 1_000_000
SECTION_CHARS = 6_000
SECTIONS = 2_000
HEADING_CHARS = 200
#: HTML, Markdown and plain text that is read at all, in bytes.
MARKUP_BYTES = 5 * 1024 * 1024
#: What is packed in a Word file: parts, bytes of all of them unpacked, bytes of one XML part.
PACKED_PARTS = 2_000
UNPACKED_BYTES = 100 * 1024 * 1024
XML_BYTES = 16 * 1024 * 1024
#: Streams of a PDF, unpacked, in bytes: of one stream, and of all work on one stream.
STREAM_BYTES = 32 * 1024 * 1024
STREAM_WORK_BYTES = 64 * 1024 * 1024
#: Processor time after which reading gives up by itself, and time after which its process is killed, in seconds.
CPU_S = 15.0
HARD_S = 60.0
