"""What blobs are called, and where they lie; apart from the stores, since it is all that a child process needs."""

import hashlib


def blob_name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def blob_key(name: str) -> str:
    """Where a blob lies, in both backends: sha256/ab/cd/abcd…"""
    return f"sha256/{name[:2]}/{name[2:4]}/{name}"
