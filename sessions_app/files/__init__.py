"""Files that learners upload: taken in, kept, read section by section (docs/files.md).

The life of one: ``uploading`` takes it in (row, bytes, ``file.uploaded`` and the request to read it), a worker reads it
(the tool ``extract_file``), ``conclusion`` says what its end becomes. ``reading`` is how everybody else gets at it.
"""
