"""Files as learners, and those who mean harm, upload them; made here, so that each is what its name says."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Sequence

from PIL import Image
from pypdf import PdfReader, PdfWriter

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)


def pdf(*pages: str | Sequence[str]) -> bytes:
    """A PDF with a page for each text, or for each list of lines."""
    texts = ["\n".join(_drawn(page.split("\n") if isinstance(page, str) else page)) for page in pages]
    return pdf_of_streams([text.encode("latin-1") for text in texts])


def pdf_of_streams(streams: Sequence[bytes], *, filters: str = "", page_count: int | None = None) -> bytes:
    """A PDF whose pages are drawn by these streams, as they are; ``page_count`` pages over and over."""
    count = page_count or len(streams)
    first = 4
    contents = first + count
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{first + i} 0 R' for i in range(count))}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(count):
        drawn_by = contents + number % len(streams)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {drawn_by} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
    for stream in streams:
        objects.append(f"<< /Length {len(stream)} {filters} >>\nstream\n".encode() + stream + b"\nendstream")
    return _assembled(objects)


def _assembled(objects: Iterable[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    out += f"trailer << /Size {len(offsets) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def _drawn(lines: Iterable[str]) -> list[str]:
    shown = []
    for row, line in enumerate(lines):
        escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        shown.append(f"BT /F1 11 Tf 50 {800 - 14 * row} Td ({escaped}) Tj ET")
    return shown


def encrypted_pdf() -> bytes:
    """A PDF that only a password opens."""
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf("A secret."))))
    writer.encrypt("let me in", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_bomb(megabytes: int = 100) -> bytes:
    """A small PDF whose one page unpacks to very much, twice packed."""
    packed = zlib.compress(_zeros(megabytes), 9)
    return pdf_of_streams([packed], filters="/Filter [/FlateDecode /FlateDecode]")


def slow_pdf(operators: int = 1_400_000) -> bytes:
    """Few bytes, and a page that takes its reader many seconds."""
    drawing = zlib.compress(b"BT /F1 9 Tf (a) Tj ET\n" * operators, 9)
    return pdf_of_streams([drawing], filters="/Filter /FlateDecode")


def pdf_of_many_pages(count: int) -> bytes:
    """As many pages as that, all alike."""
    return pdf_of_streams([b"BT /F1 11 Tf (page) Tj ET"], page_count=count)


def pdf_of_pages_in_circles() -> bytes:
    """A PDF whose list of pages contains itself."""
    return pdf("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")


def docx(*paragraphs: tuple[str, str], extra: dict[str, bytes] | None = None) -> bytes:
    """A Word file of ``(style, text)``: style ``Heading1`` or empty."""
    body = "".join(
        "<w:p>"
        + (f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else "")
        + f"<w:r><w:t>{text}</w:t></w:r></w:p>"
        for style, text in paragraphs
    )
    return archive(
        {
            "[Content_Types].xml": _TYPES.encode(),
            "_rels/.rels": _RELS.encode(),
            "word/document.xml": f'<?xml version="1.0"?><w:document {_W}><w:body>{body}</w:body></w:document>'.encode(),
            **(extra or {}),
        }
    )


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def docx_bomb(megabytes: int = 120) -> bytes:
    """A small Word file that unpacks to very much."""
    return docx(("", "x"), extra={"word/media/image1.png": bytes(megabytes * 2**20)})


def docx_of_entities() -> bytes:
    """A Word file of a few lines that stand for billions."""
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{entities}]><w:document {_W}>&a9;</w:document>'
    return docx(extra={"word/document.xml": xml.encode()})


def elements(count: int) -> bytes:
    """The document of a Word file with so many empty paragraphs."""
    return f'<?xml version="1.0"?><w:document {_W}><w:body>{"<w:p/>" * count}</w:body></w:document>'.encode()


def docx_of_deep_nesting(depth: int = 5_000) -> bytes:
    """A Word file that overflows whoever follows it down."""
    xml = f'<?xml version="1.0"?><w:document {_W}>{"<w:p>" * depth}{"</w:p>" * depth}</w:document>'
    return docx(extra={"word/document.xml": xml.encode()})


def png(width: int = 4, height: int = 3) -> bytes:
    """A picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A picture of a few bytes that says it is this large."""
    header = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\x00\x00\x00"
    begin = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + zlib.crc32(header).to_bytes(4)
    data = b"IDAT" + zlib.compress(b"\x00" * 64)
    return begin + (len(data) - 4).to_bytes(4) + data + zlib.crc32(data).to_bytes(4)


def _zeros(megabytes: int) -> bytes:
    """Packed zeros, without ever having them."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(megabytes)) + packer.flush()
